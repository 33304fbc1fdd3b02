"""Near-duplicates: articles that say the same in nearly the same words."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
import numpy.typing as npt

from labels.article import Article
from labels.normalise import normalise

Sketch = npt.NDArray[np.uint32]

SKETCH_SIZE = 64
_SHINGLE = 5  # characters
SIMILAR = 0.6  # share of equal shingles from which two articles count as near-duplicates
# Near-duplicates differ in at most 25 of the 64 places, which lie in at most 25 of the 32 pairs
# of places: some pair is equal, so that no near-duplicates are missed.
_BAND = 2


def sketch(article: Article) -> Sketch:
    """MinHash of the article's normalised text, shape (64,).

    The share of equal places in two sketches estimates the Jaccard similarity of their sets of
    5-character shingles (Broder 1997), with a standard error of at most 0.0625.
    """
    text = normalise(article.title + "\n" + article.content).text.replace("\n", "")
    points = np.frombuffer(text.ljust(_SHINGLE).encode("utf-32-le"), np.uint32).astype(np.uint64)
    shingles = np.zeros(len(points) - _SHINGLE + 1, np.uint64)
    for at in range(_SHINGLE):  # base 2^21 holds any code point; the product wraps by design
        shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + points[at : at + len(shingles)]
    shingles ^= shingles >> np.uint64(29)
    factors, offsets = _permutations()
    lowest = [
        int((shingles * a + b).min() >> np.uint64(32))
        for a, b in zip(factors, offsets, strict=True)
    ]
    return np.array(lowest, np.uint32)


@cache
def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Odd factors and offsets of 64 multiply-shift hashes, the same for ever."""
    draw = np.random.default_rng(20251223).integers(0, 2**63, (2, SKETCH_SIZE), np.uint64)
    return draw[0] * np.uint64(2) + np.uint64(1), draw[1]


def similarity(one: Sketch, other: Sketch) -> float:
    """The estimated Jaccard similarity, 0 to 1."""
    return float(np.mean(one == other))


def clusters(sketches: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """The cluster of each article, shape (n,): the lowest index of its near-duplicates.

    ``sketches`` has shape (n, 64). Being near-duplicates is taken to be transitive.
    """
    found = np.arange(len(sketches))
    for bucket in _buckets(sketches):
        for at, one in enumerate(bucket):
            later = bucket[at + 1 :]
            others = later[found[later] != found[one]]
            alike = others[(sketches[others] == sketches[one]).mean(axis=1) >= SIMILAR]
            if len(alike):
                joined = np.append(found[alike], found[one])
                found[np.isin(found, joined)] = joined.min()
    return found


def _buckets(sketches: npt.NDArray[np.uint32]) -> list[npt.NDArray[np.intp]]:
    """Articles that are equal in two neighbouring places."""
    found: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for at, values in enumerate(sketches):
        for start in range(0, SKETCH_SIZE, _BAND):
            found[start, values[start : start + _BAND].tobytes()].append(at)
    return [np.array(bucket, np.intp) for bucket in found.values() if len(bucket) > 1]
