"""Pages fit a phone and a desk, in light and dark, in print and with colours of one's own."""

from __future__ import annotations

import re
from operator import mul

from tests.pages.layout import check_layout
from tests.pages.posts import HOSTILE, SURE, Post
from tests.pages.visit import Visits, tag


def test_a_post_that_cannot_be_broken_is_broken_all_the_same(visits: Visits) -> None:
    page = visits.open("/", width=320)
    for post in (Post("A" * 300, "https://example.org/" + "x" * 500 + " 人工智能" * 50), HOSTILE):
        tag(page, post)
        check_layout(page)


RENAME = """(name) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.closest("article, textarea, .words")) {
      node.data = node.data.replaceAll("biomedicine", name);
    }
  }
}"""


def test_names_of_labels_without_blanks_are_broken_but_in_tables(visits: Visits) -> None:
    name = "supply_chain_and_industrial_policy_of_provinces"
    for path in ("/", "/model"):
        page = visits.open(path, width=320)
        if path == "/":
            tag(page, SURE)
            assert page.inner_text("#because-heading") == "Why biomedicine?"
        page.evaluate(RENAME, name)
        assert name in page.inner_text("main")
        check_layout(page)
    box = page.locator(".wide tbody th").filter(has_text=name).first.bounding_box()
    assert box is not None
    assert box["width"] > 320  # in one line: a table scrolls


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


def test_a_phone_is_told_of_no_keys_and_has_the_language_in_the_first_row(
    visits: Visits,
) -> None:
    assert visits.open("/").locator(".keys").is_visible()
    for locale in ("en-US", "zh-CN"):
        page = visits.open("/", locale=locale, width=390)
        assert not page.locator(".keys").is_visible()
        brand, language = (page.locator(one).bounding_box() for one in (".brand", ".language"))
        assert brand is not None
        assert language is not None
        assert language["y"] < brand["y"] + brand["height"]


COLOURS = """() => {
  const of = (where) => getComputedStyle(document.querySelector(where));
  return {
    ground: of("body").backgroundColor, field: of("textarea").backgroundColor,
    track: of(".track").fill, shade: of(".doubt").fill, edge: of(".doubt").stroke,
    level: of(".level").fill, line: of(".line").stroke, halo: of(".halo").stroke,
    mark: of(".body mark").textDecorationColor,
    word: of(".body mark").color, paper: of(".body mark").backgroundColor,
    button: of("#tag").borderTopColor, type: of(".verdict dd.type").borderTopColor,
    why: of(".why").borderTopColor,
  };
}"""
# What lies beside what in a bar and has to be told apart (WCAG 2.2, 1.4.11). The line is seen by
# its halo, and the shade by its edge.
BESIDE = [
    ("level", "track"),
    ("level", "shade"),
    ("level", "ground"),
    ("edge", "track"),
    ("edge", "shade"),
    ("line", "halo"),
    ("halo", "level"),
    ("mark", "ground"),
    ("mark", "paper"),
    ("word", "paper"),
]


def luminance(colour: str) -> float:
    """Relative, as WCAG 2.2 has it."""
    shares = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    return float(sum(map(mul, (0.2126, 0.7152, 0.0722), linear)))


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_graphics_are_told_apart_in_light_and_dark_and_colours_of_ones_own(
    visits: Visits,
) -> None:
    page = visits.open("/?example=s1-025")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        seen = page.evaluate(COLOURS)
        weak = [pair for pair in BESIDE if contrast(seen[pair[0]], seen[pair[1]]) < 3]
        assert weak == [], scheme
        bright = [luminance(seen[name]) > 0.5 for name in ("ground", "field")]
        assert bright == [scheme == "light"] * 2
    page.emulate_media(forced_colors="active")
    seen = page.evaluate(COLOURS)
    assert seen["paper"] in {seen["ground"], "rgba(0, 0, 0, 0)"}
    grounds = {seen["ground"], seen["track"]}
    assert not grounds & {seen[name] for name in ("edge", "level", "line", "mark")}
    assert not grounds & {seen[name] for name in ("button", "type", "why")}


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
