"""Each label can be asked why it was given or not; only the answer changes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import Ask
from tests.pages.posts import ODD, SURE
from tests.pages.test_marks import expected, shown, words_of
from tests.pages.visit import Visits, answered, fill, focused, tag

SCROLLED = "() => [window.scrollX, window.scrollY]"


def points(text: str) -> float:
    """A number as the page writes it, with a true minus sign."""
    return float(text.replace("\N{MINUS SIGN}", "-"))


def sums_of(page: Page) -> dict[str, float]:
    rows = page.locator(".sums tr")
    found = {}
    for at in range(rows.count()):
        name = rows.nth(at).locator("th").inner_text()
        found[name] = points(rows.nth(at).locator("td").inner_text())
    return found


def check_sums(page: Page, told: dict[str, Any]) -> None:
    sums = sums_of(page)
    listed = sum(points(one) for one in page.locator(".words .points").all_text_contents())
    assert sums["the words above"] == pytest.approx(listed, abs=0.0105)  # of 20 rounded numbers
    parts = sums["to begin with"] + sums["the words above"] + sums["all other words"]
    assert sums["together"] == pytest.approx(parts, abs=0.002)
    assert sums["together"] == pytest.approx(told["score"], abs=0.0011)  # cut off, or rounded
    assert sums["to begin with"] == pytest.approx(told["intercept"], abs=0.0006)


def test_asking_why_moves_marks_and_reasons_and_nothing_else(page: Page, predict: Ask) -> None:
    tag(page, SURE)
    answer = predict(page, SURE)
    page.locator(".labels").scroll_into_view_if_needed()
    for key in page.evaluate("() => [...document.querySelectorAll('.why')].map((w) => w.value)"):
        button = page.locator(f"[value='{key}'].why")
        button.scroll_into_view_if_needed()
        before = page.evaluate(SCROLLED)
        with answered(page):
            button.click()
        group, _, label = key.partition(".")
        assert focused(page) == f"why-{key}"
        assert page.evaluate(SCROLLED) == before
        assert (page.input_value("#title"), page.input_value("#post")) == SURE
        pressed = page.locator(".why[aria-pressed=true]")
        assert pressed.evaluate_all("(all) => all.map((one) => one.value)") == [key]
        assert page.inner_text("#because-heading") == button.inner_text()
        assert page.inner_text("#status") == button.inner_text()
        assert shown(page)[1] == expected(SURE.content, words_of(answer, key), "content")
        check_sums(page, answer["explain"][group][label])


def test_a_domain_says_how_much_it_would_have_needed(page: Page, predict: Ask) -> None:
    tag(page, SURE)
    scores = predict(page, SURE)["scores"]["domains"]
    for name, score in scores.items():
        with answered(page):
            page.click(f"[id='why-domains.{name}']")
        sums, given = sums_of(page), name in {"biomedicine", "ai"}
        assert (sums["together"] >= sums["needed"]) == given
        said = "was given" if given else "was not given"
        assert said in page.inner_text("#because > p:first-of-type")
        assert 0 < score < 1


def test_listed_words_stand_in_the_post_as_often_as_they_say(page: Page, predict: Ask) -> None:
    tag(page, ODD)
    key = page.get_attribute(".why[aria-pressed=true]", "value") or ""
    rows = page.locator(".words li")
    told = []
    for at in range(rows.count()):
        word = rows.nth(at).locator("bdi").text_content() or ""
        where, _, times = (rows.nth(at).locator(".quiet").inner_text()).partition(", ")
        told.append((word, where, 1 if times == "once" else int(times.removesuffix(" times"))))
    words = words_of(predict(page, ODD), key)
    sides = [[word for word in words if word["weight"] * sign > 0][:10] for sign in (1, -1)]
    listed = [word for side in sides for word in side]
    assert told == [(word["text"], word["field"], len(word["spans"])) for word in listed]
    assert max(times for _, _, times in told) > 1
    sizes = [abs(points(one)) for one in rows.locator(".points").all_text_contents()]
    wide = rows.locator("rect").evaluate_all("(all) => all.map((r) => r.getAttribute('width'))")
    assert [float(one) for one in wide] == pytest.approx(
        [100 * size / max(sizes) for size in sizes], abs=0.5
    )


IN_VIEW = """() => {
  const { top } = document.getElementById("because").getBoundingClientRect();
  return 0 <= Math.round(top) && top < innerHeight / 2;
}"""


def test_on_a_phone_the_reason_comes_into_view_with_the_focus(visits: Visits) -> None:
    page = visits.open("/", width=390)
    tag(page, SURE)
    with answered(page):
        page.click("[id='why-type.news']")
    assert page.evaluate(IN_VIEW)
    assert focused(page) == "because"
    assert page.get_attribute("#because", "aria-labelledby") == "because-heading"
    assert page.inner_text("#status") == ""  # the focus tells it


def test_without_scripts_the_same_comes_by_the_form(visits: Visits, predict: Ask) -> None:
    post = ODD
    page = visits.open("/", width=390, java_script_enabled=False)
    fill(page, post)
    page.click("#tag")
    page.wait_for_selector("#result")
    answer = predict(page, post)
    for key in ("type.news", "domains.metaverse"):
        page.click(f"[value='{key}'].why")
        page.wait_for_selector(f"[value='{key}'].why[aria-pressed=true]")
        page.wait_for_function(IN_VIEW)
        group, _, label = key.partition(".")
        title, content = shown(page)
        assert title == expected(post.title, words_of(answer, key), "title")
        assert content == expected(post.content, words_of(answer, key), "content")
        assert (page.input_value("#title"), page.input_value("#post")) == post
        check_sums(page, answer["explain"][group][label])
