"""Words: what a model has learnt to speak for a label, and against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from labels.scheme import Scheme
from models.features import Block
from models.scorer import Rows, Scorer

MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A term of one field that speaks for a label or, with a negative weight, against it.

    ``rank`` counts from 1 for the strongest for it, from -1 for the strongest against it. The
    weight, with the idf in it, is what the term adds to the score where nothing else of its
    field is known. ``field`` names the unit too where it is no word.
    """

    label: str
    rank: int
    word: str
    group: str
    field: str
    weight: float


def words_of(scorer: Scorer, scheme: Scheme, most: int = MOST) -> Iterator[Word]:
    """At most so many words for each label and as many against it.

    Single words only: n-grams of characters or of several words are pieces of articles.
    """
    readable = np.array([block.unit != "character" for block in scorer.blocks], bool)
    rows = np.flatnonzero(readable[scorer.block_of_row[1:]]) + 1  # row 0 is nobody's
    for at, (group, label) in enumerate(scheme.outputs):
        weights = scorer.weights[rows, at].astype(np.float64)
        for sign in (1, -1):
            order = rows[np.argsort(-sign * weights, kind="stable")]
            known = order[sign * scorer.weights[order, at] > 0]
            for rank, (row, word) in enumerate(_single(scorer, known, most), start=1):
                yield Word(
                    group=group,
                    label=label,
                    rank=sign * rank,
                    word=word,
                    field=_field(scorer.blocks[scorer.block_of_row[row]]),
                    weight=round(float(scorer.weights[row, at]), 6),
                )


def _single(scorer: Scorer, rows: Rows, most: int) -> Iterator[tuple[int, str]]:
    """The first rows whose terms are one word, and these words."""
    numbers = scorer.term_of_row[rows].tolist()
    named = zip(
        rows.tolist(), map(scorer.vocabulary.names, ([one] for one in numbers)), strict=True
    )
    return islice(((row, word) for row, (word,) in named if len(word.split()) == 1), most)


def _field(block: Block) -> str:
    return block.field if block.unit == "word" else f"{block.field} {block.unit}"
