"""Pages fit a phone and a desk, in light and dark, in print and with colours of one's own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.pages.layout import check_layout
from tests.pages.posts import HOSTILE, SURE, Post
from tests.pages.visit import Visits, tag


@pytest.mark.parametrize("width", [320, 390])
def test_a_post_that_cannot_be_broken_is_broken_all_the_same(visits: Visits, width: int) -> None:
    page = visits.open("/", width=width)
    tag(page, Post("A" * 300, "https://example.org/" + "x" * 500 + " 人工智能" * 50))
    check_layout(page)
    tag(page, HOSTILE)
    check_layout(page)


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
