"""Curves, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from labels.intervals import wilson
from labels.scheme import Scheme
from models.decision import Rule
from training.curves import decisions_of, precision_recall, reliability
from training.findings import Told
from training.linear import Bools, Floats
from training.reliability import calibration_error


def told(scheme: Scheme, likely: Floats, gold: Bools, threshold: float = 0.5) -> Told:
    """Domains by hand."""
    rule = Rule(thresholds=(threshold,) * 4, sure=(0.9,) * 4, margin=0.1, trained=(True,) * 4)
    names = tuple(map(str, range(len(likely))))
    return Told(
        group=scheme.groups[1],
        rule=rule,
        ids=names,
        sources=names,
        gold=gold,
        likely=likely,
        given=likely >= threshold,
    )


@pytest.fixture(scope="module")
def drawn(scheme: Scheme) -> Told:
    """Fifty articles whose probabilities say something, with ties."""
    random = np.random.default_rng(3)
    gold = random.random((50, 4)) < 0.3
    likely = np.clip(gold * 0.3 + random.random((50, 4)) * 0.7, 0, 1).round(1)
    return told(scheme, likely, gold)


def test_precision_and_recall_are_those_of_scikit_learn(drawn: Told) -> None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    for at in range(4):
        curve = precision_recall(drawn, at)
        assert curve is not None
        precision, recall, likely = precision_recall_curve(drawn.gold[:, at], drawn.likely[:, at])
        assert curve.likely == pytest.approx(likely[::-1])
        assert curve.precision == pytest.approx(precision[:-1][::-1])
        assert curve.recall == pytest.approx(recall[:-1][::-1])
        average = average_precision_score(drawn.gold[:, at], drawn.likely[:, at])
        assert curve.average == pytest.approx(average)


def test_what_the_rule_chose_lies_where_its_threshold_is(drawn: Told) -> None:
    curve = precision_recall(drawn, 2)
    assert curve is not None
    place = np.flatnonzero(curve.likely >= 0.5)[-1]
    assert curve.precision_chosen == pytest.approx(curve.precision[place])
    assert curve.recall_chosen == pytest.approx(curve.recall[place])


def test_a_label_that_no_article_has_gives_no_curve(scheme: Scheme) -> None:
    likely = np.full((3, 4), 0.2)
    assert precision_recall(told(scheme, likely, np.zeros((3, 4), bool)), 0) is None


def test_a_label_that_is_given_to_no_article_has_no_precision(scheme: Scheme) -> None:
    gold = np.zeros((3, 4), bool)
    gold[0, 0] = True
    curve = precision_recall(told(scheme, np.full((3, 4), 0.2), gold), 0)
    assert curve is not None
    assert (curve.precision_chosen, curve.recall_chosen) == (None, 0.0)


def test_articles_without_a_probability_of_the_label_are_left_out(scheme: Scheme) -> None:
    gold = np.zeros((4, 4), bool)
    gold[:2, 0] = True
    likely = np.full((4, 4), 0.2)
    likely[0, 0], likely[1, 0] = np.nan, 0.9
    curve = precision_recall(told(scheme, likely, gold), 0)
    assert curve is not None
    assert (curve.articles, curve.having, curve.average) == (3, 1, 1.0)
    gold[1, 0] = False
    assert precision_recall(told(scheme, likely, gold), 0) is None


def test_bins_hold_all_decisions_and_say_how_many_came_true() -> None:
    likely = np.array([0.05, 0.06, 0.55, 0.58, 0.59, 1.0])
    so = np.array([False, False, True, False, True, True])
    first, middle, last = reliability(likely, so)
    assert (first.decisions, middle.decisions, last.decisions) == (2, 3, 1)
    assert middle.likely == pytest.approx(0.5733333)
    assert middle.share == pytest.approx(2 / 3)
    assert (middle.low, middle.high) == wilson(2, 3)
    assert (first.share, last.share) == (0, 1)


def test_bins_are_those_of_the_expected_calibration_error(drawn: Told) -> None:
    likely, so = decisions_of(drawn)
    bins = reliability(likely, so)
    weighed = sum(one.decisions * abs(one.likely - one.share) for one in bins)
    assert weighed / len(likely) == pytest.approx(calibration_error(likely, so))


def test_decisions_are_of_the_best_label_or_of_all(scheme: Scheme, drawn: Told) -> None:
    assert len(decisions_of(drawn)[0]) == 200
    likely = np.array([[0.7, 0.1, 0.1, 0.1], [np.nan] * 4])
    given = np.array([[True, False, False, False], [False] * 4])
    exclusive = Told(
        group=scheme.groups[0],
        rule=drawn.rule,
        ids=("a", "b"),
        sources=("given", "given"),
        gold=given,
        likely=likely,
        given=given,
    )
    assert [part.tolist() for part in decisions_of(exclusive)] == [[0.7], [True]]
