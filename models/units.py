"""Units: the words or characters of a text as arrays, of which n-grams are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from models.features import LEAD, Column, Field, Unit
from models.keys import (
    Keys,
    Places,
    Points,
    character_keys,
    gaps_of,
    keys_of,
    piece_keys,
    points_of,
)
from models.text import Text

_ZERO, _NINE, _SPACE = (ord(character) for character in "09 ")
_USUAL = 1 << 16

# What n-grams are made of: the units of running text, or one of the fields that are none.
Source = Unit | Field


def source_of(column: Column) -> Source:
    """Which units the n-grams of a column are made of."""
    field, unit = column
    return field if field in {"markers", "dictionary"} else unit


class Units(NamedTuple):
    """Words or characters that follow each other, as arrays of shape (units,).

    ``lengths`` are in characters, None where every unit is one or none is asked for; ``places``
    in the whole text, None where there is a simpler way to tell. ``parts``
    says from where to where the units of a field go; ``titles`` how many units of a field that
    goes over title and content are of the title.
    """

    keys: Keys
    lengths: Places | None
    places: Places | None
    parts: Mapping[Field, tuple[int, int]]
    titles: int


def units_of(text: Text, source: Source, fields: Sequence[Field], most: int) -> Units:
    """The units of these fields, to make n-grams of at most so many; of words, all fields.

    Where single words are asked for, blanks stand among them: no vocabulary knows one.
    """
    match source:
        case "markers":
            return _markers(text)
        case "dictionary":
            return _own_words(text)
        case "character":
            return _characters(text, fields)
        case _:
            return _words(text, source == "shape", most)


def _words(text: Text, shapes: bool, most: int) -> Units:
    points = points_of(text.cut)
    gaps = gaps_of(points)
    places, lengths = _places(gaps), None
    read = _shaped(points) if shapes else points
    keys = piece_keys(read, gaps)
    if most > 1:
        solid = _solid(points, gaps)
        keys, places = keys.take(solid), places.take(solid)
        lengths = _lengths(gaps).take(solid)
    first, every = len(text.title) + 1, len(places)
    edges = (first, first + LEAD, text.last_words())
    title, lead, last = places.searchsorted(edges).tolist()
    parts: dict[Field, tuple[int, int]] = {
        "title": (0, title),
        "lead": (title, lead),
        "body": (title, every),
        "last": (last, every),
        "whole": (0, every),
    }
    return Units(keys, lengths, places, parts, title)


def _characters(text: Text, fields: Sequence[Field]) -> Units:
    texts = [text.characters(field) for field in fields]
    ends = [0, *accumulate(map(len, texts))]
    parts = dict(zip(fields, pairwise(ends), strict=True))
    keys = character_keys(points_of("".join(texts)))
    return Units(keys, None, None, parts, len(text.title))


def _markers(text: Text) -> Units:
    found = list(text.markers())
    return Units(
        keys=keys_of(word for word, _, _ in found),
        lengths=np.array([len(word) for word, _, _ in found], np.intp),
        places=np.array([begin for _, begin, _ in found], np.intp),
        parts={"markers": (0, len(found))},
        titles=len(found),
    )


def _own_words(text: Text) -> Units:
    words = _words(text, shapes=False, most=2)
    own = np.isin(words.keys, _keys(text.dictionary)).nonzero()[0]
    assert words.lengths is not None  # noqa: S101 - most is 2
    assert words.places is not None  # noqa: S101 - of words there always are
    lengths, places = words.lengths.take(own), words.places.take(own)
    titles = int(own.searchsorted(words.titles))
    return Units(words.keys.take(own), lengths, places, {"dictionary": (0, len(own))}, titles)


def places_of(text: Text, fields: Sequence[Field], units: Units) -> tuple[Places, Places]:
    """Where in the whole text each unit begins and ends, shape (units,)."""
    if fields == ("markers",):  # in which there can be blanks
        spans = [(begin, end) for _, begin, end in text.markers()]
        begins, ends = np.array(spans, np.intp).reshape(-1, 2).T
        return begins, ends
    if units.places is None:  # characters
        begins = np.concatenate([_numbers_to(end)[begin:] for begin, end in map(text.span, fields)])
        return begins, begins + 1
    if units.lengths is None:  # words with the blanks between them
        return units.places, np.append(units.places[1:], text.span("whole")[1])
    return units.places, units.places + units.lengths


@lru_cache(maxsize=8)
def _keys(words: frozenset[str]) -> Keys:
    return keys_of(sorted(words))


def _shaped(points: Points) -> Points:
    """Every digit written as 0."""
    return np.where((points >= _ZERO) & (points <= _NINE), np.uint32(_ZERO), points)


def _solid(points: Points, gaps: Places) -> Places:
    """Which words are no blanks: after normalising a blank is a word of its own."""
    return (points.take(gaps[:-1] + 1) > _SPACE).nonzero()[0]


def _lengths(gaps: Places) -> Places:
    """The length of each word."""
    return gaps[1:] - gaps[:-1] - 1


def _places(gaps: Places) -> Places:
    """Where in the whole text, which has no separators, each word begins."""
    return gaps[:-1] - _numbers_to(len(gaps) - 1)


@cache
def _usual_numbers() -> Places:
    return np.arange(_USUAL)


def _numbers_to(count: int) -> Places:
    """The numbers from 0 on, shape (count,)."""
    return _usual_numbers()[:count] if count <= _USUAL else np.arange(count)
