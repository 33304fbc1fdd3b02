"""Validation where articles are many: one fold tells enough, and processes cost too much."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from labels.corpus import Corpus
from training.problem import Problem
from training.recipe import Recipe
from training.reporting import report_from, report_lines
from training.train import Trained, train
from training.validation import judge, partitions


@pytest.fixture(scope="module")
def apart(corpus: Corpus) -> Corpus:
    """The corpus without near-duplicates."""
    kept = np.unique(corpus.clusters)[:111]
    return replace(corpus, samples=tuple(corpus.samples[at] for at in kept))


@pytest.fixture(scope="module")
def many(apart: Corpus) -> Trained:
    """As if 30 articles were enough to judge by; 21 of the 111 are the starter's."""
    mixed = tuple(
        replace(s, source="starter") if at % 5 == 0 and at < 105 else s
        for at, s in enumerate(apart.samples)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.train._ENOUGH", 30)
        asked = replace(Recipe(), folds=3, precision=0.6)
        return train(replace(apart, samples=mixed), asked, "rjieba", 1, lambda _done, _of: None)


def test_one_fold_is_judged_and_the_others_are_trained_on(many: Trained) -> None:
    report = many.report
    assert (report.evaluated, report.beside, report.fold_of) == (31, 80, 90)
    assert report.seeds == [0]
    assert [group.articles for group in report.groups] == [31, 31]
    assert report.groups[0].f1_macro.value > 0.9


def test_the_report_says_that_it_is_one_fold(many: Trained) -> None:
    assert next(report_lines(many.report)) == (
        "Measured on 31 given articles, one fold of 90, judged by a model of all other articles."
    )


def test_a_promise_rests_on_the_judged_fold(many: Trained) -> None:
    promises = many.report.promises["type"]
    assert (promises.source, promises.articles) == ("given", 31)
    assert any(one.sure is not None for one in promises.labels)


def test_every_article_has_out_of_fold_probabilities(many: Trained) -> None:
    assert np.isfinite(many.likely).all()


def test_the_learning_curve_ends_at_half_of_the_articles(many: Trained) -> None:
    """59 of the 90 given articles stand in other folds than the judged one."""
    for points in many.report.learning.values():
        assert [point.articles for point in points] == [0, 3, 7, 14, 29]
        assert {point.f1_macro_error for point in points} == {None}


def test_progress_counts_the_one_fold(apart: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.train._ENOUGH", 37)
    steps: list[tuple[int, int]] = []
    recipe = replace(Recipe(), folds=3)
    train(apart, recipe, "rjieba", 1, lambda done, of: steps.append((done, of)))
    assert steps == [(1, 1)]


def test_below_that_every_fold_is_judged(apart: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.train._ENOUGH", 38)
    report = train(apart, replace(Recipe(), folds=3), "rjieba", 1, lambda _done, _of: None).report
    assert (report.evaluated, report.beside, report.fold_of) == (111, 0, None)


def test_near_duplicates_do_not_make_articles_many(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """120 articles, three folds of 40; but 112 of them are distinct."""
    monkeypatch.setattr("training.train._ENOUGH", 40)
    report = train(corpus, replace(Recipe(), folds=3), "rjieba", 1, lambda _done, _of: None).report
    assert (report.evaluated, report.fold_of) == (120, None)


def test_a_saved_report_knows_its_fold(many: Trained, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(asdict(many.report)), "utf-8")
    assert report_from(tmp_path / "report.json") == many.report


@pytest.mark.parametrize(("least", "expected"), [(119, 1), (120, 2)])
def test_a_large_problem_is_sent_to_no_other_process(
    corpus_problem: Problem, monkeypatch: pytest.MonkeyPatch, least: int, expected: int
) -> None:
    asked: list[int] = []
    parallel = joblib.Parallel

    def spy(n_jobs: int, **given: Any) -> Any:
        asked.append(n_jobs)
        return parallel(n_jobs=1, **given)

    monkeypatch.setattr("training.problem._LARGE", least)
    monkeypatch.setattr(joblib, "Parallel", spy)
    rows: Sequence[Any] = partitions(corpus_problem, np.arange(120), [0])
    judge(corpus_problem, rows, 2, lambda _done, _of: None)
    assert asked[0] == expected
