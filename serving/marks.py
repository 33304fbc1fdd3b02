"""Marks: a text in pieces, with what the words over each piece add to a label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from models.explanation import Side, Word

Kind = Literal["", "for-1", "for-2", "for-3", "against-1", "against-2", "against-3"]

_SCALE = 1_000_000  # weights are added as whole numbers, so that what was added can be taken off
_LEVELS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some characters that follow each other; ``kind`` says for or against, and how strongly."""

    text: str
    kind: Kind


def pieces(text: str, words: Iterable[Word], side: Side) -> list[Piece]:
    """The text in as few pieces as the marks allow; together they are the text.

    A character adds up what all words over it weigh. The strongest third of the range up to the
    heaviest of all ``words`` is 3. Offsets are code points.
    """
    words = list(words)
    heaviest = max((abs(word["weight"]) for word in words), default=0.0)
    changes: dict[int, int] = defaultdict(int)
    for word in words:
        if word["field"] == side:
            for start, end in word["spans"]:
                changes[start] += round(word["weight"] * _SCALE)
                changes[end] -= round(word["weight"] * _SCALE)
    runs = groupby(_runs(text, changes, heaviest * _SCALE), key=lambda piece: piece.kind)
    return [
        Piece(text="".join(piece.text for piece in run), kind=kind)
        for kind, run in runs  # of one kind, they look like one
    ]


def _runs(text: str, changes: dict[int, int], heaviest: float) -> Iterator[Piece]:
    weight, begin = 0, 0
    for at in [*sorted(changes), len(text)]:
        if text[begin:at]:
            yield Piece(text=text[begin:at], kind=_kind(weight, heaviest))
        begin = at
        weight += changes.get(at, 0)


def _kind(weight: int, heaviest: float) -> Kind:
    if not weight or not heaviest:
        return ""
    level = min(_LEVELS, int(_LEVELS * abs(weight) / heaviest) + 1)
    side = "for" if weight > 0 else "against"
    return f"{side}-{level}"  # type: ignore[return-value] # one of the six
