from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labels.corpus import Corpus
from models.features import read_text
from models.segmentation import open_segmenter
from training.counts import count
from training.recipe import Recipe
from training.validation import Problem, judge, out_of_fold, pose


@pytest.fixture(scope="module")
def problem(corpus: Corpus, recipe: Recipe) -> Problem:
    return posed(corpus, recipe)


def posed(corpus: Corpus, recipe: Recipe) -> Problem:
    engine = open_segmenter("rjieba", ())
    texts = [read_text(sample.article, engine) for sample in corpus.samples]
    return pose(corpus, count(texts, recipe.blocks), recipe)


def quiet(_done: int, _of: int) -> None:
    pass


def test_every_evaluated_row_is_judged_once_in_each_partition(problem: Problem) -> None:
    rows = np.arange(0, 120, 3)
    for judged in judge(problem, rows, [0, 1], 1, quiet):
        assert np.isfinite(judged.likely[rows]).all()
        assert np.isnan(np.delete(judged.likely, rows, axis=0)).all()
        assert (judged.given[rows][:, :4].sum(axis=1) == 1).all()


def test_out_of_fold_scores_do_not_know_the_row_they_judge(problem: Problem) -> None:
    """Turning the label of one article must not move its own score."""
    rows = np.arange(120)
    turned = problem.targets.copy()
    turned[0, :4] = turned[0, :4][::-1]
    # The folds follow from the labels; only the training must see the turned one.
    before = out_of_fold(problem, rows, 0)
    after = out_of_fold(replace(problem, targets=turned), rows, 0)
    same_folds = np.isclose(before[1:], after[1:]).all(axis=1)
    assert not same_folds.all()
    assert np.isfinite(after).all()


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
    judged = judge(problem, np.arange(len(twins)), [0], 1, quiet)[0]
    right = (judged.given[:, :4] & problem.targets[:, :4]).any(axis=1).mean()
    assert right < 0.45  # chance is 0.25; remembering the twin would give 1
