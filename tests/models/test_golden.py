"""A version says today what it said when it was made, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labels.errors import VersionError
from labels.scheme import Group, Label, Scheme
from models.golden import NAME, golden_articles, replay_golden, write_golden
from models.model import Model
from models.predictor import Predictor


@pytest.fixture
def folder(tmp_path: Path, predictor: Predictor) -> Path:
    """A folder with the golden texts of the tiny model."""
    write_golden(tmp_path, predictor)
    return tmp_path


@pytest.fixture
def moved(folder: Path) -> Callable[[int, float], Path]:
    """Move one recorded score of the n-th golden text."""

    def move(at: int, by: float) -> Path:
        rows = [json.loads(line) for line in (folder / NAME).read_text("utf-8").splitlines()]
        rows[at]["scores"]["domains"]["ai"] += by
        (folder / NAME).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return folder

    return move


def renamed(scheme: Scheme, name: str) -> Scheme:
    """The scheme with another Chinese and English name of its first label."""
    first, *others = scheme.groups
    labels = (replace(first.labels[0], zh=name, en=name), *first.labels[1:])
    return Scheme(groups=(replace(first, labels=labels), *others))


def test_a_golden_text_is_made_of_a_labels_names_and_words_of_the_dictionary(
    scheme: Scheme,
) -> None:
    articles = golden_articles(scheme, "人工智能\n大模型\n生物医药\n脑电\n芯片\n元宇宙\n")
    assert [(a.id, a.title, a.content) for a in articles] == [
        ("golden-0", "新闻 news", "新闻 人工智能 大模型"),
        ("golden-1", "活动 event", "活动 生物医药"),
        ("golden-2", "政策通知 policy notice", "政策通知 脑电"),
        ("golden-3", "人工智能 artificial intelligence", "人工智能 芯片"),
        ("golden-4", "生物医药 biomedicine", "生物医药 元宇宙"),
    ]


def test_words_are_shared_out_among_the_labels_20_at_most(scheme: Scheme) -> None:
    words = [f"词{at}" for at in range(200)]
    articles = golden_articles(scheme, "\n".join(words))
    assert articles[1].content.split() == ["活动", *words[60:80]]
    assert articles[4].content.split() == ["生物医药", *words[180:]]


def test_without_a_dictionary_golden_texts_are_made_of_label_names(scheme: Scheme) -> None:
    assert [article.content for article in golden_articles(scheme, "# 空\n")] == [
        "新闻 新闻",
        "活动 活动",
        "政策通知 政策通知",
        "人工智能 人工智能",
        "生物医药 生物医药",
    ]


def test_there_are_at_most_16_golden_texts() -> None:
    labels = tuple(Label(id=f"l{at}", zh=f"类{at}", en=f"label {at}") for at in range(40))
    group = Group(id="type", kind="exclusive", zh="类型", en="type", labels=labels)
    assert len(golden_articles(Scheme(groups=(group,)), "大模型")) == 16


def test_golden_texts_are_written_with_their_scores(folder: Path, predictor: Predictor) -> None:
    model = predictor.model
    articles = golden_articles(model.scheme, model.dictionary)
    rows = [json.loads(line) for line in (folder / NAME).read_text("utf-8").splitlines()]
    assert rows == [
        {"id": a.id, "title": a.title, "content": a.content, "scores": p.scores}
        for a, p in zip(articles, predictor.predict(articles), strict=True)
    ]


def test_golden_texts_are_readable(folder: Path) -> None:
    assert '"title": "新闻 news"' in (folder / NAME).read_text("utf-8")


def test_the_predictor_that_wrote_them_passes(folder: Path, predictor: Predictor) -> None:
    before = (folder / NAME).read_bytes()
    replay_golden(folder, predictor)
    assert (folder / NAME).read_bytes() == before


@pytest.mark.parametrize("by", [0.1, -0.1])
def test_a_score_that_moved_is_refused_with_its_text_and_how_far(
    moved: Callable[[int, float], Path], predictor: Predictor, by: float
) -> None:
    folder = moved(3, by)
    with pytest.raises(VersionError) as refused:
        replay_golden(folder, predictor)
    assert str(refused.value) == (
        f"{folder}/golden.jsonl: golden text golden-3 scores otherwise, by 0.100000. "
        "Install the libraries of its manifest, or train again."
    )


def test_a_score_that_moved_by_2e_5_is_refused(
    moved: Callable[[int, float], Path], predictor: Predictor
) -> None:
    folder = moved(0, 2e-5)
    with pytest.raises(VersionError) as refused:
        replay_golden(folder, predictor)
    assert str(refused.value) == (
        f"{folder}/golden.jsonl: golden text golden-0 scores otherwise, by 0.000020. "
        "Install the libraries of its manifest, or train again."
    )


def test_a_score_that_moved_by_5e_6_is_taken(
    moved: Callable[[int, float], Path], predictor: Predictor
) -> None:
    folder = moved(0, 5e-6)
    row = json.loads((folder / NAME).read_text("utf-8").splitlines()[0])
    replay_golden(folder, predictor)
    [prediction] = predictor.predict(golden_articles(predictor.model.scheme, "")[:1])
    assert row["scores"]["domains"]["ai"] != prediction.scores["domains"]["ai"]


@pytest.mark.parametrize("name", ['引"号', "反\\斜", "换\n行", "\x00\x1f\x7f", "😀𠮷", ""])
def test_a_label_may_have_a_strange_name(tmp_path: Path, model: Model, name: str) -> None:
    predictor = Predictor(replace(model, scheme=renamed(model.scheme, name)), "v")
    write_golden(tmp_path, predictor)
    replay_golden(tmp_path, predictor)
    rows = [json.loads(line) for line in (tmp_path / NAME).read_bytes().split(b"\n")[:-1]]
    assert rows[0]["title"] == f"{name} {name}"


@pytest.mark.parametrize("line_end", ["\x85", "\u2028", "\u2029"])
def test_a_label_name_may_have_a_line_end_of_unicode_in_it(
    tmp_path: Path, model: Model, line_end: str
) -> None:
    predictor = Predictor(replace(model, scheme=renamed(model.scheme, f"新{line_end}闻")), "v")
    write_golden(tmp_path, predictor)
    replay_golden(tmp_path, predictor)
    assert (tmp_path / NAME).read_bytes().count(b"\n") == 5


def test_a_score_that_became_no_number_is_refused(folder: Path, model: Model) -> None:
    broken = replace(model.scorer, intercepts=np.full(5, np.nan))
    predictor = Predictor(replace(model, scorer=broken), "v")
    with pytest.raises(VersionError) as refused:
        replay_golden(folder, predictor)
    assert str(refused.value) == (
        f"{folder}/golden.jsonl: golden text golden-0 scores otherwise, by nan. "
        "Install the libraries of its manifest, or train again."
    )
