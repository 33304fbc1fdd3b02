from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.features import Block
from training.choice import Mark, Outcome, Standing, choose, share_of_given
from training.problem import Problem
from training.recipe import Learner, Recipe

ONE, OTHER = Learner(blocks=(Block(field="whole"),)), Learner(blocks=(Block(field="title"),))


def mark(worth: float) -> Mark:
    return Mark(f1=worth, loss=0.0)


def standing(own: float, themes: float | None, share: float, fold: float = 0.0) -> Standing:
    """The same worth in each of two folds, but ``fold`` more without the first of them."""

    def outcome(worth: float) -> Outcome:
        return Outcome(whole=mark(worth), without=[mark(worth + fold), mark(worth)])

    return Standing(
        own=[outcome(own)], themes=None if themes is None else outcome(themes), share=share
    )


def test_given_articles_choose_by_the_trust_in_them(
    corpus_problem: Problem,
) -> None:
    trusted = replace(
        corpus_problem,
        given=np.arange(120) < 30,
        clusters=np.arange(120),
        recipe=replace(corpus_problem.recipe, trust=6.0),
    )
    assert share_of_given(trusted, "multi") == pytest.approx(180 / (180 + 90))
    assert share_of_given(replace(trusted, given=np.zeros(120, bool)), "multi") == 0.0
    assert share_of_given(replace(trusted, given=np.ones(120, bool)), "multi") == 1.0


def test_only_articles_with_a_known_label_choose_and_copies_choose_once(
    corpus_problem: Problem,
) -> None:
    known = corpus_problem.known.copy()
    known[:30, 1] = np.arange(30) < 6  # of the given articles, six have known domains
    partly = replace(
        corpus_problem,
        given=np.arange(120) < 30,
        known=known,
        clusters=np.where(np.arange(120) < 3, 0, np.arange(120)),
        recipe=replace(corpus_problem.recipe, trust=6.0),
    )
    assert share_of_given(partly, "multi") == pytest.approx(6 * 4 / (6 * 4 + 90))
    assert share_of_given(partly, "exclusive") == pytest.approx(6 * 28 / (6 * 28 + 90))


def test_beside_given_articles_both_have_their_say() -> None:
    one = standing(0.8, 0.4, 0.75, fold=0.1)
    assert one.worth == pytest.approx(0.75 * 0.8 + 0.25 * 0.4)
    assert one.worth_without(0, 0) == pytest.approx(0.75 * 0.9 + 0.25 * 0.4)


def test_starter_articles_alone_choose_by_their_themes() -> None:
    one = standing(0.8, 0.4, 0.0, fold=0.1)
    assert one.worth == pytest.approx(0.4)
    assert one.worth_without(0, 0) == pytest.approx(0.9)  # themes have seen the fold


def test_where_nothing_was_measured_learners_are_alike() -> None:
    nothing = Outcome(whole=None, without=[None])
    one = Standing(own=[nothing], themes=standing(0.0, 0.4, 0.5).themes, share=0.5)
    assert one.worth == one.worth_without(0, 0) == pytest.approx(0.2)
    unknown = replace(one, share=0.0)  # no given article has a label of such a group
    assert unknown.worth == unknown.worth_without(0, 0) == pytest.approx(0.4)
    trial = choose(Recipe(), {"multi": {ONE: one}}, [1]).trials[0]
    assert (trial.f1, trial.loss) == (None, None)
    assert trial.starter_f1 == pytest.approx(0.4)


def test_each_fold_takes_the_best_without_it() -> None:
    tried = {ONE: standing(0.5, None, 1.0, fold=0.3), OTHER: standing(0.6, None, 1.0)}
    found = choose(Recipe(), {"exclusive": tried}, [2])
    assert found.recipe.exclusive == OTHER
    assert [found.recipes[0, fold].exclusive for fold in (0, 1)] == [ONE, OTHER]
    assert [trial.chosen for trial in found.trials] == [0.5, 0.5]
    assert [trial.best for trial in found.trials] == [False, True]
