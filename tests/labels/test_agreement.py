from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.agreement import Agreement, Reading, agreement, cohen_kappa
from labels.scheme import Scheme

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")))


def read(*labels: str) -> list[Reading]:
    return [frozenset(label.split()) for label in labels]


def test_kappa_of_the_textbook() -> None:
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    first, second = zip(*pairs, strict=True)
    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_kappa_of_readers_who_always_agree_is_one() -> None:
    assert cohen_kappa("aab", "aab") == 1.0


def test_kappa_of_readers_who_never_agree_is_minus_one_for_two_answers() -> None:
    assert cohen_kappa("abab", "baba") == -1.0


@pytest.mark.parametrize("answers", ["", "a", "aaaa"])
def test_kappa_says_nothing_where_there_is_one_answer_only(answers: str) -> None:
    assert cohen_kappa(answers, answers) is None


def test_readers_of_unequally_many_articles_cannot_be_compared(scheme: Scheme) -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        agreement(scheme.groups[0], read("news", "event"), read("news"))
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        cohen_kappa("ab", "a")


@settings(deadline=None)
@given(PAIRS)
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[str, str]]) -> None:
    first, second = [x for x, _ in pairs], [y for _, y in pairs]
    kappa = cohen_kappa(first, second)
    assert kappa == cohen_kappa(second, first)
    assert kappa is None or -1 <= kappa <= 1


@settings(deadline=None)
@given(PAIRS)
def test_kappa_does_not_depend_on_the_names_or_the_order(pairs: list[tuple[str, str]]) -> None:
    renamed = [(ord(x), ord(y)) for x, y in reversed(pairs)]
    kappa = cohen_kappa([x for x, _ in pairs], [y for _, y in pairs])
    assert kappa == cohen_kappa([x for x, _ in renamed], [y for _, y in renamed])


def test_agreement_on_an_exclusive_group_has_a_kappa_of_the_whole(scheme: Scheme) -> None:
    first = read("news", "news", "event", "event")
    second = read("news", "event", "event", "event")
    assert agreement(scheme.groups[0], first, second) == Agreement(
        articles=4,
        equal=3,
        kappa=0.5,
        label_kappa={
            "policy_notice": None,
            "news": 0.5,
            "event": 0.5,
            "research_breakthrough": None,
        },
    )


def test_agreement_on_a_multi_group_has_a_kappa_of_each_label_only(scheme: Scheme) -> None:
    first = read("ai", "", "ai biomedicine", "biomedicine")
    second = read("ai", "", "ai", "biomedicine")
    assert agreement(scheme.groups[1], first, second) == Agreement(
        articles=4,
        equal=3,
        kappa=None,
        label_kappa={
            "ai": 1.0,
            "brain_computer_interface": None,
            "biomedicine": 0.5,
            "metaverse": None,
        },
    )


def test_agreement_on_nothing_says_nothing(scheme: Scheme) -> None:
    found = agreement(scheme.groups[0], [], [])
    assert (found.articles, found.equal, found.kappa) == (0, 0, None)
    assert set(found.label_kappa.values()) == {None}
