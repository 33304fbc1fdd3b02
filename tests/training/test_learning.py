"""Learning curves: fewer articles, nested, without near-duplicates of what they are judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from training import learning
from training.counts import Rows
from training.learning import Point, gain_phrase, learning_curves
from training.measures import mean_f1
from training.problem import Problem
from training.recipe import Recipe
from training.validation import partitions


def folds_of(problem: Problem, source: Rows) -> list[Rows]:
    return partitions(problem, source, [problem.recipe.seed])[0]


@pytest.fixture(scope="module")
def everyone(corpus_problem: Problem) -> Rows:
    return np.arange(len(corpus_problem.targets))


@pytest.fixture(scope="module")
def curves(corpus_problem: Problem, everyone: Rows) -> dict[str, list[Point]]:
    return learning_curves(corpus_problem, everyone, folds_of(corpus_problem, everyone), 1.0, 1)


def test_each_point_has_about_twice_the_articles_of_the_one_before(
    curves: dict[str, list[Point]],
) -> None:
    counts = [point.articles for point in curves["type"]]
    assert counts[-1] == 80  # of 120 articles in three folds
    assert len(counts) == 5
    assert all(1.9 <= more / fewer <= 2.3 for fewer, more in pairwise(counts))


def test_words_that_tell_labels_apart_are_learnt_from_more_articles(
    curves: dict[str, list[Point]],
) -> None:
    for points in curves.values():
        assert points[-1].f1_macro > 0.9
        assert points[0].f1_macro < points[-1].f1_macro
        assert all(0 <= point.f1_micro <= 1 for point in points)


def test_a_curve_does_not_depend_on_the_number_of_jobs(
    corpus_problem: Problem, everyone: Rows, curves: dict[str, list[Point]]
) -> None:
    folds = folds_of(corpus_problem, everyone)
    assert learning_curves(corpus_problem, everyone, folds, 1.0, 2) == curves


def test_given_articles_are_counted_and_starter_ones_stand_beside(
    corpus_problem: Problem, everyone: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = everyone % 4 == 0
    mixed = replace(corpus_problem, given=given)
    source = np.flatnonzero(given)
    learnt = spied(monkeypatch)
    points = learning_curves(mixed, source, folds_of(mixed, source), 1.0, 1)["type"]
    assert [point.articles for point in points] == [0, 2, 4, 10, 20]
    for train, drawn, test in learnt:
        apart = np.flatnonzero(~np.isin(mixed.clusters, mixed.clusters[test]))
        beside = np.setdiff1d(apart, source)
        assert set(drawn) <= set(source)
        assert np.array_equal(train, np.sort(np.concatenate([beside, drawn])))


def test_parts_are_nested_whole_clusters_apart_from_the_fold(
    corpus_problem: Problem, everyone: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters = everyone // 3
    grouped = replace(corpus_problem, clusters=clusters)
    learnt = spied(monkeypatch)
    learning_curves(grouped, everyone, folds_of(grouped, everyone)[:1], 1.0, 1)
    assert len(learnt) == 5
    before: set[int] = set()
    for train, drawn, test in learnt:
        assert before < set(drawn.tolist())
        before = set(drawn.tolist())
        assert not set(clusters[train]) & set(clusters[test])
        assert np.bincount(clusters[drawn])[np.unique(clusters[drawn])].tolist() == [3] * (
            len(drawn) // 3
        )


def test_of_many_articles_half_are_the_most(corpus_problem: Problem, everyone: Rows) -> None:
    one = folds_of(corpus_problem, everyone)[:1]
    points = learning_curves(corpus_problem, everyone, one, 0.5, 1)["type"]
    assert 36 <= points[-1].articles <= 44  # of 80
    assert [point.f1_macro_error for point in points] == [None] * len(points)


def test_of_a_large_fold_some_clusters_are_judged_the_same_at_every_size(
    corpus_problem: Problem, everyone: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "_JUDGED", 7)
    clusters = everyone // 3
    grouped = replace(corpus_problem, clusters=clusters)
    learnt = spied(monkeypatch)
    fold = folds_of(grouped, everyone)[0]
    learning_curves(grouped, everyone, [fold], 1.0, 1)
    for train, _, test in learnt:
        assert len(test) == 21
        assert np.array_equal(test, learnt[0][2])
        assert not set(clusters[train]) & set(clusters[fold])


def test_the_same_numbers_as_of_all_rows_with_the_others_left_out(
    corpus_problem: Problem, everyone: Rows
) -> None:
    """To weigh the terms of a part alone changes nothing."""
    test, *others = folds_of(corpus_problem, everyone)
    train = np.sort(np.concatenate(others))
    step = learning._judge(corpus_problem, train, train, test)
    features = corpus_problem.features(train)
    for at, (group, sheet) in enumerate(
        zip(corpus_problem.scheme.groups, step.sheets, strict=True)
    ):
        scores = corpus_problem.fit(at, features, train).scores(features[group.kind][test])
        assert sheet.scores == pytest.approx(scores)
        gold = corpus_problem.targets[test, corpus_problem.scheme.columns(group)]
        assert np.array_equal(sheet.gold, gold)


def test_sizes_that_so_few_articles_do_not_have_are_left_out(
    corpus_problem: Problem, everyone: Rows
) -> None:
    few = everyone[:12]
    small = learning._part(corpus_problem, few)
    rows = np.arange(12)
    points = learning_curves(small, rows, folds_of(small, rows), 1.0, 1)["domains"]
    counts = [point.articles for point in points]
    assert counts == sorted(set(counts))
    assert counts[0] > 0
    assert counts[-1] == 8


def test_a_group_that_no_judged_article_has_gets_no_curve(
    corpus_problem: Problem, everyone: Rows
) -> None:
    known = corpus_problem.known.copy()
    known[:, 1] = False
    unknown = replace(corpus_problem, known=known)
    assert set(learning_curves(unknown, everyone, folds_of(unknown, everyone), 1.0, 1)) == {"type"}


def test_articles_are_those_whose_labels_of_the_group_are_known(
    corpus_problem: Problem, everyone: Rows
) -> None:
    known = corpus_problem.known.copy()
    known[::2, 1] = False
    halved = replace(corpus_problem, known=known)
    curves = learning_curves(halved, everyone, folds_of(halved, everyone), 1.0, 1)
    assert (curves["type"][-1].articles, curves["domains"][-1].articles) == (80, 40)


def test_a_fold_is_judged_by_the_recipe_that_was_found_without_it(
    corpus_problem: Problem, everyone: Rows
) -> None:
    folds = folds_of(corpus_problem, everyone)
    other = replace(corpus_problem.recipe, exclusive=corpus_problem.recipe.multi)
    found: dict[tuple[int, int], Recipe] = {(0, at): other for at in range(len(folds))}
    curves = learning_curves(corpus_problem, everyone, folds, 1.0, 1, found)
    assert curves == learning_curves(replace(corpus_problem, recipe=other), everyone, folds, 1.0, 1)


def test_a_label_that_was_not_learnt_has_no_score(corpus_problem: Problem, everyone: Rows) -> None:
    """Of one article each, no label can be learnt."""
    types = corpus_problem.targets[:, :4].argmax(axis=1)
    train = np.array([np.flatnonzero(types == at)[0] for at in range(3)])
    step = learning._judge(corpus_problem, train, train, everyone[60:])
    assert np.isneginf(step.sheets[0].scores).all()


def test_the_standard_error_is_that_of_the_jackknife() -> None:
    tables = np.array(
        [[[4.0, 1, 0], [3, 0, 1]], [[5.0, 0, 0], [2, 1, 2]], [[4.0, 0, 1], [4, 1, 0]]]
    )
    without = [mean_f1(tables[[b for b in range(3) if b != a]].sum(axis=0)) for a in range(3)]
    expected = np.sqrt(2 / 3 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert learning._jackknife(tables) == pytest.approx(expected)


def test_the_standard_error_of_a_gain_is_that_of_the_differences_fold_by_fold() -> None:
    before = np.array([[[4.0, 1, 0]], [[5.0, 0, 5]], [[4.0, 3, 1]]])
    after = before + np.array([1.0, 0, 0])
    gains = [
        mean_f1(np.delete(after, at, 0).sum(axis=0)) - mean_f1(np.delete(before, at, 0).sum(axis=0))
        for at in range(3)
    ]
    expected = np.sqrt(2 / 3 * np.sum((np.array(gains) - np.mean(gains)) ** 2))
    error = learning._jackknife(before, after)
    assert error == pytest.approx(expected)
    # What makes a fold hard for both does not make their difference unsure.
    assert error < learning._jackknife(before) / 2


def test_points_have_the_error_of_their_gain(curves: dict[str, list[Point]]) -> None:
    for first, *others in curves.values():
        assert first.gain_error is None
        assert all(point.gain_error is not None for point in others)


def test_sizes_with_as_many_known_articles_are_one_point(
    corpus_problem: Problem, everyone: Rows
) -> None:
    """Of ten articles with known labels the smallest sizes have as many as the next."""
    known = corpus_problem.known.copy()
    known[:, 1] = everyone % 12 == 0
    rare = replace(corpus_problem, known=known)
    folds = folds_of(rare, everyone)
    points = learning_curves(rare, everyone, folds, 1.0, 1)["domains"]
    counts = [point.articles for point in points]
    assert counts == sorted(set(counts))
    assert counts[-1] == 7  # two thirds of ten
    assert len(counts) < 5


def test_of_equal_sizes_the_last_is_kept(
    corpus_problem: Problem, everyone: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = folds_of(corpus_problem, everyone)
    usual = learning_curves(corpus_problem, everyone, folds, 1.0, 1)["type"]
    judge = learning._judge

    def equal(*given: Any) -> learning._Step:
        return replace(judge(*given), learnt=np.array([7, 7]))

    monkeypatch.setattr(learning, "_judge", equal)
    (point,) = learning_curves(corpus_problem, everyone, folds, 1.0, 1)["type"]
    assert (point.articles, point.f1_macro) == (7, usual[-1].f1_macro)
    assert point.gain_error is None


def point(articles: int, macro: float, error: float | None) -> Point:
    return Point(
        articles=articles, f1_macro=macro, f1_micro=0.5, f1_macro_error=0.1, gain_error=error
    )


def test_a_gain_beyond_two_errors_says_that_labelling_pays() -> None:
    points = [point(250, 0.90, None), point(1500, 0.95, 0.02)]
    assert gain_phrase(points, "given") == (
        "250 to 1,500 articles brought +0.050 macro-F1 (± 0.040): labelling more pays"
    )


def test_a_gain_within_two_errors_is_not_clear() -> None:
    points = [point(16, 0.90, None), point(32, 0.94, 0.03)]
    assert gain_phrase(points, "given") == (
        "16 to 32 articles brought +0.040 macro-F1 (± 0.060): no clear gain"
    )


def test_of_starter_articles_it_is_not_said_that_labelling_pays() -> None:
    points = [point(250, 0.90, None), point(1500, 0.95, 0.001)]
    assert gain_phrase(points, "starter") == (
        "250 to 1,500 articles brought +0.050 macro-F1 (± 0.002)"
    )


def test_of_one_fold_the_gain_is_told_without_a_judgement() -> None:
    points = [point(16, 0.90, None), point(32, 0.89, None)]
    assert gain_phrase(points, "given") == "16 to 32 articles brought -0.010 macro-F1"
    assert gain_phrase(points[:1], "given") is None


def spied(monkeypatch: pytest.MonkeyPatch) -> Sequence[tuple[Rows, Rows, Rows]]:
    """The rows of every model, those of them that were drawn, and those it is judged on."""
    seen: list[tuple[Rows, Rows, Rows]] = []
    judge = learning._judge

    def spy(problem: Problem, train: Rows, drawn: Rows, test: Rows) -> learning._Step:
        seen.append((train, drawn, test))
        return judge(problem, train, drawn, test)

    monkeypatch.setattr(learning, "_judge", spy)
    return seen
