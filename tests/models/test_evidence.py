from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labels.article import Article
from labels.duplicates import sketch
from labels.errors import VersionError
from labels.scheme import Scheme
from models.evidence import read_out_of_fold, read_seen

ARTICLES = [
    Article(
        id="a", title="青石市召开论坛", content="来自各地的嘉宾谈到湖水、山路与新修的图书馆。" * 3
    ),
    Article(
        id="b", title="白鹿市发布通知", content="请各有关单位于月底前提交材料，逾期不予受理。" * 3
    ),
]
LIKELY: dict[str, dict[str, float | None]] = {
    "type": {"news": 0.5, "event": 0.25, "policy_notice": 0.25},
    "domains": {"ai": 0.75, "biomedicine": None},
}
ROWS: list[dict[str, object]] = [
    {"id": "a", "source": "given", "gold": {"domains": ["ai"]}, "scores": LIKELY},
    {"id": "b", "source": "given", "gold": {"domains": [], "type": ["news"]}, "scores": LIKELY},
]


def write_seen(folder: Path) -> None:
    lines = [
        json.dumps(
            {
                "id": article.id,
                "text": article.text_digest(),
                "sketch": sketch(article).astype(">u4").tobytes().hex(),
            }
        )
        for article in ARTICLES
    ]
    (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def write_rows(folder: Path, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "oof.jsonl").write_text(text, "utf-8")


def test_what_was_trained_on_is_read_back(tmp_path: Path) -> None:
    write_seen(tmp_path)
    seen = read_seen(tmp_path)
    assert seen.ids == {"a", "b"}
    assert seen.texts == {article.text_digest() for article in ARTICLES}
    assert seen.sketches.dtype == np.uint32
    assert np.array_equal(seen.sketches, [sketch(article) for article in ARTICLES])


def test_an_article_was_seen_under_its_id_whatever_its_text(tmp_path: Path) -> None:
    write_seen(tmp_path)
    assert read_seen(tmp_path).why(Article(id="a", title="", content="别的话。")) == "same id"


def test_an_article_was_seen_under_another_id(tmp_path: Path) -> None:
    write_seen(tmp_path)
    assert read_seen(tmp_path).why(replace(ARTICLES[1], id="new")) == "same text"


def test_a_near_duplicate_was_seen(tmp_path: Path) -> None:
    write_seen(tmp_path)
    nearly = replace(ARTICLES[0], id="new", content=ARTICLES[0].content + "谢谢。")
    assert nearly.text_digest() not in read_seen(tmp_path).texts
    assert read_seen(tmp_path).why(nearly) == "near-duplicate"


def test_an_article_of_its_own_was_not_seen(tmp_path: Path) -> None:
    write_seen(tmp_path)
    other = Article(
        id="new", title="松雾区迎来初雪", content="孩子们在广场上堆起了雪人，笑声不断。"
    )
    assert read_seen(tmp_path).why(other) is None


def test_what_was_said_out_of_fold_is_read_back(tmp_path: Path, scheme: Scheme) -> None:
    write_rows(tmp_path, ROWS)
    found = read_out_of_fold(tmp_path, scheme)
    assert found.ids == ("a", "b")
    assert found.labels == (
        {"domains": frozenset(["ai"])},
        {"domains": frozenset(), "type": frozenset(["news"])},
    )


def test_probabilities_stand_in_the_order_of_the_scheme(tmp_path: Path, scheme: Scheme) -> None:
    write_rows(tmp_path, ROWS)
    likely = read_out_of_fold(tmp_path, scheme).likely
    assert likely.shape == (2, len(scheme.outputs))
    named = {"news": 0.5, "event": 0.25, "policy_notice": 0.25, "ai": 0.75}
    for at, (_, label) in enumerate(scheme.outputs):
        if label in named:
            assert likely[0, at] == named[label]


def test_a_label_that_no_model_had_learnt_is_nan(tmp_path: Path, scheme: Scheme) -> None:
    write_rows(tmp_path, ROWS)
    at = scheme.outputs.index(("domains", "biomedicine"))
    assert np.isnan(read_out_of_fold(tmp_path, scheme).likely[:, at]).all()


def test_no_rows_at_all_are_no_articles(tmp_path: Path, scheme: Scheme) -> None:
    write_rows(tmp_path, [])
    found = read_out_of_fold(tmp_path, scheme)
    assert (found.ids, found.likely.shape) == ((), (0, len(scheme.outputs)))


BROKEN = [
    None,
    b"{",
    b"5\n",
    b"[]\n",
    b'"a"\n',
    b"{}\n",
    b"\xff\n",
    b'{"id": "a", "text": "0", "sketch": "xyz", "gold": [], "scores": {}}\n',
    b'{"id": "a", "text": "0", "sketch": "00", "gold": {"type": 5}, "scores": {}}\n',
    b'{"id": ["a"], "text": "0", "sketch": "", "gold": {}, "scores": {}}\n',
    b'{"id": "a", "text": "0", "sketch": 7, "gold": {}, "scores": {"type": {"news": "x"}}}\n',
]


@pytest.mark.parametrize("content", BROKEN)
def test_damaged_or_missing_memory_says_which_file_and_what_to_do(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "corpus.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VersionError) as caught:
        read_seen(tmp_path)
    assert str(caught.value) == f"{path}: missing or damaged. Train again."


@pytest.mark.parametrize("content", BROKEN)
def test_damaged_or_missing_scores_say_which_file_and_what_to_do(
    tmp_path: Path, scheme: Scheme, content: bytes | None
) -> None:
    path = tmp_path / "oof.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VersionError) as caught:
        read_out_of_fold(tmp_path, scheme)
    assert str(caught.value) == f"{path}: missing or damaged. Train again."


def test_scores_under_another_scheme_are_damaged(tmp_path: Path, scheme: Scheme) -> None:
    fewer: dict[str, object] = {"type": LIKELY["type"], "domains": {"ai": 0.5}}
    write_rows(tmp_path, [{**ROWS[0], "scores": fewer}])
    with pytest.raises(VersionError, match=r"oof\.jsonl: missing or damaged\. Train again\."):
        read_out_of_fold(tmp_path, scheme)
