from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from labels.article import Article
from labels.corpus import Corpus
from labels.scheme import Scheme
from models.decision import Rule
from models.evidence import Seen, read_out_of_fold, read_seen
from models.prediction import Prediction
from models.predictor import Predictor
from models.store import Store
from training.evaluate import Evaluation, evaluate, evaluation_lines
from training.saving import save
from training.train import Trained

STRANGER = Seen(
    ids=frozenset(["elsewhere"]), texts=frozenset(), sketches=np.zeros((0, 64), np.uint32)
)


class Oracle:
    """Answers what it is told to, and looks where it is told to."""

    version = "20260101T000000Z-00000001"

    def __init__(self, corpus: Corpus, wrong: Sequence[str], reasons: Sequence[str]) -> None:
        reached = (0.5,) * 4
        learnt = Rule(thresholds=reached, sure=reached, margin=0.0, trained=(True,) * 4)
        rules = dict.fromkeys([group.id for group in corpus.scheme.groups], learnt)
        self.model = SimpleNamespace(rules=rules)
        self._labels = {sample.article.id: sample.labels for sample in corpus.samples}
        self._scheme, self._wrong, self._reasons = corpus.scheme, wrong, tuple(reasons)

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        return [self._answer(article) for article in articles]

    def _answer(self, article: Article) -> Prediction:
        gold = self._labels[article.id]
        given = {group.id: tuple(sorted(gold.get(group.id, ()))) for group in self._scheme.groups}
        if article.id in self._wrong:
            given["type"] = ("news",) if given["type"] != ("news",) else ("event",)
        return Prediction(
            id=article.id,
            scheme=self._scheme,
            given=given,
            scores={
                group.id: {label: float(label in given[group.id]) for label in group.ids}
                for group in self._scheme.groups
            },
            reasons=self._reasons,
            model=self.version,
        )


Evaluate = Callable[..., Evaluation]


@pytest.fixture
def few(corpus: Corpus) -> Corpus:
    """One article of each type with each domain and with none: a1, a7, a13…"""
    return replace(corpus, samples=corpus.samples[::6])


@pytest.fixture
def told(few: Corpus) -> Evaluate:
    """Evaluate a predictor that is right but for the articles in ``wrong``."""

    def run(
        wrong: Sequence[str] = (), reasons: Sequence[str] = (), seen: Seen = STRANGER
    ) -> Evaluation:
        return evaluate(cast("Predictor", Oracle(few, wrong, reasons)), few, seen)

    return run


def test_figures_are_of_the_articles_that_were_not_seen(told: Evaluate) -> None:
    seen = replace(STRANGER, ids=frozenset(["a1", "a7"]))
    found = told(wrong=["a1"], seen=seen)
    assert (found.model, found.evaluated, found.seen) == (
        Oracle.version,
        18,
        {"a1": "same id", "a7": "same id"},
    )
    assert [group.articles for group in found.groups] == [18, 18]
    assert [group.f1_micro.value for group in found.groups] == [1.0, 1.0]
    assert [group.articles for group in found.seen_groups] == [2, 2]
    assert found.seen_groups[0].f1_micro.value == 0.5


def test_where_nothing_was_seen_nothing_is_set_apart(told: Evaluate) -> None:
    found = told(wrong=["a1", "a7"])
    assert (found.evaluated, found.seen, found.seen_groups) == (20, {}, [])
    # Two of the 20 are near-duplicates of others, which count once.
    assert found.groups[0].distinct == 18
    assert found.groups[0].f1_micro.value == pytest.approx(16 / 18)
    assert found.reviewed == 0.0
    assert found.kept_right.value == pytest.approx(16 / 18)
    assert (
        "altogether 0% go to review, whatever the reason; of the others 88.9% have every known "
        "label right"
    ) in evaluation_lines(found)


def test_where_everything_was_seen_nothing_is_measured(told: Evaluate, few: Corpus) -> None:
    ids = frozenset(sample.article.id for sample in few.samples)
    found = told(seen=replace(STRANGER, ids=ids))
    assert (found.evaluated, len(found.seen), found.groups) == (0, 20, [])
    assert found.unmeasured == []
    assert [group.articles for group in found.seen_groups] == [20, 20]


def test_a_group_that_is_unknown_of_an_article_is_not_measured_on_it(
    few: Corpus, scheme: Scheme
) -> None:
    bare = replace(few.samples[0], labels={"type": frozenset(["policy_notice"])})
    corpus = replace(few, samples=(bare, *few.samples[1:]))
    found = evaluate(cast("Predictor", Oracle(corpus, [], [])), corpus, STRANGER)
    assert [(group.group, group.articles) for group in found.groups] == [
        ("type", 20),
        ("domains", 19),
    ]
    assert found.groups[1].group == scheme.groups[1].id


