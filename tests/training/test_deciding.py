from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.decision import NEVER, decide
from training.deciding import Deciding, learn_deciding, probabilities, promised
from training.linear import Floats
from training.problem import Problem

EVERY = np.arange(120)


@pytest.fixture(scope="module")
def problem(corpus_problem: Problem) -> Problem:
    return corpus_problem


@pytest.fixture(scope="module")
def mixed(problem: Problem) -> Problem:
    """Every fourth article is a given one."""
    return replace(problem, given=EVERY % 4 == 0)


def carried(problem: Problem, scores: Floats) -> Deciding:
    """Learnt from the scores, which carry the promises as well."""
    learnt = learn_deciding(problem, EVERY, scores)
    return promised(problem, learnt, EVERY, probabilities(problem, learnt, scores))


def test_calibration_and_thresholds_trust_given_articles_more(mixed: Problem) -> None:
    """Scores of given articles are right, those of starter articles say nothing."""
    random = np.random.default_rng(6)
    right = np.where(mixed.targets, 1.0, -1.0)
    scores = np.where(mixed.given[:, None], right, random.normal(0, 1, right.shape))
    rows = np.arange(len(right))
    little, much = (
        learn_deciding(replace(mixed, recipe=replace(mixed.recipe, trust=trust)), rows, scores)
        for trust in (1.0, 100.0)
    )
    for group in mixed.scheme.groups:
        columns = mixed.scheme.columns(group)
        has = mixed.targets[mixed.given, columns]
        sure, unsure = (
            one.calibrations[group.id](scores[mixed.given, columns])[has].mean()
            for one in (much, little)
        )
        assert sure > unsure + 0.1


def test_promises_speak_of_given_articles_where_there_are_any(
    mixed: Problem, problem: Problem
) -> None:
    for one, articles in ((mixed, 30), (problem, 120)):
        asked = replace(one, clusters=np.arange(120), recipe=replace(one.recipe, precision=0.8))
        scores = np.where(one.targets, 1.0, -1.0)
        promises = carried(asked, scores).promises
        assert promises["type"].articles == articles
        assert sum(promise.given for promise in promises["type"].labels) == articles


def test_where_given_articles_say_nothing_of_a_group_it_promises_nothing(mixed: Problem) -> None:
    known = mixed.known.copy()
    known[mixed.given, 1] = False
    partly = replace(mixed, known=known, recipe=replace(mixed.recipe, precision=0.6))
    learnt = carried(partly, np.where(mixed.targets, 1.0, -1.0))
    promises = learnt.promises["domains"]
    assert (promises.source, promises.articles) == ("given", 0)
    assert set(learnt.rules["domains"].sure) == {NEVER}
    assert any(one.sure is not None for one in learnt.promises["type"].labels)


def test_promises_can_be_carried_by_other_probabilities(problem: Problem) -> None:
    asked = replace(problem, recipe=replace(problem.recipe, precision=0.7))
    learnt = carried(asked, np.where(problem.targets, 1.0, -1.0))
    nothing = np.full(problem.targets.shape, np.nan)
    held = promised(asked, learnt, np.arange(120), nothing)
    assert {one.given for one in held.promises["type"].labels} == {0}
    assert set(held.rules["type"].sure) == {NEVER}
    assert held.rules["type"].thresholds == learnt.rules["type"].thresholds


def test_where_no_given_article_is_at_hand_starter_articles_promise_nothing(mixed: Problem) -> None:
    """As in a fold that holds all of the given ones."""
    asked = replace(mixed, recipe=replace(mixed.recipe, precision=0.6))
    scores = np.where(mixed.targets, 1.0, -1.0)
    learnt = learn_deciding(asked, EVERY, scores)
    starter = np.flatnonzero(~mixed.given)
    held = promised(asked, learnt, starter, probabilities(asked, learnt, scores))
    assert {(one.source, one.articles) for one in held.promises.values()} == {("given", 0)}
    assert {sure for rule in held.rules.values() for sure in rule.sure} == {NEVER}


def test_without_a_promise_what_gets_a_label_goes_to_review_and_nothing_else(
    mixed: Problem,
) -> None:
    """Of a multi group an article may get no label: that was never promised."""
    asked = replace(mixed, recipe=replace(mixed.recipe, precision=0.95))
    learnt = carried(asked, np.where(mixed.targets, 1.0, -1.0))
    types, domains = mixed.scheme.groups
    assert decide(types, learnt.rules["type"], [0.25] * 4).reasons
    assert decide(domains, learnt.rules["domains"], [1.0, 0, 0, 0]).reasons
    assert not decide(domains, learnt.rules["domains"], [0.0] * 4).reasons


@pytest.mark.parametrize(("distinct", "trained"), [(3, False), (4, True)])
def test_a_label_takes_four_distinct_articles(
    problem: Problem, distinct: int, trained: bool
) -> None:
    """Ten articles of the label, of which the first so many are no near-duplicates."""
    targets = problem.targets.copy()
    targets[:, 4] = EVERY < 10
    clusters = np.where(EVERY < 10, np.minimum(EVERY, distinct - 1), EVERY)
    few = replace(problem, targets=targets, clusters=clusters)
    learnt = learn_deciding(few, EVERY, np.where(targets, 1.0, -1.0))
    assert learnt.rules["domains"].trained[0] is trained


@pytest.mark.parametrize(("lacking", "trained"), [(3, False), (4, True)])
def test_a_label_takes_four_distinct_articles_without_it(
    problem: Problem, lacking: int, trained: bool
) -> None:
    targets = problem.targets.copy()
    targets[:, 4] = 120 - lacking > EVERY
    learnt = learn_deciding(
        replace(problem, targets=targets, clusters=EVERY), EVERY, np.where(targets, 1.0, -1.0)
    )
    assert learnt.rules["domains"].trained[0] is trained
