"""Figures do not flatter: labels that follow from nothing score what guessing does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from labels.corpus import Corpus
from models.segmentation import open_segmenter
from models.text import read_text
from training.counts import count
from training.measures import Spread
from training.problem import Problem, pose
from training.recipe import Recipe
from training.report import Gold, report_on
from training.validation import Judged, judge, partitions

CHANCE = 0.25  # of four types with equally many articles
NEAR_CHANCE = 0.45  # above four standard deviations of 120 articles
SEEDS = [0, 1, 2]


@pytest.fixture(scope="module")
def types(corpus: Corpus) -> Corpus:
    """The corpus with nothing but its types, where domains would be learnt for nobody."""
    (first, _) = corpus.scheme.groups
    samples = tuple(
        replace(sample, labels={first.id: sample.labels[first.id]}) for sample in corpus.samples
    )
    return Corpus(scheme=replace(corpus.scheme, groups=(first,)), samples=samples)


def permuted(corpus: Corpus, seed: int) -> Corpus:
    """The same articles under the labels of others."""
    order = np.random.default_rng(seed).permutation(len(corpus))
    samples = tuple(
        replace(sample, labels=corpus.samples[other].labels)
        for sample, other in zip(corpus.samples, order, strict=True)
    )
    return replace(corpus, samples=samples)


def with_near_duplicates(corpus: Corpus) -> Corpus:
    """Every article four times: as it is, and three times with a tiny edit."""
    samples = tuple(
        replace(
            sample,
            article=replace(
                sample.article,
                id=sample.article.id + edit,
                content=sample.article.content + edit,
            ),
        )
        for sample in corpus.samples
        for edit in ("", "甲", "乙", "丙")
    )
    return replace(corpus, samples=samples)


def posed(corpus: Corpus, recipe: Recipe) -> Problem:
    engine = open_segmenter("rjieba", ())
    texts = [read_text(sample.article, engine) for sample in corpus.samples]
    return pose(corpus, count(texts, recipe.blocks), recipe)


def accuracy(problem: Problem, seeds: Sequence[int] = (0,)) -> float:
    """Of types, judged nested over all articles; the mean over partitions."""
    every = np.arange(len(problem.targets))
    judged = judge(problem, partitions(problem, every, seeds), 1, lambda _done, _of: None)
    right = [(part.given & problem.targets).any(axis=1).mean() for part in judged]
    return float(np.mean(right))


def test_labels_that_follow_from_the_text_are_learnt(types: Corpus, recipe: Recipe) -> None:
    """Or the tests below would hold for a model that learns nothing."""
    assert accuracy(posed(types, recipe)) > 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_permuted_labels_score_at_chance(types: Corpus, recipe: Recipe, seed: int) -> None:
    assert types.targets(types.scheme.groups[0]).mean(axis=0).tolist() == [CHANCE] * 4
    assert accuracy(posed(permuted(types, seed), recipe), (0, 1)) < NEAR_CHANCE


def test_permuted_labels_leave_the_micro_f1_of_domains_low(corpus: Corpus, recipe: Recipe) -> None:
    problem = posed(permuted(corpus, 0), recipe)
    every = np.arange(len(corpus))
    judged = judge(problem, partitions(problem, every, [0, 1]), 1, lambda _done, _of: None)
    _, domains = report_on(Gold.of(permuted(corpus, 0)), judged, every)
    # Each domain is that of a fifth: to give all to everything would score 1/3.
    assert domains.f1_micro.value < 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_near_duplicates_do_not_raise_the_score(
    types: Corpus, recipe: Recipe, seed: int
) -> None:
    planted = with_near_duplicates(permuted(types, seed))
    assert len(set(planted.clusters.tolist())) <= len(types)
    assert accuracy(posed(planted, recipe)) < NEAR_CHANCE


def test_were_near_duplicates_not_kept_together_they_would_raise_the_score(
    types: Corpus, recipe: Recipe
) -> None:
    """The test above can fail."""
    problem = posed(with_near_duplicates(permuted(types, 0)), recipe)
    apart = np.arange(len(problem.targets))
    assert accuracy(replace(problem, clusters=apart, kin=apart)) > 0.9


def test_near_duplicates_never_stand_in_two_folds(types: Corpus, recipe: Recipe) -> None:
    problem = posed(with_near_duplicates(permuted(types, 0)), recipe)
    every = np.arange(len(problem.targets))
    for folds in partitions(problem, every, SEEDS):
        clusters = [set(problem.clusters[fold].tolist()) for fold in folds]
        assert sum(map(len, clusters)) == len(set[int]().union(*clusters))
        assert sorted(np.concatenate(folds).tolist()) == every.tolist()


def test_a_row_set_apart_with_other_rows_takes_its_near_duplicates_out_of_training(
    types: Corpus, recipe: Recipe
) -> None:
    """Whatever the folds are, as with themes: the models of a fold never saw its like."""
    problem = posed(with_near_duplicates(permuted(types, 0)), recipe)
    every = np.arange(len(problem.targets))
    apart = partitions(problem, every, [0], together=every)
    judged = judge(problem, apart, 1, lambda _done, _of: None)[0]
    right = (judged.given & problem.targets).any(axis=1).mean()
    assert right < NEAR_CHANCE


@pytest.mark.parametrize(
    ("n", "truth"),
    [
        (40, 0.8),
        (40, 0.9),
        (40, 0.97),
        (200, 0.8),
        (200, 0.9),
        (200, 0.97),
    ],
)
def test_the_interval_of_an_accuracy_holds_the_truth(
    accuracies: dict[int, list[Spread]], n: int, truth: float
) -> None:
    """Exactly: every number of right articles, by its chance."""
    held = [figure.low <= truth <= figure.high for figure in accuracies[n]]
    assert float(binom.pmf(np.arange(n + 1), n, truth) @ np.array(held)) >= 0.92


@pytest.fixture(scope="module")
def accuracies(corpus: Corpus) -> dict[int, list[Spread]]:
    """What the report says of the accuracy of none, one, two… right articles of n."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.measures.calibration_error_interval", lambda *_: (0.0, 0.0, 1.0))
        return {n: [_reported(corpus, right, n) for right in range(n + 1)] for n in (40, 200)}


def _reported(corpus: Corpus, right: int, n: int) -> Spread:
    scheme = replace(corpus.scheme, groups=corpus.scheme.groups[:1])
    kind = np.arange(n) % 4
    guess = np.where(np.arange(n) < right, kind, (kind + 1) % 4)
    given, targets = np.eye(4, dtype=bool)[guess], np.eye(4, dtype=bool)[kind]
    judged = Judged(
        likely=given.astype(float),
        given=given,
        review=np.zeros((n, 1), bool),
        learnt=np.ones_like(given),
    )
    gold = Gold(scheme=scheme, targets=targets, known=np.ones((n, 1), bool), clusters=np.arange(n))
    return report_on(gold, [judged], np.arange(n))[0].f1_micro
