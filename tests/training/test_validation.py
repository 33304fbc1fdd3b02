from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labels.article import Article
from labels.corpus import Corpus, Sample
from models.segmentation import open_segmenter
from models.text import read_text
from training.counts import count
from training.linear import Bools
from training.problem import Problem, pose
from training.recipe import Recipe
from training.validation import Judged, _judge_fold, judge, out_of_fold, partitions, theme_folds


@pytest.fixture(scope="module")
def problem(corpus: Corpus, recipe: Recipe) -> Problem:
    return posed(corpus, recipe)


def posed(corpus: Corpus, recipe: Recipe) -> Problem:
    engine = open_segmenter("rjieba", ())
    texts = [read_text(sample.article, engine) for sample in corpus.samples]
    return pose(corpus, count(texts, recipe.blocks), recipe)


def quiet(_done: int, _of: int) -> None:
    pass


@pytest.fixture(scope="module")
def mixed(corpus: Corpus, recipe: Recipe) -> Problem:
    """Every fourth article is a given one; the others are of five themes."""
    samples = tuple(
        replace(sample, source="starter", theme=f"s{at % 5}") if at % 4 else sample
        for at, sample in enumerate(corpus.samples)
    )
    return posed(replace(corpus, samples=samples), recipe)


def test_each_row_lies_in_one_fold_of_each_partition(problem: Problem) -> None:
    rows = np.arange(0, 120, 3)
    parted = partitions(problem, rows, [0, 1])
    assert [len(folds) for folds in parted] == [3, 3]
    assert [sorted(np.concatenate(folds).tolist()) for folds in parted] == [rows.tolist()] * 2


def test_rows_that_belong_together_share_a_fold(mixed: Problem) -> None:
    [folds] = partitions(mixed, np.arange(120), [0], together=mixed.kin)
    held = [set(mixed.kin[fold].tolist()) for fold in folds]
    assert sum(len(one) for one in held) == len(set.union(*held)) == len(set(mixed.kin.tolist()))


def test_given_articles_weigh_what_they_are_said_to_among_starter_ones(mixed: Problem) -> None:
    assert mixed.weights(np.arange(5), 3.0).tolist() == [3.0, 1.0, 1.0, 1.0, 3.0]


def test_where_there_is_one_source_all_articles_weigh_the_same(problem: Problem) -> None:
    assert problem.weights(np.arange(5), 3.0).tolist() == [1.0] * 5
    starter = replace(problem, given=~problem.given)
    assert starter.weights(np.arange(5), 3.0).tolist() == [1.0] * 5


def test_a_greater_weight_of_given_articles_moves_the_decision(
    corpus: Corpus, recipe: Recipe
) -> None:
    """Starter articles have the texts of given ones, and other types."""
    kinds = corpus.scheme.groups[0].ids
    turned = dict(zip(kinds, kinds[1:] + kinds[:1], strict=True))
    starter = tuple(
        replace(
            sample,
            article=replace(sample.article, id=f"s{sample.article.id}"),
            labels={**sample.labels, "type": frozenset(turned[x] for x in sample.labels["type"])},
            source="starter",
        )
        for sample in corpus.samples
    )
    both = replace(corpus, samples=(*corpus.samples, *starter, *starter))
    rows = np.arange(len(both))
    right = []
    for weight in (1.0, 10.0):
        learner = replace(recipe.exclusive, given_weight=weight)
        problem = posed(both, replace(recipe, exclusive=learner))
        features = problem.features(rows)
        scores = problem.fit(0, features, rows).scores(features["exclusive"])[:120]
        right.append((scores.argmax(axis=1) == problem.targets[:120, :4].argmax(axis=1)).mean())
    assert right[0] < 0.1
    assert right[1] > 0.9


def test_folds_of_themes_hold_whole_themes_of_starter_articles(mixed: Problem) -> None:
    folds = theme_folds(mixed)
    rows = np.concatenate(folds)
    assert sorted(rows.tolist()) == np.flatnonzero(~mixed.given).tolist()
    held = [set(mixed.kin[fold].tolist()) for fold in folds]
    assert sum(len(one) for one in held) == len(set.union(*held))


