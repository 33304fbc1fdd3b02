"""What a group gives, and when a person should look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labels.scheme import Group, Scheme
from models.decision import NEVER, Choice, Rule, decide

SURE = Rule(
    thresholds=(0.0, 0.0, 0.0), sure=(0.6, 0.6, 0.6), margin=0.15, trained=(True, True, True)
)
DOMAINS = Rule(thresholds=(0.5, 0.4), sure=(0.65, 0.55), margin=0.15, trained=(True, True))


@pytest.fixture
def kind(scheme: Scheme) -> Group:
    return scheme.groups[0]


@pytest.fixture
def domains(scheme: Scheme) -> Group:
    return scheme.groups[1]


def test_an_exclusive_group_gives_the_best_label(kind: Group) -> None:
    choice = decide(kind, SURE, [0.1, 0.8, 0.1])
    assert choice == Choice(given=(1,), reasons=())


def test_an_exclusive_group_that_is_not_sure_gives_the_best_guess_for_review(
    kind: Group,
) -> None:
    choice = decide(kind, SURE, [0.3, 0.29, 0.41])
    assert choice == Choice(given=(2,), reasons=("uncertain:type",))


def test_an_exclusive_group_is_sure_from_that_probability_on(kind: Group) -> None:
    assert decide(kind, SURE, [0.6, 0.4, 0.0]) == Choice(given=(0,), reasons=())


def test_an_exclusive_group_is_as_sure_as_its_best_label_must_be(kind: Group) -> None:
    rule = replace(SURE, sure=(0.9, 0.1, 0.5))
    assert decide(kind, rule, [0.8, 0.1, 0.1]).reasons == ("uncertain:type",)
    assert decide(kind, rule, [0.2, 0.5, 0.3]).reasons == ()


def test_an_untrained_exclusive_label_is_named_whatever_is_given(kind: Group) -> None:
    rule = replace(SURE, trained=(True, True, False))
    choice = decide(kind, rule, [0.9, 0.1, 0.0])
    assert choice == Choice(given=(0,), reasons=("untrained:type:policy_notice",))


def test_an_exclusive_group_without_any_trained_label_still_gives_one(kind: Group) -> None:
    rule = replace(SURE, trained=(False, False, False))
    choice = decide(kind, rule, [0.0] * 3)
    assert choice.given == (0,)
    assert choice.reasons == (
        "uncertain:type",
        "untrained:type:news",
        "untrained:type:event",
        "untrained:type:policy_notice",
    )


def test_a_multi_group_gives_every_label_from_its_threshold_on(domains: Group) -> None:
    assert decide(domains, DOMAINS, [0.9, 0.8]) == Choice(given=(0, 1), reasons=())


def test_a_multi_group_may_give_nothing(domains: Group) -> None:
    assert decide(domains, DOMAINS, [0.1, 0.1]) == Choice(given=(), reasons=())


def test_a_multi_label_close_above_its_threshold_is_given_for_review(domains: Group) -> None:
    choice = decide(domains, DOMAINS, [0.1, 0.5])
    assert choice == Choice(given=(1,), reasons=("uncertain:domains:biomedicine",))


def test_a_multi_label_close_below_its_threshold_is_held_back_for_review(
    domains: Group,
) -> None:
    choice = decide(domains, DOMAINS, [0.4, 0.9])
    assert choice == Choice(given=(1,), reasons=("uncertain:domains:ai",))


def test_a_multi_label_at_its_threshold_is_given(domains: Group) -> None:
    rule = Rule(thresholds=(0.5, 0.4), sure=(0.5, 0.4), margin=0, trained=(True, True))
    assert decide(domains, rule, [0.5, 0.4]) == Choice(given=(0, 1), reasons=())


def test_a_multi_label_is_sure_from_that_probability_on_whatever_the_margin(
    domains: Group,
) -> None:
    rule = replace(DOMAINS, sure=(0.9, 0.5))
    assert decide(domains, rule, [0.89, 0.5]).reasons == ("uncertain:domains:ai",)
    assert decide(domains, rule, [0.9, 0.49]).reasons == ("uncertain:domains:biomedicine",)


def test_a_multi_label_that_missed_its_threshold_by_the_margin_goes_without_review(
    domains: Group,
) -> None:
    rule = replace(DOMAINS, thresholds=(0.5, 0.5), margin=0.25)
    assert decide(domains, rule, [0.25, 0.26]) == Choice(
        given=(), reasons=("uncertain:domains:biomedicine",)
    )


def test_a_label_that_is_never_sure_is_given_for_review_at_any_probability(
    kind: Group, domains: Group
) -> None:
    never = replace(SURE, sure=(NEVER, 0.6, 0.6))
    assert decide(kind, never, [1.0, 0.0, 0.0]) == Choice(given=(0,), reasons=("uncertain:type",))
    assert decide(kind, never, [0.0, 1.0, 0.0]).reasons == ()
    one = replace(DOMAINS, sure=(NEVER, 0.55))
    assert decide(domains, one, [1.0, 1.0]) == Choice(
        given=(0, 1), reasons=("uncertain:domains:ai",)
    )


def test_a_multi_label_that_is_never_sure_and_not_given_goes_without_review(
    domains: Group,
) -> None:
    rule = replace(DOMAINS, sure=(NEVER, NEVER))
    assert decide(domains, rule, [0.1, 0.1]) == Choice(given=(), reasons=())


def test_an_untrained_multi_label_is_never_given_and_never_called_uncertain(
    domains: Group,
) -> None:
    rule = Rule(thresholds=(0.5, 0.0), sure=(0.65, 0.15), margin=0.15, trained=(True, False))
    choice = decide(domains, rule, [0.9, 0.0])
    assert choice == Choice(given=(0,), reasons=("untrained:domains:biomedicine",))


def test_uncertain_labels_are_named_before_untrained_ones(domains: Group) -> None:
    rule = Rule(thresholds=(0.5, 0.5), sure=(0.65, 0.65), margin=0.15, trained=(False, True))
    choice = decide(domains, rule, [0.0, 0.6])
    assert choice.reasons == ("uncertain:domains:biomedicine", "untrained:domains:ai")
