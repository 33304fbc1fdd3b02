"""The labels that a rule gives, against what a service would decide."""

from __future__ import annotations

import numpy as np
import pytest

from labels.scheme import Group, Scheme
from models.decision import Rule, decide
from training.giving import given_by


def rule_of(group: Group, threshold: float = 0.5) -> Rule:
    count = len(group.ids)
    return Rule(
        thresholds=(threshold,) * count, sure=(0.9,) * count, margin=0.1, trained=(True,) * count
    )


@pytest.mark.parametrize("at", [0, 1])
def test_it_gives_what_is_decided_for_one_article(scheme: Scheme, at: int) -> None:
    group = scheme.groups[at]
    likely = np.random.default_rng(2).random((40, len(group.ids))).round(1)  # with ties
    for row, given in zip(likely, given_by(group, rule_of(group), likely), strict=True):
        choice = decide(group, rule_of(group), row.tolist())
        assert np.flatnonzero(given).tolist() == list(choice.given)


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_where_no_label_had_been_learnt_none_is_given(
    scheme: Scheme, at: int, nothing: float
) -> None:
    group = scheme.groups[at]
    assert not given_by(group, rule_of(group), np.full((1, 4), nothing)).any()


def test_a_label_that_had_not_been_learnt_leaves_the_others(scheme: Scheme) -> None:
    likely = np.array([[np.nan, 0.3, 0.7, 0.0]])
    for group in scheme.groups:
        assert given_by(group, rule_of(group), likely).tolist() == [[False, False, True, False]]
