"""A vocabulary finds each of its terms in one place, and no other string at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.keys import keys_of
from models.vocabulary import vocabulary_of

terms = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(terms, unique=True, max_size=40), st.lists(terms, max_size=10))
def test_every_term_is_found_and_nothing_else(known: list[str], others: list[str]) -> None:
    vocabulary = vocabulary_of(known)
    numbers = vocabulary.find(keys_of(known)).tolist()
    assert vocabulary.names(numbers) == known
    strange = [text for text in others if text not in known]
    assert vocabulary.find(keys_of(strange)).tolist() == [0] * len(strange)


def test_terms_come_in_the_order_of_their_numbers() -> None:
    vocabulary = vocabulary_of(["论坛", "记者", "通知", "新药", "大模型"])
    numbers = vocabulary.find(keys_of(vocabulary.terms)).tolist()
    assert numbers == sorted(numbers) == vocabulary.numbers.tolist()
    assert sorted(vocabulary.terms) == sorted(["论坛", "记者", "通知", "新药", "大模型"])


@pytest.mark.parametrize("count", [0, 1, 1000, 13_107, 13_108, 52_429])
def test_many_terms_have_a_slot_each(count: int) -> None:
    known = [f"词{number}" for number in range(count)]
    vocabulary = vocabulary_of(known)
    numbers = vocabulary.find(keys_of(known))
    assert len(np.unique(numbers)) == count
    assert (numbers > 0).all()
    assert len(vocabulary.slots) >= 1.25 * count
    assert vocabulary.find(keys_of([f"字{number}" for number in range(100)])).any() == np.False_


@pytest.mark.parametrize("wrong", [["论坛", "论坛"], ["论坛", ""]])
def test_a_term_twice_or_an_empty_one_is_refused(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match="two terms have one key, or a term is empty"):
        vocabulary_of(wrong)
