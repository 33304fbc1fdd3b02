"""Everything can be done without a mouse, and who uses the keyboard sees where they are."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.pages.posts import DOUBTFUL, SURE
from tests.pages.visit import Visits, answered, fill, focused, tag

REACHABLE = """() => {
  const all = document.querySelectorAll("a[href], button, input, textarea, [tabindex='0']");
  return [...all].filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 200));
}"""
HERE = "() => document.activeElement.outerHTML.slice(0, 200)"
OUTLINE = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [outlineStyle, parseFloat(outlineWidth)];
}"""
IN_VIEW = """() => {
  const box = document.activeElement.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
}"""


def walk(page: Page) -> list[str]:
    """Everything that Tab reaches from the top of the page; each is seen to have the focus."""
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    found: list[str] = []
    while True:
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here.startswith("<body") or here in found[:1]:
            return found
        found.append(here)
        style, width = page.evaluate(OUTLINE)
        assert style != "none", here
        assert width >= 2, here
        assert page.evaluate(IN_VIEW), here


def test_tab_reaches_everything_in_the_order_of_the_page(page: Page) -> None:
    assert walk(page) == page.evaluate(REACHABLE)


def test_tab_reaches_everything_of_a_result(visits: Visits) -> None:
    page = visits.open("/?example=s1-025")
    reached = walk(page)
    assert reached == page.evaluate(REACHABLE)
    assert sum('class="why"' in one for one in reached) == 8


def test_tab_reaches_everything_about_the_model(visits: Visits) -> None:
    page = visits.open("/model", width=390)
    assert walk(page) == page.evaluate(REACHABLE)


def test_the_first_tab_offers_to_skip_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    box = page.locator(":focus").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert focused(page) == "content"
    page.keyboard.press("Tab")
    assert focused(page) == "title"


def test_enter_in_the_title_tags_and_does_not_change_the_language(page: Page) -> None:
    for _ in range(2):  # before there is a result, and with the language's button above it
        fill(page, SURE)
        page.focus("#title")
        with answered(page):
            page.keyboard.press("Enter")
        assert focused(page) == "result"
        assert page.get_attribute("html", "lang") == "en"
        assert page.inner_text("#result-heading") == "Result"


def test_enter_in_the_title_tags_without_scripts_as_well(visits: Visits) -> None:
    page = visits.open("/", java_script_enabled=False)
    for _ in range(2):
        fill(page, SURE)
        page.focus("#title")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.inner_text("#result-heading") == "Result"
        assert page.url == f"{visits.url}/#result"


def test_ctrl_and_enter_tag_from_within_the_text(page: Page) -> None:
    fill(page, DOUBTFUL)
    page.focus("#post")
    page.keyboard.press("Enter")
    assert page.locator("#result").count() == 0
    assert page.input_value("#post") == DOUBTFUL.content + "\n"
    with answered(page):
        page.keyboard.press("Control+Enter")
    assert focused(page) == "result"
    with answered(page):  # and once more from there
        page.focus("#title")
        page.keyboard.press("Control+Enter")
    assert focused(page) == "result"


def test_the_result_comes_into_view_with_the_focus(visits: Visits) -> None:
    page = visits.open("/", width=390)
    tag(page, DOUBTFUL)
    assert focused(page) == "result"
    top = page.evaluate("document.getElementById('result').getBoundingClientRect().top")
    assert -1 < top < 10
    page.keyboard.press("Tab")
    assert focused(page) == "why-type.policy_notice"


def test_space_and_enter_ask_why_and_the_focus_stays(page: Page) -> None:
    tag(page, SURE)
    for key, name in (("Space", "news"), ("Enter", "research_breakthrough")):
        page.focus(f"[id='why-type.{name}']")
        with answered(page):
            page.keyboard.press(key)
        assert focused(page) == f"why-type.{name}"
        assert page.get_attribute(":focus", "aria-pressed") == "true"
        assert page.evaluate(OUTLINE) == ["solid", 3]
