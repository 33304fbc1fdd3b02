"""A slow service, one that is gone and an impatient reader lose no text."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from tests.pages.posts import DOUBTFUL, SURE
from tests.pages.test_marks import shown, text_of
from tests.pages.visit import Visits, answered, fill, focused, tag

GONE = "The service could not be reached. Your text is still there: try again."


def test_a_service_that_is_gone_is_told_and_the_text_stays(visits: Visits, page: Page) -> None:
    tag(page, SURE)
    page.context.set_offline(True)
    fill(page, DOUBTFUL)
    page.click("#tag")
    page.locator("#status").filter(has_text=GONE).wait_for()
    assert (page.input_value("#title"), page.input_value("#post")) == DOUBTFUL
    assert text_of(shown(page)[1]) == SURE.content
    assert visits.complaints.pop().endswith("net::ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(False)
    with answered(page):
        page.click("#tag")
    assert page.inner_text("#status") == ""
    assert text_of(shown(page)[1]) == DOUBTFUL.content


def test_an_answer_that_is_no_page_of_ours_is_told_as_well(visits: Visits, page: Page) -> None:
    page.route("**/", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    fill(page, SURE)
    page.click("#tag")
    page.locator("#status").filter(has_text=GONE).wait_for()
    assert page.input_value("#post") == SURE.content
    assert "status of 502 (" in visits.complaints.pop()


def test_while_an_answer_takes_its_time_that_is_said(page: Page) -> None:
    held: list[Route] = []
    page.route("**/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    fill(page, SURE)
    page.click("#tag")
    page.locator("#status").filter(has_text="Tagging …").wait_for()
    assert page.get_attribute("#status", "role") == "status"
    with answered(page):
        held[0].continue_()
    assert page.inner_text("#status") == ""


def test_of_two_questions_the_last_wins(page: Page) -> None:
    held: list[Route] = []
    page.route("**/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    fill(page, SURE)
    page.click("#tag")
    fill(page, DOUBTFUL)
    page.click("#tag")
    page.locator("#status").filter(has_text="Tagging …").wait_for()
    assert len(held) == 2
    with answered(page):
        held[1].continue_()
    held[0].continue_()
    page.wait_for_timeout(200)
    assert text_of(shown(page)[1]) == DOUBTFUL.content
    assert focused(page) == "result"
    assert page.locator("#result").count() == 1
