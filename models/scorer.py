"""The scorer: one linear model over all labels, read straight from an article's terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.features import Block
from models.keys import ends_of_runs, keys_of
from models.reading import Numbers, Plan, Terms
from models.text import LONGEST, Text
from models.vocabulary import Vocabulary, vocabulary_of

Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]

_LEAST = 1e-300  # instead of a sum of 0


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What training learnt about the terms of one block.

    ``idf`` has shape (terms,), ``weights`` shape (terms, outputs). Outputs whose group does not
    use the block have weight 0.
    """

    block: Block
    terms: Sequence[str]
    idf: npt.NDArray[np.floating]
    weights: npt.NDArray[np.floating]


class Values(NamedTuple):
    """The TF-IDF of an article, for the terms of it that are known.

    ``rows`` are of the weight matrix, ascending, ``counts`` how often their terms occur, and
    ``tf`` what that weighs, each block scaled to length 1; all of shape (known terms,). The idf
    lies in the weights.
    """

    rows: Rows
    counts: Numbers
    tf: Scores


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """TF-IDF, each block scaled to length 1, times weights, plus intercepts.

    ``rows`` of shape (terms' numbers, blocks) says where in the matrices a term of a block
    stands; 0 where the block does not know it. ``idf`` has shape (rows,), ``weights`` shape
    (rows, outputs), with the idf multiplied in; both hold zeros in row 0. The rows of a term
    follow each other, term by term in the order of their numbers, so that they lie together in
    memory. ``intercepts`` has shape (outputs,).
    """

    blocks: tuple[Block, ...]
    vocabulary: Vocabulary
    rows: Rows
    idf: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    intercepts: Scores

    def score(self, text: Text) -> Scores:
        """Linear scores, shape (outputs,), before calibration.

        Terms are added in the order of their rows and in float64, so that the score depends on
        the article alone.
        """
        return self.weigh(self.values(self.known_rows(self.terms(text))))

    def terms(self, text: Text) -> Terms:
        """The terms of a text that some block could know."""
        return self.plan.read(text, self.vocabulary)

    def known_rows(self, terms: Terms) -> Rows:
        """The row of every n-gram of every block, 0 where it is unknown, in the order of cells."""
        rows: Rows = self._flat.take(terms.cells)
        return rows

    def values(self, rows: Rows) -> Values:
        """Count the rows and weigh the counts.

        A term weighs (1 + ln tf) * idf, or tf * idf in a block that is not sublinear, with
        idf = ln((1 + n) / (1 + df)) + 1 as scikit-learn's ``TfidfTransformer`` has it.
        """
        ordered = rows.copy()
        ordered.sort()
        ends = ends_of_runs(ordered)
        # The first run is that of row 0.
        distinct = ordered.take(ends[1:])
        counts = ends[1:] - ends[:-1]
        blocks = self.block_of_row.take(distinct)
        tf = _logarithms().take(counts)
        if self._plain is not None:
            tf = np.where(self._plain.take(blocks), counts, tf)
        weighed = tf * self.idf.take(distinct)
        sums = np.bincount(blocks, weighed * weighed, len(self.blocks))
        tf /= np.sqrt(np.maximum(sums, _LEAST)).take(blocks)
        return Values(distinct, counts, tf)

    def weigh(self, values: Values) -> Scores:
        """The linear scores of these values."""
        taken = self.weights.take(values.rows, axis=0)
        return np.asarray(self.intercepts + np.einsum("i,ij->j", values.tf, taken))

    def count_known(self, text: Text, terms: Terms) -> tuple[int, int]:
        """How many of the article's words stand in a vocabulary of words, and how many it has."""
        known = self._known_words.take(terms.words)
        if terms.shapes is not None:
            known |= self._known_shapes.take(terms.shapes)
        return int(np.count_nonzero(known)), text.count_words()

    @cached_property
    def plan(self) -> Plan:
        return Plan.of(self.blocks)

    @cached_property
    def _flat(self) -> Rows:
        # Without any block there would be no row of nobody's either.
        return self.rows.reshape(-1) if self.rows.size else np.zeros(1, np.int32)

    @cached_property
    def block_of_row(self) -> npt.NDArray[np.integer]:
        """The block of each row; that of row 0 is nobody's."""
        blocks = np.concatenate(([0], self.rows.nonzero()[1]))
        return blocks.astype(np.min_scalar_type(len(self.blocks)))  # small, to stay in the cache

    @cached_property
    def _plain(self) -> npt.NDArray[np.bool_] | None:
        """Which blocks are not sublinear; None where all are."""
        plain = np.array([not block.sublinear for block in self.blocks])
        return plain if plain.any() else None

    @cached_property
    def _known_words(self) -> npt.NDArray[np.bool_]:
        return self._known("word")

    @cached_property
    def _known_shapes(self) -> npt.NDArray[np.bool_]:
        return self._known("shape")

    @cached_property
    def term_of_row(self) -> Numbers:
        """The number of the term of each row, ascending; 0 for row 0."""
        return np.concatenate(([0], self.rows.nonzero()[0]))

    def _known(self, unit: str) -> npt.NDArray[np.bool_]:
        """Which terms stand in some vocabulary of this unit, shape (numbers,)."""
        blocks = [at for at, block in enumerate(self.blocks) if block.unit == unit]
        return np.asarray((self.rows[:, blocks] != 0).any(axis=1))


@cache
def _logarithms() -> Scores:
    """1 + ln of the numbers from 0 on, as far as any term can occur in an article."""
    numbers = np.arange(2 * LONGEST + 2, dtype=np.float64)
    numbers[0] = 1  # nothing occurs no times
    return 1 + np.log(numbers)


def fuse(blocks: Sequence[Weights], intercepts: Scores) -> Scorer:
    """One scorer of what was learnt of each block."""
    vocabulary = vocabulary_of(list(dict.fromkeys(t for block in blocks for t in block.terms)))
    # Block by block first; then sorted by term, as rows of a term are to lie together.
    numbers = [vocabulary.find(keys_of(block.terms)) for block in blocks]
    own = np.repeat(np.arange(len(blocks)), [len(mine) for mine in numbers])
    every = np.concatenate([[], *numbers]).astype(np.intp)
    order = np.lexsort((own, every))
    rows = np.zeros((len(vocabulary.slots) + 1, len(blocks)), np.int32)
    rows[every[order], own[order]] = np.arange(1, len(order) + 1)
    idf = np.concatenate([[], *(block.idf for block in blocks)])[order]
    weights = np.concatenate([np.zeros((0, len(intercepts))), *(b.weights for b in blocks)])[order]
    return Scorer(
        blocks=tuple(block.block for block in blocks),
        vocabulary=vocabulary,
        rows=rows,
        idf=_under_nothing(idf[:, None])[:, 0].copy(),
        weights=_under_nothing(weights * idf[:, None]),
        intercepts=intercepts,
    )


def _under_nothing(matrix: Scores) -> npt.NDArray[np.float32]:
    """The matrix under a row of zeros."""
    return np.concatenate([np.zeros((1, matrix.shape[1])), matrix]).astype(np.float32)