@pytest.mark.parametrize(
    ("reason", "reviewed"),
    [
        ("uncertain:type", [1.0, 0.0]),
        ("untrained:type:news", [1.0, 0.0]),
        ("uncertain:domains:ai", [0.0, 1.0]),
        ("untrained:domains:metaverse", [0.0, 1.0]),
        ("truncated", [0.0, 0.0]),
        ("too_little_text", [0.0, 0.0]),
        ("out_of_vocabulary", [0.0, 0.0]),
    ],
)
def test_a_reason_of_one_group_sends_that_group_to_review_and_any_the_article(
    told: Evaluate, reason: str, reviewed: list[float]
) -> None:
    found = told(reasons=[reason])
    assert [group.reviewed for group in found.groups] == reviewed
    assert all(answer["review"] for answer in found.answers)
    assert (found.reviewed, found.kept_right.value) == (1.0, 0.0)
    assert "altogether 100% go to review, whatever the reason" in evaluation_lines(found)


def test_labels_that_the_version_could_not_learn_are_named(few: Corpus) -> None:
    oracle = Oracle(few, [], ["untrained:type:event"])
    kind = oracle.model.rules["type"]
    oracle.model.rules["type"] = replace(kind, trained=(True, True, False, True))
    found = evaluate(cast("Predictor", oracle), few, STRANGER)
    assert found.untrained == {"type": ["event"]}
    assert any(
        line.startswith("type: too few distinct articles to learn and to judge event, with")
        for line in evaluation_lines(found)
    )


def test_an_answer_has_what_was_given_and_what_is_right(told: Evaluate) -> None:
    found = told(wrong=["a7"], seen=replace(STRANGER, ids=frozenset(["a7"])))
    assert found.answers[1] == {
        "id": "a7",
        "seen": "same id",
        "gold": {"type": ["policy_notice"], "domains": ["ai"]},
        "given": {"type": ["news"], "domains": ["ai"]},
        "review": False,
    }
    assert len(found.answers) == 20


def test_an_evaluation_is_json(told: Evaluate) -> None:
    found = told(seen=replace(STRANGER, ids=frozenset(["a1"])))
    raw = json.loads(found.as_json())
    assert set(raw) == {
        "model",
        "evaluated",
        "reviewed",
        "kept_right",
        "seen",
        "groups",
        "unmeasured",
        "untrained",
        "seen_groups",
        "answers",
    }
    assert raw["groups"][0]["f1_macro"]["value"] == 1.0


def test_the_terminal_is_told_what_was_set_apart(told: Evaluate) -> None:
    ids = ["a1", "a7", "a13", "a19", "a25", "a31"]
    lines = list(evaluation_lines(told(seen=replace(STRANGER, ids=frozenset(ids)))))
    assert lines[:5] == [
        f"{Oracle.version} on 14 articles that it was not trained on",
        "set apart as trained on: 6",
        "  same id (6): a1, a7, a13, a19, a25, …",
        "",
        "type (14 articles, 13 distinct)",
    ]
    assert lines[-3:] == [
        "type of those set apart, no measure of quality: macro-F1 1.000, accuracy 1.000",
        "",
        "domains of those set apart, no measure of quality: macro-F1 1.000, micro-F1 1.000",
    ]


def test_the_terminal_hears_nothing_of_what_was_not_set_apart(told: Evaluate) -> None:
    assert not [line for line in evaluation_lines(told()) if "set apart" in line]


@pytest.fixture(scope="module")
def version(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    now = datetime(2026, 11, 23, 20, 15, 0, tzinfo=UTC)
    return save(Store(tmp_path_factory.mktemp("store")), trained, now)


def test_a_version_remembers_every_article_that_it_was_trained_on(
    trained: Trained, version: Path
) -> None:
    predictor = Predictor(trained.model, version.name)
    found = evaluate(predictor, trained.corpus, read_seen(version))
    assert (found.evaluated, len(found.seen)) == (0, 120)
    assert found.seen_groups[0].f1_micro.value == 1.0


def test_a_version_does_not_take_new_articles_for_its_own(trained: Trained, version: Path) -> None:
    random = np.random.default_rng(0)
    fresh = tuple(
        replace(
            sample,
            article=Article(
                id=f"new{at}",
                title="",
                content="".join(chr(point) for point in random.integers(0x4E00, 0x5E00, 80)),
            ),
        )
        for at, sample in enumerate(trained.corpus.samples[::6])
    )
    corpus = replace(trained.corpus, samples=fresh)
    predictor = Predictor(trained.model, version.name)
    found = evaluate(predictor, corpus, read_seen(version))
    assert (found.evaluated, found.seen) == (20, {})
    assert (found.reviewed, found.kept_right.value) == (1.0, 0.0)  # unknown words


def test_what_was_said_out_of_fold_is_what_training_found(trained: Trained, version: Path) -> None:
    held = read_out_of_fold(version, trained.corpus.scheme)
    assert held.ids == tuple(sample.article.id for sample in trained.corpus.samples)
    assert held.labels == tuple(dict(sample.labels) for sample in trained.corpus.samples)
    assert np.allclose(held.likely, trained.likely, atol=1e-6, equal_nan=True)
