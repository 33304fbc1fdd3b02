"""Keys of strings and of runs of units are those of the strings that they make up."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.keys import character_keys, gaps_of, grams, joined, keys_of, piece_keys, points_of

plain = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def by_hand(text: str) -> int:
    base = 0x9E3779B97F4A7C15
    return sum(ord(c) * pow(base, at, 2**64) for at, c in enumerate(text, start=1)) % 2**64


@given(st.lists(plain, max_size=8))
def test_a_key_is_the_polynomial_of_its_characters(strings: list[str]) -> None:
    assert keys_of(strings).tolist() == [by_hand(text) for text in strings]


def test_no_strings_have_no_keys() -> None:
    assert keys_of([]).tolist() == []


def test_an_empty_string_has_the_key_0() -> None:
    assert keys_of(["", "论坛", ""]).tolist() == [0, by_hand("论坛"), 0]


def test_a_key_does_not_depend_on_where_a_string_stands() -> None:
    words = ["论坛", "记者"] * 60_000  # beyond the powers that are at hand
    assert len(np.unique(keys_of(words))) == 2


@given(st.lists(plain.filter(bool), max_size=6), st.integers(1, 3), st.integers(0, 2))
def test_runs_of_words_have_the_keys_of_the_words_with_blanks_between(
    words: list[str], low: int, more: int
) -> None:
    points = points_of(joined(words))
    gaps = gaps_of(points)
    lengths = gaps[1:] - gaps[:-1] - 1
    runs = [run.tolist() for run in grams(piece_keys(points, gaps), lengths, low, low + more)]
    assert runs == [
        keys_of(" ".join(words[at : at + n]) for at in range(len(words) - n + 1)).tolist()
        for n in range(low, min(low + more, len(words)) + 1)
    ]


@given(plain, st.integers(1, 3), st.integers(0, 3))
def test_runs_of_characters_have_the_keys_of_the_pieces_of_the_text(
    text: str, low: int, more: int
) -> None:
    keys = character_keys(points_of(text))
    runs = [run.tolist() for run in grams(keys, None, low, low + more)]
    assert runs == [
        keys_of(text[at : at + n] for at in range(len(text) - n + 1)).tolist()
        for n in range(low, min(low + more, len(text)) + 1)
    ]
