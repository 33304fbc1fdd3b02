"""Marks: a text in pieces, with what the words over each piece add to a label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.explanation import Side, Word

_SCALE = 1_000_000  # weights are added as whole numbers, so that what was added can be taken off
_LEVELS = 3
_KINDS = ("against-3", "against-2", "against-1", "", "for-1", "for-2", "for-3")


class Piece(NamedTuple):
    """Some characters that follow each other; ``kind`` says for or against, and how strongly."""

    text: str
    kind: str


def pieces(text: str, words: Sequence[Word], side: Side) -> list[Piece]:
    """The text in as few pieces as the marks allow; together they are the text.

    A character adds up what all words over it weigh. Strengths are thirds of what the heaviest
    of all ``words`` weighs; 3 is the strongest. Offsets are code points.
    """
    if not text:
        return []
    levels = _levels(len(text), words, side)
    begins = np.concatenate(([0], np.flatnonzero(np.diff(levels)) + 1))
    kinds = [_KINDS[level] for level in (levels[begins] + _LEVELS).tolist()]
    edges = pairwise([*begins.tolist(), len(text)])
    return [Piece(text[begin:end], kind) for (begin, end), kind in zip(edges, kinds, strict=True)]


def _levels(length: int, words: Sequence[Word], side: Side) -> npt.NDArray[np.int64]:
    """How strongly each character speaks for the label, -3 to 3; shape (length,)."""
    heaviest = max((abs(word["weight"]) for word in words), default=0.0) * _SCALE
    changes = np.zeros(length + 1)
    for word in words:
        if word["field"] == side and len(word["spans"]):
            spans = np.array(word["spans"]).clip(max=length)
            weight = round(word["weight"] * _SCALE)
            changes += weight * np.bincount(spans[:, 0], minlength=length + 1)
            changes -= weight * np.bincount(spans[:, 1], minlength=length + 1)
    weights = changes.cumsum()[:-1]  # of whole numbers, and so exact
    share = _LEVELS * np.abs(weights) / (heaviest or 1.0)
    strength = np.minimum(share.astype(np.int64) + 1, _LEVELS)
    return np.where(weights == 0, 0, np.sign(weights) * strength).astype(np.int64)
