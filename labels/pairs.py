"""Pairs: the articles that may be near-duplicates, by what their sketches have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]
Both = tuple[Indices, Indices]  # the one and the other article of each pair
Sketches = npt.NDArray[np.uint32]

_CHUNK = 1_000_000  # pairs looked at together


def keys_of(sketches: Sketches, places: Sequence[int]) -> Keys:
    """A number for each article, shape (n,), equal where all the places are; their number is even.

    Of two places no other articles have it; of more, one pair in 2^64.
    """
    keys = np.zeros(len(sketches), np.uint64)
    for one, other in zip(places[::2], places[1::2], strict=True):
        keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
        keys += (sketches[:, one].astype(np.uint64) << np.uint64(32)) + sketches[:, other]
    return keys


def bucket_sizes(keys: Keys) -> Indices:
    """How many articles have the key of each, shape (n,)."""
    _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(sizes[bucket])


class Pairs:
    """Pairs of articles with an equal key that do not stand in one cluster yet.

    ``rows`` are the articles, sorted by key and in it by cluster; each is paired with those of
    its bucket from ``first`` up to ``last``: the ones of later clusters.
    """

    def __init__(self, rows: Indices, keys: Keys, cluster: Indices) -> None:
        order = np.lexsort((cluster, keys))
        keys, cluster = keys[order], cluster[order]
        self.rows = rows[order]
        new = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        self._starts = np.flatnonzero(new)
        self.last = _ends(new)
        self.first = _ends(new | np.append(True, cluster[1:] != cluster[:-1])[: len(keys)])

    @property
    def count(self) -> int:
        return int((self.last - self.first).sum())

    def neighbours(self) -> Both:
        """Of each cluster in a bucket the last article, with the first of the next."""
        at = np.flatnonzero(
            (self.first < self.last) & (self.first == np.arange(len(self.rows)) + 1)
        )
        return self.rows[at], self.rows[at + 1]

    def within(self, most: int) -> tuple[Iterator[Both], Indices]:
        """All pairs of the smallest buckets, ``most`` in all, and the articles of the others."""
        partners = self.last - self.first
        pairs = np.add.reduceat(partners, self._starts) if len(partners) else partners
        order = np.argsort(pairs, kind="stable")
        fits = np.zeros(len(pairs), bool)
        fits[order] = np.cumsum(pairs[order]) <= most
        inside = np.repeat(fits, np.diff(self._starts, append=len(partners)))
        return self._all(np.flatnonzero(inside & (partners > 0))), self.rows[~inside]

    def _all(self, at: Indices) -> Iterator[Both]:
        partners = (self.last - self.first)[at]
        chunk = (np.cumsum(partners) - 1) // _CHUNK
        for part in np.split(np.arange(len(at)), np.flatnonzero(np.diff(chunk)) + 1):
            mine, count = at[part], partners[part]
            step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            yield (
                np.repeat(self.rows[mine], count),
                self.rows[np.repeat(self.first[mine], count) + step],
            )


def _ends(starts: Bools) -> Indices:
    """Where the run of each element ends, given where runs start."""
    at = np.flatnonzero(starts)
    sizes = np.diff(at, append=len(starts))
    return np.asarray(np.repeat(at + sizes, sizes))
