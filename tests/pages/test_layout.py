"""Pages fit a phone and a desk, in light and dark, in print and with colours of one's own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.posts import HOSTILE, SURE, Post
from tests.pages.states import LOOKS, STATES
from tests.pages.visit import Visits, tag

# Every line of text that is to be seen, with its box and what holds it.
LINES = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement;
    if (!node.data.trim() || holder.closest(".hidden, .skip, script, textarea")) continue;
    if (!holder.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const text = node.data.trim().slice(0, 40);
      const within = holder.closest(".wide") !== null;
      if (right > left) found.push({ left, right, top, bottom, text, within });
    }
  }
  return found;
}"""
SMALL = """() => [...document.querySelectorAll("a[href], button, input, textarea")]
  .filter((one) => one.checkVisibility() && !one.matches(".skip"))
  .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([name, box]) => [name, box.width, box.height])"""
CUT = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((one) => one.checkVisibility() && !one.closest(".hidden, .wide, svg, textarea, input"))
  .filter((one) => getComputedStyle(one).display !== "inline")
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map((one) => one.outerHTML.slice(0, 120))"""


def overlaps(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Texts that cover each other by more than the ascenders of one touch the other."""
    found = []
    for at, one in enumerate(lines):
        for other in lines[at + 1 :]:
            across = min(one["right"], other["right"]) - max(one["left"], other["left"])
            down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if across > 1 and down > 6:
                found.append((one["text"], other["text"]))
    return found


def check(page: Page) -> None:
    size = page.viewport_size
    assert size is not None
    width = size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    lines = page.evaluate(LINES)
    assert len(lines) > 10
    outside = [one for one in lines if one["left"] < 0 or one["right"] > width]
    assert [one["text"] for one in outside if not one["within"]] == []
    assert overlaps([one for one in lines if not one["within"]]) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", STATES)
def test_nothing_overlaps_or_is_cut_or_too_small(visits: Visits, state: str, look: str) -> None:
    check(STATES[state](visits, **LOOKS[look]))


@pytest.mark.parametrize("width", [320, 390])
def test_a_post_that_cannot_be_broken_is_broken_all_the_same(visits: Visits, width: int) -> None:
    page = visits.open("/", width=width)
    tag(page, Post("A" * 300, "https://example.org/" + "x" * 500 + " 人工智能" * 50))
    check(page)
    tag(page, HOSTILE)
    check(page)


def test_a_desk_shows_labels_and_reasons_side_by_side(visits: Visits) -> None:
    page = visits.open("/")
    tag(page, SURE)
    labels, because = (page.locator(one).bounding_box() for one in (".labels", "#because"))
    assert labels is not None
    assert because is not None
    assert because["x"] >= labels["x"] + labels["width"]
    page.set_viewport_size({"width": 390, "height": 844})
    labels, because = (page.locator(one).bounding_box() for one in (".labels", "#because"))
    assert labels is not None
    assert because is not None
    assert because["y"] >= labels["y"] + labels["height"]


def test_a_phone_is_told_of_no_keys_that_it_lacks(visits: Visits) -> None:
    assert not visits.open("/", width=390).locator(".keys").is_visible()
    assert visits.open("/", width=1280).locator(".keys").is_visible()


def luminance(page: Page, where: str) -> float:
    colour = page.evaluate(
        "(where) => getComputedStyle(document.querySelector(where)).backgroundColor", where
    )
    red, green, blue = (int(one) for one in colour[4:-1].split(","))
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_colours_follow_the_system(visits: Visits) -> None:
    page = visits.open("/", color_scheme="light")
    assert luminance(page, "body") > 0.9
    assert luminance(page, "textarea") > 0.9
    page.emulate_media(color_scheme="dark")
    assert luminance(page, "body") < 0.1
    assert luminance(page, "textarea") < 0.15


def test_colours_of_ones_own_leave_marks_and_bars_visible(visits: Visits) -> None:
    page = visits.open("/", forced_colors="active")
    tag(page, SURE)
    seen = page.evaluate(
        """() => [".body mark", ".level", ".track"].map((where) => {
          const { backgroundColor, fill } = getComputedStyle(document.querySelector(where));
          return where.includes("mark") ? backgroundColor : fill;
        })"""
    )
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    mark, level, track = seen
    assert mark != ground
    assert level not in {ground, track}
    edges = page.evaluate(
        """() => ["#tag", ".verdict dd.type", ".why"].map((where) => {
          const style = getComputedStyle(document.querySelector(where));
          return [style.borderTopColor, parseFloat(style.borderTopWidth)];
        })"""
    )
    assert all(colour != ground and width >= 1 for colour, width in edges), edges


def test_print_has_the_result_and_the_post_and_no_form(visits: Visits) -> None:
    page = visits.open("/")
    tag(page, SURE)
    page.emulate_media(media="print")
    for where in ("#ask", ".examples", ".why", "nav", ".language"):
        assert not page.locator(where).first.is_visible(), where
    for where in (".verdict", ".review", ".rows", "#because", ".post article", ".from"):
        assert page.locator(where).first.is_visible(), where


def test_nothing_moves_by_itself(visits: Visits) -> None:
    page = visits.open("/", reduced_motion="no-preference")
    tag(page, SURE)
    assert page.evaluate("() => getComputedStyle(document.documentElement).scrollBehavior") == (
        "auto"
    )
    assert page.evaluate("() => document.getAnimations().length") == 0
