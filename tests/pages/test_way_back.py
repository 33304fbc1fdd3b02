"""What was written is there again: on the way back, after a reload, and in the other language."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from tests.pages.posts import DOUBTFUL, SURE, Post
from tests.pages.test_marks import shown, text_of
from tests.pages.visit import Visits, answered, fill, tag

BLIND = "() => { performance.getEntriesByType = () => []; }"  # as browsers that hide their timing
PRESSED = ".why[aria-pressed=true]"


def away_and_back(page: Page) -> None:
    page.click("nav >> text=/The model|模型/")
    page.wait_for_url("**/model*")
    page.go_back()


def written(page: Page) -> Post:
    return Post(page.input_value("#title"), page.input_value("#post"))


def ask_why(page: Page, key: str) -> None:
    with answered(page):
        page.click(f"[id='why-{key}']")


def change_language(page: Page) -> None:
    with page.expect_navigation():
        page.locator(".language :is(a, button):visible").click()


def check(page: Page, post: Post, key: str) -> None:
    page.wait_for_selector(PRESSED)
    assert written(page) == post
    assert text_of(shown(page)[1]) == post.content
    assert page.get_attribute(PRESSED, "value") == key


def test_an_answer_comes_back_with_the_label_asked_about(page: Page) -> None:
    page.add_init_script(f"({BLIND})()")
    tag(page, SURE)
    ask_why(page, "type.news")
    away_and_back(page)
    check(page, SURE, "type.news")
    assert page.inner_text("#count") == "60 characters"
    with page.expect_navigation():
        page.reload()
    check(page, SURE, "type.news")
    fill(page, DOUBTFUL)  # and is not yet asked about
    away_and_back(page)
    check(page, DOUBTFUL, "type.news")


def test_what_was_not_yet_tagged_comes_back_as_it_was(page: Page) -> None:
    fill(page, SURE)
    away_and_back(page)
    assert written(page) == SURE
    change_language(page)
    assert written(page) == SURE
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.locator("#result").count() == 0
    page.focus("#post")
    page.keyboard.press("End")
    page.keyboard.type("。")
    page.wait_for_timeout(400)  # the reader leaves by a button of the browser, not of the page
    page.goto(f"{page.url.partition('?')[0]}model")
    page.go_back()
    assert page.input_value("#post") == SURE.content + "。"


def test_no_form_is_in_the_history_after_the_language_changed(page: Page) -> None:
    tag(page, SURE)
    ask_why(page, "domains.metaverse")
    change_language(page)
    check(page, SURE, "domains.metaverse")
    assert page.inner_text("#result-heading") == "结果"
    with page.expect_request("**/model*"):
        away_and_back(page)
    check(page, SURE, "domains.metaverse")
    assert page.inner_text("#result-heading") == "结果"
    assert page.evaluate("() => location.search") == "?lang=zh"


def test_a_refusal_loses_nothing_and_is_told_in_the_other_language(
    visits: Visits, page: Page
) -> None:
    fill(page, SURE)
    said = "<title>x</title><p class=language><a href=/?lang=zh>中文</a></p><div id=answer>"
    body = f"{said}<section id=result tabindex=-1>503</section></div>"

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=503, content_type="text/html; charset=utf-8", body=body)
        else:
            route.continue_()

    page.route(f"{visits.url}/*", refuse)
    with answered(page):
        page.click("#tag")
    change_language(page)
    page.wait_for_selector("#result")
    assert written(page) == SURE
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert ["status of 503 (" in one for one in visits.complaints] == [True, True]
    visits.complaints.clear()
    page.unroute_all()
    with page.expect_navigation():
        page.reload()
    check(page, SURE, page.get_attribute(PRESSED, "value") or "")


def test_a_post_of_ones_own_wins_over_the_example_that_was_there(visits: Visits) -> None:
    page = visits.open("/?example=s1-025")
    tag(page, SURE)
    away_and_back(page)
    page.locator(".body", has_text=SURE.content[:20]).wait_for()
    assert written(page) == SURE
    page.locator(".examples a").nth(1).click()
    page.wait_for_url("**example=*#result")
    assert page.input_value("#title") == page.inner_text(".headline") != SURE.title


def test_a_page_that_was_not_asked_begins_empty(page: Page) -> None:
    tag(page, SURE)
    with page.expect_navigation():
        page.click("nav >> text=Tag a post")
    assert written(page) == Post("", "")
    assert page.locator("#result").count() == 0


def test_an_example_is_there_again_on_the_way_back_and_forth(visits: Visits) -> None:
    page = visits.open("/")
    links = page.locator(".examples a")
    for at in (0, 1):
        links.nth(at).click()
        page.wait_for_selector(".headline")
    second = page.inner_text(".headline")
    page.go_back()
    first = page.inner_text(".headline")
    assert first != second
    assert page.input_value("#title") == first
    page.go_forward()
    assert page.inner_text(".headline") == second


def test_a_browser_that_does_not_name_the_button_sends_the_form_itself(page: Page) -> None:
    page.add_init_script("delete SubmitEvent.prototype.submitter")
    with page.expect_navigation():
        page.reload()
    fill(page, SURE)
    with page.expect_navigation():
        page.click("#tag")
    with page.expect_navigation():
        page.click("[id='why-type.news']")
    check(page, SURE, "type.news")
    change_language(page)  # of a page that a form brought, by a form
    check(page, SURE, "type.news")
    assert page.inner_text("#result-heading") == "结果"