def test_another_seed_deals_other_folds_inside_and_outside(
    mixed: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = replace(mixed, kin=np.arange(120))
    other = replace(apart, recipe=replace(mixed.recipe, seed=5))
    assert [one.tolist() for one in theme_folds(apart)] != [
        one.tolist() for one in theme_folds(other)
    ]
    seeds: list[int] = []

    def keep(*given: Any) -> Judged:
        seeds.append(given[-1])
        return _judge_fold(*given)

    monkeypatch.setattr("training.validation._judge_fold", keep)
    judge(other, partitions(other, np.arange(120), [5, 6]), 1, quiet)
    assert seeds == [5] * 3 + [6] * 3


def test_the_few_articles_without_a_label_are_dealt_evenly(problem: Problem) -> None:
    """Those of which the group is unknown are no articles without it."""
    targets, known = problem.targets.copy(), problem.known.copy()
    known[:, 1] = np.arange(120) % 4 == 0
    targets[:, 4:] = False
    targets[:, 4] = known[:, 1] & (np.arange(120) >= 12)  # three known articles are without
    few = replace(problem, targets=targets, known=known, clusters=np.arange(120))
    for seed in range(50):
        [folds] = partitions(few, np.arange(120), [seed])
        assert [sum(row in (0, 4, 8) for row in fold) for fold in folds] == [1, 1, 1]


def test_a_label_that_a_fold_could_not_learn_does_not_send_it_to_review(problem: Problem) -> None:
    """Whether the model of all articles can learn it is for the report to say."""
    targets = problem.targets.copy()
    targets[:, 4] = np.arange(120) < 3
    few = replace(problem, targets=targets, clusters=np.arange(120))
    [judged] = judge(few, partitions(few, np.arange(120), [0]), 1, quiet)
    assert not judged.learnt[:, 4].any()
    assert judged.learnt[:, :4].all()
    assert judged.review[:, 1].mean() < 0.5


def test_a_fold_may_have_a_recipe_of_its_own(problem: Problem) -> None:
    parted = partitions(problem, np.arange(120), [0])
    strict = replace(problem.recipe, sure=1.1)  # no probability reaches it
    [judged] = judge(problem, parted, 1, quiet, {(0, 1): strict})
    reviewed = [judged.review[fold, 0].mean() for fold in parted[0]]
    assert reviewed[1] == 1.0
    assert max(reviewed[0], reviewed[2]) < 1.0


def test_the_style_of_a_theme_does_not_raise_out_of_fold_scores(
    corpus: Corpus, recipe: Recipe
) -> None:
    """A theme has characters of its own and one random type: to know it is to remember it."""
    random = np.random.default_rng(8)
    kinds = [frozenset([kind]) for kind in corpus.scheme.groups[0].ids]
    samples = tuple(
        Sample(
            article=Article(
                id=f"{theme}{copy}",
                title="",
                content="".join(chr(point) for point in random.permutation(points)),
            ),
            labels={"type": label, "domains": frozenset()},
            source="starter",
            labelled_by="article row",
            theme=f"s{theme}",
        )
        for theme in range(60)
        for points in [random.integers(0x4E00, 0x5E00, 80)]
        for label in [kinds[random.integers(4)]]
        for copy in "甲乙"
    )
    themed = replace(corpus, samples=samples)
    assert len(set(themed.clusters.tolist())) == 120
    problem = posed(themed, recipe)
    remembering = replace(problem, kin=problem.clusters)
    right = [
        (
            out_of_fold(one, np.arange(120), 0)[:, :4].argmax(axis=1)
            == one.targets[:, :4].argmax(axis=1)
        ).mean()
        for one in (problem, remembering)
    ]
    assert right[0] < 0.45  # chance is 0.25
    assert right[1] > 0.6


def test_every_evaluated_row_is_judged_once_in_each_partition(problem: Problem) -> None:
    rows = np.arange(0, 120, 3)
    for judged in judge(problem, partitions(problem, rows, [0, 1]), 1, quiet):
        assert np.isfinite(judged.likely[rows]).all()
        assert np.isnan(np.delete(judged.likely, rows, axis=0)).all()
        assert (judged.given[rows][:, :4].sum(axis=1) == 1).all()


def test_out_of_fold_scores_do_not_know_the_row_they_judge(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turning the label of one article must not move its own score, in the same folds."""
    rows = np.arange(120)
    monkeypatch.setattr("training.validation._folds", lambda *_: rows % 3)
    turned = problem.targets.copy()
    turned[0, :4] = turned[0, :4][::-1]
    before = out_of_fold(problem, rows, 0)
    after = out_of_fold(replace(problem, targets=turned), rows, 0)
    moved: Bools = np.any(np.abs(before - after) > 1e-9, axis=1, keepdims=True)
    assert [bool(moved[rows % 3 == fold].any()) for fold in range(3)] == [False, True, True]


def test_planted_near_duplicates_do_not_raise_the_score(corpus: Corpus, recipe: Recipe) -> None:
    """Each article gets a twin under a random label: only remembering could score on them."""
    random = np.random.default_rng(3)
    kinds = [frozenset([kind]) for kind in corpus.scheme.groups[0].ids]
    twins = tuple(
        replace(
            sample,
            article=replace(
                sample.article, id=f"{sample.article.id}{half}", title="", content=text + half
            ),
            labels={"type": label, "domains": frozenset()},
        )
        for sample in corpus.samples[:60]
        for text in ["".join(chr(point) for point in random.integers(0x4E00, 0x5E00, 200))]
        for label in [kinds[random.integers(4)]]
        for half in "甲乙"
    )
    planted = replace(corpus, samples=twins)
    assert len(set(planted.clusters.tolist())) == 60
    problem = posed(planted, recipe)
    parted = partitions(problem, np.arange(len(twins)), [0])
    judged = judge(problem, parted, 1, quiet)[0]
    right = (judged.given[:, :4] & problem.targets[:, :4]).any(axis=1).mean()
    assert right < 0.45  # chance is 0.25; remembering the twin would give 1
