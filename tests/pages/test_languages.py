"""A page speaks the reader's language, all of it, and keeps the text when it changes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.pages.posts import DOUBTFUL
from tests.pages.test_marks import shown
from tests.pages.visit import Visits, answered, tag

PATHS = ("/", "/model", "/?example=s1-025", "/?example=none")
# A key of the texts, or a blank that nobody filled in.
LEFT = re.compile(r"[{}]|\b[a-z]+_[a-z_]+\b|undefined|None|null")


@pytest.mark.parametrize(
    ("locale", "tag_of", "heading"),
    [("zh-CN", "zh-CN", "打标签"), ("en-US", "en", "Tag a post"), ("de", "en", "Tag a post")],
)
def test_the_browser_chooses(visits: Visits, locale: str, tag_of: str, heading: str) -> None:
    page = visits.open("/", locale=locale)
    assert page.get_attribute("html", "lang") == tag_of
    assert page.inner_text("h1") == heading
    assert page.title() == f"{heading} · newstag"


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_nothing_is_left_to_translate(visits: Visits, locale: str) -> None:
    page = visits.open("/", locale=locale)
    for path in PATHS:
        page.goto(f"{visits.url}{path}")
        text = page.evaluate("document.documentElement.textContent") + page.title()
        described = page.evaluate(
            "() => [...document.querySelectorAll('[aria-label]')].map((one) => one.ariaLabel)"
        )
        assert LEFT.findall(" ".join([text, *described])) == []
    assert "status of 404 (" in visits.complaints.pop()


@pytest.mark.parametrize(
    ("locale", "to", "script"), [("zh-CN", "English", True), ("en-US", "中文", False)]
)
def test_text_and_result_stay_when_the_language_changes(
    visits: Visits, locale: str, to: str, *, script: bool
) -> None:
    page = visits.open("/", locale=locale, java_script_enabled=script)
    _tag(page, script=script)
    before, version = shown(page), page.inner_text(".from p")
    with page.expect_navigation():
        page.click(f"text={to}")
    assert page.get_attribute("html", "lang") == ("en" if to == "English" else "zh-CN")
    assert (page.input_value("#title"), page.input_value("#post")) == DOUBTFUL
    assert shown(page) == before
    assert page.inner_text(".from p") != version
    assert page.locator(".why[aria-pressed=true]").get_attribute("value") == "type.event"
    with page.expect_navigation():
        page.locator(".language button:visible").click()
    assert page.get_attribute("html", "lang") == locale.removesuffix("-US")
    assert page.inner_text(".from p") == version
    assert shown(page) == before


def _tag(page: Page, *, script: bool) -> None:
    """Tag a post and ask for another label than the first."""
    page.fill("#title", DOUBTFUL.title)
    page.fill("#post", DOUBTFUL.content)
    for button in ("#tag", "[id='why-type.event']"):
        if script:
            with answered(page):
                page.click(button)
        else:
            with page.expect_navigation():
                page.click(button)


def test_a_chosen_language_lasts_over_links_and_answers(visits: Visits) -> None:
    page = visits.open("/", locale="en-US")
    page.click("text=中文")
    page.wait_for_url("**/?lang=zh")
    page.click("nav >> text=模型")
    page.wait_for_url("**/model?lang=zh")
    assert page.inner_text("h1") == "模型"
    page.click("text=newstag")
    page.wait_for_url("**/?lang=zh")
    tag(page, DOUBTFUL)
    assert page.inner_text("#result-heading") == "结果"
    page.click("text=进一步了解当前版本")
    page.wait_for_url("**/model?lang=zh")
    page.click("text=English")
    page.wait_for_url("**/model?lang=en")
    page.click("nav >> text=Tag a post")
    page.locator(".examples a").first.click()
    page.wait_for_url("**lang=en#result")
    assert page.inner_text("#result-heading") == "Result"


def test_texts_of_another_language_say_which(page: Page) -> None:
    tag(page, DOUBTFUL)
    of = "(where) => document.querySelector(where).closest('[lang]').lang"
    for where in ("#title", "#post", ".post article", ".words bdi", ".examples a"):
        assert page.evaluate(of, where) == "zh-CN"
    assert page.locator(".language button:visible").get_attribute("lang") == "zh-CN"
    for where in (".verdict dd", ".review", "#because > p", ".post > p"):
        assert page.evaluate(of, where) == "en"
