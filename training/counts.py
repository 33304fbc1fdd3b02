"""Counts: the terms of a corpus counted once, from which every fold's features are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from models.features import Block, Column
from models.keys import Keys, keys_of
from models.reading import Grams, Plan
from models.text import Text, terms
from models.vocabulary import table_of

Rows = npt.NDArray[np.intp]
Matrix = Any  # scipy's sparse matrices have no types

_FLOAT32_FROM = 20_000  # articles; below, float64 costs nothing
_AT_ONCE = 1 << 22  # keys that are looked up at once


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Term counts of every article, a CSR matrix of shape (n, terms) a block.

    ``names`` holds the terms of each block, in the order of its columns, which is that of their
    code points. Terms that stand in fewer articles than the block asks for are left out.
    """

    matrices: dict[Block, Matrix]
    names: dict[Block, npt.NDArray[np.object_]]

    def features(self, blocks: Sequence[Block], train: Rows) -> Matrix:
        """TF-IDF features of all n articles, with vocabulary and idf of the ``train`` rows alone.

        The same numbers that ``training.pipelines`` gives when fitted on these rows.
        """
        usable = [self._block(block, train) for block in self.usable(blocks)]
        if not usable:
            return sparse.csr_array((next(iter(self.matrices.values())).shape[0], 0))
        return sparse.hstack(usable, format="csr")

    def usable(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Those of the blocks that have terms at all."""
        return tuple(block for block in blocks if block in self.matrices)

    def _block(self, block: Block, train: Rows) -> Matrix:
        counts = self.matrices[block]
        seen = np.bincount(counts[train].indices, minlength=counts.shape[1]) >= block.min_df
        kept = counts[:, np.flatnonzero(seen)]
        if not kept.shape[1]:
            return kept
        return TfidfTransformer(sublinear_tf=block.sublinear).fit(kept[train]).transform(kept)


def count(texts: Sequence[Text], blocks: Sequence[Block]) -> Counts:
    """Count the terms of each block in each text.

    A block is left out where none of its terms stands in enough texts, as that of titles is
    when no article has one.
    """
    tallies = _tally(texts, blocks)
    matrices: dict[Block, Matrix] = {}
    names: dict[Block, npt.NDArray[np.object_]] = {}
    for block in blocks:
        found = tallies.pop(block).matrix(block)  # its keys are let go
        if found:
            keys, matrix = found
            mine = _named(texts, block, keys, matrix)
            order = np.argsort(mine, kind="stable")
            matrices[block], names[block] = _reordered(matrix, order), mine[order]
    return Counts(matrices=matrices, names=names)


class _Tally:
    """The distinct keys of each text in one block, and how often each stands there."""

    def __init__(self, dtype: type[np.floating[Any]]) -> None:
        self._dtype = dtype
        self._keys: list[Keys] = []
        self._counts: list[npt.NDArray[np.floating[Any]]] = []

    def add(self, keys: Keys) -> None:
        ordered = np.sort(keys)
        first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        first = first[: len(ordered)]  # none of nothing
        self._keys.append(ordered.take(first))
        self._counts.append(np.diff(first, append=len(ordered)).astype(self._dtype))

    def matrix(self, block: Block) -> tuple[Keys, Matrix] | None:
        """The keys that stand in texts enough, ascending, and a CSR matrix of shape (n, keys)."""
        sizes = [len(keys) for keys in self._keys]
        every, counts = np.concatenate(self._keys), np.concatenate(self._counts)
        self._keys, self._counts = [], []
        kept = _frequent(every, block)
        if not len(kept):
            return None
        columns = _columns(every, kept)
        held = columns >= 0
        starts = np.concatenate(([0], np.cumsum(held)))[[0, *accumulate(sizes)]]
        form = (counts[held], columns[held], starts)
        return kept, sparse.csr_matrix(form, shape=(len(sizes), len(kept)))


def _tally(texts: Sequence[Text], blocks: Sequence[Block]) -> dict[Block, _Tally]:
    plan = Plan.of(blocks)
    tallies = {block: _Tally(dtype_for(len(texts))) for block in blocks}
    for text in texts:
        grams = plan.grams(text)
        for at, block in enumerate(blocks):
            tallies[block].add(_keys(grams, at))
    return tallies


def _keys(grams: Grams, block: int) -> Keys:
    mine = [grams.keys[start:stop] for number, start, stop in grams.spans if number == block]
    return np.concatenate(mine) if mine else grams.keys[:0]


def _frequent(every: Keys, block: Block) -> Keys:
    """The keys that stand in at least as many texts as the block asks for, ascending."""
    ordered = np.sort(every)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    first = first[: len(ordered)]
    kept = ordered[first[np.diff(first, append=len(ordered)) >= block.min_df]]
    # Among words there are blanks, which are none; among characters they are like all others.
    return kept if block.unit == "character" else np.setdiff1d(kept, keys_of([" ", "\n"]))


def _columns(every: Keys, kept: Keys) -> npt.NDArray[np.int32]:
    """The column of each key, -1 where it was not kept; a part at a time, to save memory."""
    table = table_of(kept)
    column = np.full(len(table.slots) + 1, -1, np.int32)
    column[table.find(kept)] = np.arange(len(kept))
    columns = np.empty(len(every), np.int32)
    for start in range(0, len(every), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        columns[part] = column[table.find(every[part])]
    return columns


def _named(
    texts: Sequence[Text], block: Block, keys: Keys, matrix: Matrix
) -> npt.NDArray[np.object_]:
    """The term of each key, read in the first text that it stands in."""
    names = np.full(len(keys), None, object)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), np.diff(matrix.indptr))
    first = np.empty(len(keys), np.int32)
    first[matrix.indices[::-1]] = rows[::-1]  # of several rows the first is written last
    order = np.argsort(first, kind="stable")
    edges = np.flatnonzero(np.diff(first[order], prepend=-1))
    for start, stop in zip(edges, [*edges[1:], len(order)], strict=True):
        found = list(terms(texts[first[order[start]]], block))
        wanted = order[start:stop]
        mine = keys_of(found)
        at = np.argsort(mine, kind="stable")
        names[wanted] = [found[i] for i in at[mine[at].searchsorted(keys[wanted])]]
    return names


def _reordered(matrix: Matrix, order: Rows) -> Matrix:
    """The same with its columns in this order."""
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    moved = sparse.csr_matrix((matrix.data, place[matrix.indices], matrix.indptr), matrix.shape)
    moved.sort_indices()
    return moved


def dtype_for(articles: int) -> type[np.floating[Any]]:
    """The type of features: float32 above 20,000 articles, to halve memory."""
    return np.float32 if articles > _FLOAT32_FROM else np.float64


def vectoriser_settings(block: Block) -> dict[str, object]:
    """What scikit-learn's vectorisers need to find the terms of ``models.text.terms``.

    Texts arrive segmented, so that no function of ours is named inside a pickle.
    """
    return {
        "analyzer": "char" if block.unit == "character" else "word",
        "token_pattern": None if block.unit == "character" else r"\S+",
        "ngram_range": (block.low, block.high),
        "lowercase": False,
    }


def columns_of(blocks: Sequence[Block]) -> tuple[Column, ...]:
    """The fields and units that the blocks read, each once, in a fixed order."""
    return tuple(dict.fromkeys((block.field, block.unit) for block in blocks))


def text_matrix(texts: Sequence[Text], columns: Sequence[Column]) -> npt.NDArray[np.object_]:
    """Texts as a pipeline takes them, shape (n, columns)."""
    rows = [[text.column(field, unit) for field, unit in columns] for text in texts]
    return np.array(rows, object).reshape(len(rows), len(columns))
