"""The marked characters are those that the explanation over HTTP names, whatever stands there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import Ask
from tests.pages.posts import HOSTILE, ODD, SURE, Post
from tests.pages.visit import Visits, answered, tag

PIECES = """(where) => [...document.querySelector(where).childNodes].map(
  (node) => [node.nodeName === "MARK" ? node.className : "", node.textContent]
)"""
KEYS = """() => [...document.querySelectorAll(".why")].map((one) => one.value)"""

Pieces = list[list[str]]


def shown(page: Page) -> tuple[Pieces, Pieces]:
    """Title and content as they are marked: each piece with its class, then its text."""
    return page.evaluate(PIECES, ".headline"), page.evaluate(PIECES, ".body")


def text_of(pieces: Pieces) -> str:
    return "".join(text for _, text in pieces)


def expected(text: str, words: Sequence[dict[str, Any]], field: str) -> Pieces:
    """What each character adds up to, in thirds of what the heaviest word does."""
    heaviest = max((abs(word["weight"]) for word in words), default=1.0)
    sums = [0] * len(text)
    for word in words:
        for start, end in word["spans"] if word["field"] == field else ():
            for at in range(start, end):
                sums[at] += round(word["weight"] * 1_000_000)
    kinds = [_kind(one / 1_000_000, heaviest) for one in sums]
    runs = groupby(zip(kinds, text, strict=True), key=lambda pair: pair[0])
    return [[kind, "".join(one for _, one in run)] for kind, run in runs]


def _kind(weight: float, heaviest: float) -> str:
    if not weight:
        return ""
    side = "for" if weight > 0 else "against"
    return f"{side}-{min(3, int(3 * abs(weight) / heaviest) + 1)}"


def words_of(answer: dict[str, Any], key: str) -> list[dict[str, Any]]:
    group, _, label = key.partition(".")
    found: list[dict[str, Any]] = answer["explain"][group][label]["words"]
    return found


@pytest.mark.parametrize("post", [ODD, HOSTILE], ids=["odd", "hostile"])
def test_every_label_marks_the_characters_of_its_words(
    page: Page, predict: Ask, post: Post
) -> None:
    tag(page, post)
    answer = predict(page, post)
    marked = set()
    for key in page.evaluate(KEYS):
        with answered(page):
            page.click(f"[value='{key}'].why")
        title, content = shown(page)
        assert (text_of(title), text_of(content)) == post
        assert title == expected(post.title, words_of(answer, key), "title")
        assert content == expected(post.content, words_of(answer, key), "content")
        marked |= {kind for kind, _ in title + content}
    assert {"for-1", "for-2", "for-3"} <= marked
    assert any(kind.startswith("against") for kind in marked)


def test_full_width_letters_and_digits_are_marked_as_they_were_sent(
    page: Page, predict: Ask
) -> None:
    tag(page, ODD)
    words = [
        ODD.title[start:end]
        for label in predict(page, ODD)["explain"]["type"].values()
        for word in label["words"]
        for start, end in word["spans"]
        if word["field"] == "title"
    ]
    assert any("２０３１年"[:2] in word for word in words)
    assert page.locator(".headline").text_content() == ODD.title
    assert "&amp; ＶＲ" in page.inner_text(".headline")


def test_line_breaks_of_windows_are_pasted_as_line_feeds(visits: Visits, predict: Ask) -> None:
    page = visits.open("/", permissions=["clipboard-read", "clipboard-write"])
    pasted = SURE.content.replace("。", "。\r\n\r\n") + "\r\n🚀人工智能"
    page.evaluate("(text) => navigator.clipboard.writeText(text)", pasted)
    page.focus("#post")
    page.keyboard.press("Control+v")
    with answered(page):
        page.keyboard.press("Control+Enter")
    sent = Post("", pasted.replace("\r\n", "\n"))
    _, content = shown(page)
    assert text_of(content) == sent.content
    key = page.get_attribute(".why[aria-pressed=true]", "value") or ""
    words = words_of(predict(page, sent), key)
    assert content == expected(sent.content, words, "content")
    assert page.inner_text(".headline") == "(no title)"


def test_marks_can_be_told_apart_without_colours(visits: Visits) -> None:
    page = visits.open("/", forced_colors="active")
    tag(page, ODD)
    styles = page.evaluate(
        """() => [...document.querySelectorAll("mark")].map((mark) => {
          const style = getComputedStyle(mark);
          const { textDecorationLine, textDecorationStyle, textDecorationThickness } = style;
          return [mark.className, textDecorationLine, textDecorationStyle, textDecorationThickness];
        })"""
    )
    thick = {"1": "1px", "2": "2px", "3": "4px"}
    kinds = {("for", "underline", "solid"), ("against", "underline", "dashed")}
    assert {(kind[:-2], *style) for kind, *style, _ in styles} == kinds
    assert {kind[-1]: width for kind, _, _, width in styles} == thick
    assert "the thicker the stronger" in page.inner_text(".post > p")
