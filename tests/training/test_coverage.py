"""How many articles could pass without a person."""

from __future__ import annotations

import numpy as np
import pytest

from labels.scheme import Scheme
from training.coverage import Coverage, confidence_of, coverage_at, coverage_of


def covered(best: list[float], right: list[bool], weights: list[float] | None = None) -> Coverage:
    """Of articles of this confidence."""
    counted = None if weights is None else np.array(weights)
    return coverage_of(np.array(best), np.array(right, bool), counted)


def test_a_perfect_model_lets_everything_pass() -> None:
    coverage = covered([0.9, 0.4, 0.7], [True, True, True])
    assert coverage_at(coverage, 1.0) == 1.0


def test_a_model_that_is_always_wrong_lets_nothing_pass() -> None:
    coverage = covered([0.9, 0.4], [False, False])
    assert coverage_at(coverage, 0.5) == 0.0


def test_the_surest_articles_pass_until_too_many_are_wrong() -> None:
    best, right = [0.5, 0.9, 0.8, 0.7, 0.6], [False, True, True, False, True]
    coverage = covered(best, right)
    assert coverage.confidence.tolist() == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert coverage.precision.tolist() == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert coverage_at(coverage, 0.95) == 0.4
    assert coverage_at(coverage, 0.75) == 0.8  # beyond the place that falls short
    assert coverage_at(coverage, 0.6) == 1.0


def test_articles_of_equal_confidence_pass_together() -> None:
    coverage = covered([0.9, 0.9, 0.8], [True, False, True])
    assert coverage.share.tolist() == pytest.approx([2 / 3, 1])
    assert coverage_at(coverage, 0.95) == 0.0


def test_nineteen_of_twenty_are_95_per_cent() -> None:
    coverage = covered([0.9] * 20, [True] * 19 + [False])
    assert coverage_at(coverage, 0.95) == 1.0


def test_an_article_without_a_decision_never_passes() -> None:
    coverage = covered([0.9, float("nan"), 0.8, 0.7], [True] * 4)
    assert coverage_at(coverage, 0.5) == 0.75


def test_of_no_article_nothing_passes() -> None:
    assert coverage_at(covered([], []), 0.5) == 0.0


def test_articles_count_by_their_weights() -> None:
    """Of three copies of a right one and one that is wrong, a half is right."""
    best, right, weights = [0.9, 0.9, 0.9, 0.8], [True, True, True, False], [1 / 3] * 3 + [1.0]
    assert coverage_at(covered(best, right), 0.75) == 1.0
    assert coverage_at(covered(best, right, weights), 0.75) == pytest.approx(0.5)
    assert coverage_at(covered(best, right, weights), 0.5) == pytest.approx(1.0)


def test_the_confidence_of_an_exclusive_group_is_that_of_its_best_label(scheme: Scheme) -> None:
    likely = np.array([[0.7, 0.1, 0.1, 0.1], [0.2, 0.3, 0.4, 0.1], [np.nan] * 4])
    found = confidence_of(scheme.groups[0], likely, likely > 0.35)
    assert found[:2].tolist() == [0.7, 0.4]
    assert np.isnan(found[2])


def test_the_confidence_of_a_multi_group_is_that_of_its_least_sure_label(scheme: Scheme) -> None:
    likely = np.array([[0.9, 0.2, 0.0, 0.0], [0.6, 0.1, 0.0, 0.0], [0.45, 0.0, np.nan, 0.0]])
    found = confidence_of(scheme.groups[1], likely, likely >= 0.4)
    assert found == pytest.approx([0.8, 0.6, 0.45])
