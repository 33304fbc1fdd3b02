"""A pasted post gets on the page what it gets over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from serving.examples import examples
from tests.pages.conftest import Ask
from tests.pages.posts import DOUBTFUL, SURE, Post
from tests.pages.visit import Visits, focused, tag

ROWS = """() => [...document.querySelectorAll(".row")].map(row => {
  const wide = row.querySelector(".track").getBoundingClientRect();
  const share = (where) => {
    const shape = row.querySelector(where);
    if (!shape) return null;
    const box = shape.getBoundingClientRect();
    return [(box.left - wide.left) / wide.width, (box.right - wide.left) / wide.width];
  };
  return {
    key: row.querySelector("button").value,
    name: row.querySelector(".name").textContent,
    mark: row.querySelector(".mark").textContent,
    score: row.querySelector(".score").textContent,
    given: row.classList.contains("given"),
    question: row.querySelector("button").textContent,
    level: share(".level"), line: share(".line"), doubt: share(".doubt"),
  };
})"""


def cut(score: float) -> str:
    """Three decimals, none of them rounded up."""
    return f"{int(score * 1000 + 1e-6) / 1000:.3f}"


def scheme_of(page: Page, url: str) -> dict[str, Any]:
    found: dict[str, Any] = page.context.request.get(f"{url}/v1/labels").json()
    return {group["id"]: group for group in found["groups"]}


def given_of(answer: dict[str, Any], group: str) -> list[str]:
    found = answer[group]
    return [one["label"] for one in (found if isinstance(found, list) else [found])]


@pytest.mark.parametrize(
    ("post", "locale", "language"),
    [(SURE, "zh-CN", "zh"), (DOUBTFUL, "en-US", "en")],
    ids=["sure", "doubtful"],
)
def test_labels_are_those_of_the_interface_for_programs(
    visits: Visits, predict: Ask, post: Post, locale: str, language: str
) -> None:
    page = visits.open("/", locale=locale)
    tag(page, post)
    answer, scheme = predict(page, post), scheme_of(page, visits.url)
    shown = page.locator(".verdict div")
    for at, (group, known) in enumerate(scheme.items()):
        names = {label["id"]: label[language] for label in known["labels"]}
        assert shown.nth(at).locator("dt").text_content() == known[language]
        expected = [names[name] for name in given_of(answer, group)]
        assert shown.nth(at).locator("dd").all_text_contents() == expected
    assert f"{answer['model']}" in page.inner_text(".from")


@pytest.mark.parametrize("post", [SURE, DOUBTFUL], ids=["sure", "doubtful"])
def test_bars_are_as_wide_as_scores_and_lines_stand_at_thresholds(
    visits: Visits, page: Page, predict: Ask, manifest: dict[str, Any], post: Post
) -> None:
    tag(page, post)
    answer, scheme = predict(page, post), scheme_of(page, visits.url)
    rows = page.evaluate(ROWS)
    scores = [
        (f"{group}.{label}", score)
        for group, found in answer["scores"].items()
        for label, score in found.items()
    ]
    assert [(row["key"], row["score"]) for row in rows] == [
        (key, cut(score) if 0.001 <= score <= 0.999 else row["score"])
        for (key, score), row in zip(scores, rows, strict=True)
    ]
    for row, (key, score) in zip(rows, scores, strict=True):
        group, _, name = key.partition(".")
        labels = scheme[group]["labels"]
        at = [label["id"] for label in labels].index(name)
        given = name in given_of(answer, group)
        assert row["given"] == given
        assert row["name"] == labels[at]["en"]
        assert row["question"] == f"Why {'' if given else 'not '}{labels[at]['en']}?"
        assert row["level"] == pytest.approx([0, score], abs=0.002)
        rule, threshold = manifest["rules"][group], labels[at]["threshold"]
        if group == "domains":
            doubt = [threshold - rule["margin"], rule["sure"][at]]
            assert row["line"] == pytest.approx([threshold, threshold], abs=0.002)
            assert row["doubt"] == pytest.approx(doubt, abs=0.002)
            assert row["mark"] == ("given" if given else "not given")
        elif given:
            assert row["line"] == pytest.approx([rule["sure"][at]] * 2, abs=0.002)
            assert row["doubt"] == pytest.approx([0, rule["sure"][at]], abs=0.002)
            assert row["mark"] == "best guess"
        else:
            assert (row["line"], row["doubt"], row["mark"]) == (None, None, "not given")


def test_what_a_person_should_look_at_is_said_in_words(page: Page, predict: Ask) -> None:
    tag(page, DOUBTFUL)
    answer = predict(page, DOUBTFUL)
    assert answer["reasons"] == ["uncertain:domains:biomedicine"]
    score = answer["scores"]["domains"]["biomedicine"]
    assert page.inner_text(".review h3") == "A person should look"
    assert page.locator(".review li").all_text_contents() == [
        f"biomedicine was nearly given: it has {cut(score)}, and is given from 0.29 on."
    ]
    tag(page, Post("", "论坛"))
    assert page.locator(".review li").last.text_content() == (
        "There is too little text: fewer than 20 characters of content, blanks and share lines "
        "aside."
    )


def test_a_sure_result_asks_for_nobody_and_promises_nothing(page: Page, predict: Ask) -> None:
    tag(page, SURE)
    assert predict(page, SURE)["review"] is False
    assert page.inner_text(".review") == (
        "No review needed\n\nNone of the known warnings applies. That is no guarantee."
    )


@pytest.mark.parametrize("script", [True, False])
def test_an_empty_form_is_told_what_it_lacks(visits: Visits, *, script: bool) -> None:
    page = visits.open("/", java_script_enabled=script)
    page.fill("#post", " \n ")
    page.click("#tag")
    page.wait_for_selector("#result")
    assert page.inner_text("#result") == "There is nothing to tag yet: paste a title or some text."
    assert page.locator(".verdict").count() == 0
    assert page.get_attribute("#result", "aria-labelledby") == "result-heading"
    if script:
        assert focused(page) == "result"  # which has the sentence for its name


def test_an_example_is_tagged_where_it_is_picked(page: Page, predict: Ask) -> None:
    name, article = next(iter(examples().items()))
    page.click(f"text={article.title}")
    page.wait_for_url(f"**/?example={name}#result")
    assert page.input_value("#title") == article.title
    assert page.input_value("#post") == article.content
    answer = predict(page, Post(article.title, article.content))
    first = page.locator(".row.given button").first
    assert first.get_attribute("value") == f"type.{answer['type']['label']}"
