"""Counts: the terms of a corpus counted once, from which every fold's features are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from models.features import Block
from models.keys import Keys, ends_of_runs, keys_of
from models.reading import Plan
from models.text import Text, terms
from models.vocabulary import table_of

Rows = npt.NDArray[np.intp]
Tallied = npt.NDArray[np.uint16]
Floating = npt.NDArray[np.floating[Any]]
Matrix = Any  # scipy's sparse matrices have no types

_FLOAT32_FROM = 20_000  # articles; below, float64 costs nothing
# What is worked on at once, to save memory.
_KEYS_AT_ONCE = 1 << 22
_TEXTS_AT_ONCE = 512
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Term counts of every article, a CSR matrix of small whole numbers, (n, terms), a block.

    ``names`` holds the terms of each block, in the order of its columns, which is that of their
    code points. Terms that stand in fewer articles than the block asks for are left out.
    """

    matrices: dict[Block, Matrix]
    names: dict[Block, npt.NDArray[np.object_]]

    def features(self, blocks: Sequence[Block], train: Rows) -> Matrix:
        """TF-IDF features of all n articles, with vocabulary and idf of the ``train`` rows alone.

        The same numbers that ``training.pipelines`` gives when fitted on these rows.
        """
        usable = self.usable(blocks)
        articles = next(iter(self.matrices.values())).shape[0]
        chosen = [self._chosen(block, train) for block in usable]
        sizes = [
            self._sizes(block, terms) for block, (terms, _) in zip(usable, chosen, strict=True)
        ]
        starts = np.concatenate(([0], np.cumsum(sum(sizes, np.zeros(articles, np.int64)))))
        # Side by side, as by sparse.hstack, but in a third of its memory.
        indices = np.empty(starts[-1], np.int32)
        data = np.empty(starts[-1], dtype_for(articles))
        free, first = starts[:-1].copy(), 0  # where each row goes on, and the next column
        for block, (kept, df) in zip(usable, chosen, strict=True):
            weighed = self._weighed(block, kept, df, len(train))
            for rows in _parts(articles, _ROWS_AT_ONCE):
                held = slice(weighed.indptr[rows.start], weighed.indptr[rows.stop])
                long = np.diff(weighed.indptr[rows.start : rows.stop + 1])
                ahead = free[rows] - weighed.indptr[rows.start : rows.stop]
                at = np.arange(held.start, held.stop) + np.repeat(ahead, long)
                indices[at], data[at] = weighed.indices[held] + first, weighed.data[held]
                free[rows] += long
            first += len(kept)
        return sparse.csr_matrix((data, indices, starts), (articles, first))

    def usable(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Those of the blocks that have terms at all."""
        return tuple(block for block in blocks if block in self.matrices)

    def _chosen(self, block: Block, train: Rows) -> tuple[Rows, Rows]:
        """The terms that stand in training articles enough, and in how many they do."""
        counts = self.matrices[block]
        trained = np.zeros(counts.shape[0], bool)
        trained[train] = True
        mine = np.repeat(trained, np.diff(counts.indptr))
        df = np.bincount(counts.indices[mine], minlength=counts.shape[1])
        terms = np.flatnonzero(df >= block.min_df)
        return terms, df[terms]

    def _sizes(self, block: Block, terms: Rows) -> Rows:
        """How many of the terms each article has, shape (n,)."""
        counts = self.matrices[block]
        kept = np.zeros(counts.shape[1], bool)
        kept[terms] = True
        before = np.concatenate(([0], np.cumsum(kept[counts.indices])))
        sizes: Rows = before[counts.indptr[1:]] - before[counts.indptr[:-1]]
        return sizes

    def _weighed(self, block: Block, terms: Rows, df: Rows, articles: int) -> Matrix:
        """TF-IDF of these terms, which so many training articles have."""
        counts = self.matrices[block]
        dtype = dtype_for(counts.shape[0])
        kept = counts[:, terms].astype(dtype)
        if not len(terms):
            return kept
        transformer = TfidfTransformer(sublinear_tf=block.sublinear)
        transformer.idf_ = idf_of(df, articles, dtype)
        return transformer.transform(kept, copy=False)


def idf_of(df: Rows, articles: int, dtype: npt.DTypeLike) -> Floating:
    """ln((1 + n) / (1 + df)) + 1, step by step as ``TfidfTransformer`` computes it."""
    idf = np.full(len(df), articles + 1, dtype)
    idf /= df.astype(dtype) + 1
    np.log(idf, out=idf)
    idf += 1
    return idf


def _parts(length: int, size: int) -> Iterator[slice]:
    return (slice(at, min(at + size, length)) for at in range(0, length, size))


def count(texts: Sequence[Text], blocks: Sequence[Block]) -> Counts:
    """Count the terms of each block in each text.

    A block is left out where none of its terms stands in enough texts, as that of titles is
    when no article has one.
    """
    matrices: dict[Block, Matrix] = {}
    names: dict[Block, npt.NDArray[np.object_]] = {}
    for block in blocks:  # one after the other: the keys of all of them can be gigabytes
        found = _matrix(texts, block)
        if found:
            keys, matrix = found
            mine = _named(texts, block, keys, matrix)
            order = np.argsort(mine, kind="stable")
            matrices[block], names[block] = _reordered(matrix, order), mine[order]
    return Counts(matrices=matrices, names=names)


def _tally(texts: Sequence[Text], block: Block) -> tuple[Keys, Tallied, list[int]]:
    """The distinct keys of each text, text after text, how often each stands there, and how many
    keys each text has.
    """
    plan = Plan.of([block])
    every, counts, sizes = [], [], []
    for part in _parts(len(texts), _TEXTS_AT_ONCE):
        found = [_tally_one(plan, text) for text in texts[part]]
        every.append(np.concatenate([keys for keys, _ in found]))
        counts.append(np.concatenate([count for _, count in found]))
        sizes += [len(keys) for keys, _ in found]
    return np.concatenate(every), np.concatenate(counts), sizes


def _tally_one(plan: Plan, text: Text) -> tuple[Keys, Tallied]:
    grams = plan.grams(text)
    mine = [grams.keys[start:stop] for _, start, stop, _, _ in grams.spans]
    ordered = np.sort(np.concatenate([grams.keys[:0], *mine]))
    ends = ends_of_runs(ordered)
    return ordered[ends], np.diff(ends, prepend=-1).astype(np.uint16)


def _matrix(texts: Sequence[Text], block: Block) -> tuple[Keys, Matrix] | None:
    """The keys that stand in texts enough, ascending, and a CSR matrix of shape (n, keys)."""
    every, counts, sizes = _tally(texts, block)
    kept = _frequent(every, block)
    if not len(kept):
        return None
    columns = _columns(every, kept)
    held = columns >= 0
    starts = np.concatenate(([0], np.cumsum(held)))[[0, *accumulate(sizes)]]
    form = (counts[held], columns[held], starts)
    return kept, sparse.csr_matrix(form, shape=(len(sizes), len(kept)))


def _frequent(every: Keys, block: Block) -> Keys:
    """The keys that stand in at least as many texts as the block asks for, ascending."""
    ordered = np.sort(every)
    ends = ends_of_runs(ordered)
    kept = ordered[ends[np.diff(ends, prepend=-1) >= block.min_df]]
    # Among words there are blanks, which are none; among characters they are like all others.
    return kept if block.unit == "character" else np.setdiff1d(kept, keys_of([" ", "\n"]))


def _columns(every: Keys, kept: Keys) -> npt.NDArray[np.int32]:
    """The column of each key, -1 where it was not kept; a part at a time, to save memory."""
    table = table_of(kept)
    column = np.full(len(table.slots) + 1, -1, np.int32)
    column[table.find(kept)] = np.arange(len(kept))
    columns = np.empty(len(every), np.int32)
    for part in _parts(len(every), _KEYS_AT_ONCE):
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
