"""How many articles could pass without a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labels.scheme import Scheme
from models.decision import Rule
from training.coverage import coverage_at, coverage_at_target, coverage_of, place_of
from training.findings import Told, read_findings


def told(scheme: Scheme, best: list[float], right: list[bool]) -> Told:
    """Types of articles that got ``best`` as the probability of their best label."""
    group = scheme.groups[0]
    likely = np.zeros((len(best), 4))
    likely[:, 0] = best
    given = np.zeros(likely.shape, bool)
    given[:, 0] = np.isfinite(best)
    gold = np.zeros(likely.shape, bool)
    gold[np.arange(len(best)), np.where(right, 0, 1)] = True
    names = tuple(map(str, range(len(best))))
    rule = Rule(thresholds=(0.0,) * 4, sure=(0.6,) * 4, margin=0.0, trained=(True,) * 4)
    likely[~np.isfinite(best)] = np.nan
    return Told(
        group=group, rule=rule, ids=names, sources=names, gold=gold, likely=likely, given=given
    )


def test_a_perfect_model_lets_everything_pass(scheme: Scheme) -> None:
    coverage = coverage_of(told(scheme, [0.9, 0.4, 0.7], [True, True, True]))
    assert coverage_at(coverage, 1.0) == 1.0


def test_a_model_that_is_always_wrong_lets_nothing_pass(scheme: Scheme) -> None:
    coverage = coverage_of(told(scheme, [0.9, 0.4], [False, False]))
    assert coverage_at(coverage, 0.5) == 0.0
    assert place_of(coverage, 0.5) is None


def test_the_surest_articles_pass_until_too_many_are_wrong(scheme: Scheme) -> None:
    best, right = [0.5, 0.9, 0.8, 0.7, 0.6], [False, True, True, False, True]
    coverage = coverage_of(told(scheme, best, right))
    assert coverage.confidence.tolist() == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert coverage.precision.tolist() == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert coverage_at(coverage, 0.95) == 0.4
    assert coverage_at(coverage, 0.75) == 0.8  # beyond the place that falls short
    assert coverage_at(coverage, 0.6) == 1.0


def test_articles_of_equal_confidence_pass_together(scheme: Scheme) -> None:
    coverage = coverage_of(told(scheme, [0.9, 0.9, 0.8], [True, False, True]))
    assert coverage.share.tolist() == pytest.approx([2 / 3, 1])
    assert coverage_at(coverage, 0.95) == 0.0


def test_nineteen_of_twenty_are_95_per_cent(scheme: Scheme) -> None:
    coverage = coverage_of(told(scheme, [0.9] * 20, [True] * 19 + [False]))
    assert coverage_at(coverage, 0.95) == 1.0


def test_an_article_without_a_decision_never_passes(scheme: Scheme) -> None:
    coverage = coverage_of(told(scheme, [0.9, float("nan"), 0.8, 0.7], [True] * 4))
    assert coverage_at(coverage, 0.5) == 0.75


def test_of_no_article_nothing_passes(scheme: Scheme) -> None:
    assert coverage_at(coverage_of(told(scheme, [], [])), 0.5) == 0.0


def test_a_version_has_a_coverage_for_every_measured_group(stored: Path) -> None:
    found = coverage_at_target(stored)
    assert set(found) == {"type", "domains"}
    findings = read_findings(stored)
    for group in findings.scheme.groups:
        mine = findings.told(group)
        passing = mine.confidence >= sorted(mine.confidence)[-round(found[group.id] * 120)]
        assert mine.right[passing].mean() >= 0.95
        assert passing.mean() == pytest.approx(found[group.id])


def test_near_duplicates_are_not_weighed(scheme: Scheme) -> None:
    once = told(scheme, [0.9, 0.8], [True, False])
    rows = [0, 0, 0, 1]
    thrice = replace(
        once,
        ids=tuple("abcd"),
        gold=once.gold[rows],
        likely=once.likely[rows],
        given=once.given[rows],
    )
    assert coverage_at(coverage_of(thrice), 0.75) == 1.0
