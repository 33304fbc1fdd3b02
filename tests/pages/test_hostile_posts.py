"""Whatever a post holds is text: it runs nothing, loads nothing and turns nothing round."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.pages.posts import HOSTILE, SURE, Post
from tests.pages.test_marks import shown, text_of
from tests.pages.visit import Visits, answered, fill, tag

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What the policy would refuse, and what a post could have brought in.
FOREIGN = """() => [...document.querySelectorAll("*")].filter((one) =>
  [...one.attributes].some(({ name, value }) =>
    name.startsWith("on") || name === "style" || /^\\s*javascript:/i.test(value)) ||
  (one.nodeName === "SCRIPT" && (!one.src || one.textContent)) ||
  ["STYLE", "IMG", "IFRAME", "OBJECT", "BASE"].includes(one.nodeName)
).map((one) => one.outerHTML.slice(0, 200))"""
TURNED = """() => [document.documentElement, document.body, document.querySelector("main"),
  document.querySelector(".from p"), document.querySelector("footer p")]
  .map((one) => getComputedStyle(one).direction)"""


def check(page: Page, post: Post) -> None:
    title, content = shown(page)
    assert (text_of(title), text_of(content)) == post
    assert page.evaluate(FOREIGN) == []
    assert page.evaluate("window.broken") is None
    assert set(page.evaluate(TURNED)) == {"ltr"}


def test_a_hostile_post_is_shown_as_it_is(page: Page) -> None:
    tag(page, HOSTILE)
    check(page, HOSTILE)
    assert (page.input_value("#title"), page.input_value("#post")) == HOSTILE


def test_a_hostile_post_is_shown_as_it_is_without_scripts(visits: Visits) -> None:
    page = visits.open("/", java_script_enabled=False)
    fill(page, HOSTILE)
    with page.expect_navigation() as answer:
        page.click("#tag")
    assert answer.value.headers["content-security-policy"] == POLICY
    check(page, HOSTILE)
    assert (page.input_value("#title"), page.input_value("#post")) == HOSTILE
    sent = answer.value.text()
    assert re.findall(r"<script(?! src=\"/assets/page\.js\?v=\w+\" defer></script>)", sent) == []


def test_text_of_another_direction_keeps_to_its_place(page: Page) -> None:
    tag(page, SURE)
    before = page.locator(".from").inner_text()
    arabic = "\N{RIGHT-TO-LEFT OVERRIDE}论坛 \N{ARABIC LETTER ALEF}\N{RIGHT-TO-LEFT EMBEDDING}"
    tag(page, Post(arabic, f"\N{ARABIC LETTER ALEF} 人工智能{arabic}"))
    direction = "(where) => getComputedStyle(document.querySelector(where)).direction"
    assert page.evaluate(direction, ".body") == "rtl"
    assert set(page.evaluate(TURNED)) == {"ltr"}
    assert page.locator(".from").inner_text() == before
    heading = page.locator("#text-heading").bounding_box()
    assert heading is not None
    assert heading["x"] < 100


def test_a_character_that_html_cannot_hold_is_left_out_and_nothing_else(page: Page) -> None:
    tag(page, Post("论坛\0人工智能", "\0大模型\0临床试验\f\v论坛"))
    title, content = shown(page)
    assert text_of(title) == "论坛人工智能"
    assert text_of(content) == "大模型临床试验\f\v论坛"
    assert ["", "大模型"] not in content  # NUL has moved no mark


def test_every_page_keeps_its_strict_policy(visits: Visits) -> None:
    page = visits.open("/")
    for path in ("/", "/model", "/?example=s1-025"):
        answer = page.goto(f"{visits.url}{path}")
        assert answer is not None
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert page.evaluate(FOREIGN) == []


def test_a_page_asks_for_its_three_assets_and_nothing_else(visits: Visits) -> None:
    page = visits.open("/")
    tag(page, HOSTILE)
    asked = {re.sub(r"\?v=\w+", "", one.removeprefix(visits.url)) for one in visits.requests}
    assert asked <= {"/", "/assets/page.css", "/assets/page.js", "/assets/icon.svg"}
    assert {"/", "/assets/page.css", "/assets/page.js"} <= asked


def test_a_post_as_long_as_is_read_is_shown_whole(page: Page) -> None:
    post = Post("长文", ("人工智能论坛，" * 3000)[:20_000])
    tag(page, post)
    check(page, post)
    assert page.inner_text("#count") == "20,000 characters"
    assert page.locator(".post strong").count() == 0


def test_of_a_longer_post_the_first_characters_are_shown(page: Page) -> None:
    text = "🚀人工智能论坛，" * 3750
    tag(page, Post("长文", text))
    check(page, Post("长文", text[:20_000]))
    assert page.input_value("#post") == text
    assert page.inner_text("#count") == "30,000 characters; the first 20,000 are read"
    assert page.inner_text(".post strong") == (
        "Only the first 20,000 characters were read and are shown."
    )
    assert "The post is longer than what is read: the first 20,000 characters." in page.inner_text(
        ".review"
    )


@pytest.mark.parametrize(
    ("line", "lines", "script"),
    [("a" * 104, 10_000, True), ("字" * 104, 5_000, False)],
    ids=["a-million", "not-even-read-without-script"],
)
def test_a_form_that_is_too_large_is_refused_in_words(
    visits: Visits, line: str, lines: int, *, script: bool
) -> None:
    page = visits.open("/", java_script_enabled=script)
    text = f"{line}\n" * lines
    page.evaluate("(text) => { document.getElementById('post').value = text; }", text)
    page.focus("#title")
    if script:
        with answered(page):
            page.keyboard.press("Enter")
        assert page.evaluate("() => document.getElementById('post').value.length") == len(text)
    else:
        with page.expect_navigation():
            page.keyboard.press("Enter")
    told = page.inner_text("#result")
    assert told.startswith("413 The text is too long to be sent: at most 512 KiB.")
    assert "What helps: Cut it: only the first 20,000 characters are read." in told
    assert "status of 413 (" in visits.complaints.pop()
