"""The tutorial does what it says, in both languages, on posts that are nobody's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from labels.scheme import shipped_scheme
from labels.shipped import starter_samples
from tests.docs.blocks import Block, read_blocks
from tests.docs.run_pages import TUTORIAL
from tests.docs.running import ROOT

DOCS = ROOT / "docs"
LABELS = DOCS / "tutorial" / "labels.jsonl"


@pytest.fixture(scope="module")
def posts() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((DOCS / "tutorial" / "export.json").read_text("utf-8"))
    return rows


def blocks(page: str, language: str) -> list[Block]:
    return [one for one in read_blocks(DOCS / page) if one.language == language]


def texts(found: list[Block]) -> list[str]:
    return [one.text for one in found]


@pytest.mark.parametrize("page", [TUTORIAL])
def test_the_tutorial_runs(run: Callable[[str], None], page: str) -> None:
    run(page)


def test_the_translation_shows_the_same_commands_and_what_they_print() -> None:
    for language, least in (("bash", 15), ("text", 12)):
        english = texts(blocks("tutorial.md", language))
        assert len(english) >= least
        assert texts(blocks("tutorial.zh-CN.md", language)) == english


def test_every_printed_text_of_the_tutorial_is_checked() -> None:
    assert all(one.printed for one in blocks("tutorial.md", "text"))


def test_the_posts_have_the_form_of_an_export(posts: list[dict[str, str]]) -> None:
    keys = ["文章标识符aid", "标题title", "链接url", "时间time", "公众号名称", "finalContent"]
    assert [list(post) for post in posts] == [keys] * 49
    assert len({post["文章标识符aid"] for post in posts}) == 49
    assert all("\n" not in post["finalContent"] for post in posts)
    assert {post["公众号名称"] for post in posts} == {"汀浦科技"}


def test_most_posts_have_labels_and_every_label_has_a_post(posts: list[dict[str, str]]) -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in LABELS.read_text().splitlines()]
    labelled = {row["id"] for row in rows}
    assert len(rows) == len(labelled) == 41
    assert labelled < {post["文章标识符aid"] for post in posts}


def test_no_post_shares_a_sentence_with_another_or_with_a_starter_article(
    posts: list[dict[str, str]], chinese_runs: Callable[[str], set[str]]
) -> None:
    starter = [one.article for one in starter_samples(shipped_scheme())]
    seen = set().union(*(chinese_runs(f"{one.title}\n{one.content}") for one in starter))
    assert len(seen) > 100_000
    for post in posts:
        runs = chinese_runs(f"{post['标题title']}\n{post['finalContent']}")
        assert runs & seen == set()
        seen |= runs
