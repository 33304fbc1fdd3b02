"""Near-duplicates: articles that say the same in nearly the same words."""

from __future__ import annotations

from functools import cache
from math import ceil, comb, log, log1p

import numpy as np
import numpy.typing as npt

from labels.article import Article
from labels.forest import Forest
from labels.normalise import normalise
from labels.pairs import Both, Pairs, bucket_sizes, keys_of

Indices = npt.NDArray[np.intp]
Sketch = npt.NDArray[np.uint32]

SKETCH_SIZE = 64
_SHINGLE = 5  # characters
_AT_ONCE = 8  # permutations
SIMILAR = 0.6  # share of equal shingles from which two articles count as near-duplicates
_ALIKE = 39  # equal places that make 60 % of 64

# Near-duplicates differ in at most 25 places, so in at most 25 of the 32 pairs of places: 7 pairs
# at least are equal. Hence they share one even where each article leaves out its 6 commonest,
# those that boilerplate brings (prefix filtering, Chaudhuri et al. 2006): none is missed.
_BANDS = tuple((at, at + 1) for at in range(0, SKETCH_SIZE, 2))
_RAREST = 26

# Pairs looked at in one band; 4,000 articles have no more.
_MOST = 8_000_000
_MOST_EACH = 80  # an article
# Beyond that, articles are compared where they agree in so many places drawn at random, in draws
# enough to miss a pair that is just alike (39 places) once in a hundred times.
_WIDTHS = (4, 6, 8)
_MISSED = 0.01


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
    # In place, a few permutations at a time: what is worked on stays near the processor.
    lowest = np.empty(SKETCH_SIZE, np.uint64)
    hashed = np.empty((_AT_ONCE, len(shingles)), np.uint64)
    for at in range(0, SKETCH_SIZE, _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        np.multiply(shingles, factors[some, None], out=hashed)
        hashed += offsets[some, None]
        hashed.min(axis=1, out=lowest[some])
    return (lowest >> np.uint64(32)).astype(np.uint32)


@cache
def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Odd factors and offsets of 64 multiply-shift hashes, the same for ever."""
    draw = np.random.default_rng(20251223).integers(0, 2**63, (2, SKETCH_SIZE), np.uint64)
    return draw[0] * np.uint64(2) + np.uint64(1), draw[1]


def similarity(one: Sketch, other: Sketch) -> float:
    """The estimated Jaccard similarity, 0 to 1."""
    return float(np.mean(one == other))


def clusters(sketches: npt.NDArray[np.uint32]) -> Indices:
    """The cluster of each article, shape (n,): the lowest index of its near-duplicates.

    ``sketches`` has shape (n, 64). Being near-duplicates is taken to be transitive.

    None is missed among 4,000 articles, nor among any number of which not too many are like each
    other in part: see ``_MOST``. Where they are, two that are just alike (39 equal places) are
    missed with a probability of 1 %, unless articles are so uniform that draws of 8 places do not
    tell them apart either; two with 45 equal places with one of 0.01 %. A cluster of several
    takes more than one such miss to fall apart.
    """
    forest = Forest(len(sketches))
    if len(sketches) < 2:
        return forest.roots()
    likeness = _Likeness(forest, sketches)
    sizes = np.empty((len(sketches), len(_BANDS)), np.int32)
    for at, places in enumerate(_BANDS):
        keys = keys_of(sketches, places)
        sizes[:, at] = bucket_sizes(keys)
        # Copies join here, neighbour by neighbour, and leave few pairs to look at.
        likeness.join(Pairs(np.arange(len(keys)), keys, forest.roots()).neighbours())
    beyond = [
        likeness.join_where_equal(rows, _BANDS[at], most=_most(len(sketches)))
        for at, rows in enumerate(_rare(sizes))
    ]
    likeness.join_by_draws(np.unique(np.concatenate(beyond)), _most(len(sketches)) * len(_BANDS))
    return forest.roots()


def cluster_weights(clusters: Indices) -> npt.NDArray[np.float64]:
    """What each article counts, shape (n,): near-duplicates share what one of them would count."""
    _, cluster, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    return np.asarray(1 / sizes[cluster], np.float64)


def _most(articles: int) -> int:
    return max(_MOST, _MOST_EACH * articles)


def _rare(sizes: npt.NDArray[np.int32]) -> list[Indices]:
    """For each band the articles that have it among their rarest; ``sizes`` is (n, bands)."""
    rare = np.zeros(sizes.shape, bool)
    rarest = np.argsort(sizes, axis=1, kind="stable")[:, :_RAREST]
    np.put_along_axis(rare, rarest, values=True, axis=1)
    return [np.flatnonzero(column) for column in rare.T]


class _Likeness:
    """Joins those of candidate pairs that are near-duplicates."""

    def __init__(self, forest: Forest, sketches: npt.NDArray[np.uint32]) -> None:
        self._forest = forest
        self._sketches = sketches
        # The last byte of each place tells most pairs apart with a quarter of the memory to read.
        self._bytes = sketches.astype(np.uint8)

    def join(self, pairs: Both) -> None:
        for places in (self._bytes, self._sketches):
            ones, others = pairs
            apart = self._forest.roots_of(ones) != self._forest.roots_of(others)
            ones, others = ones[apart], others[apart]
            alike = _equal_places(places[ones], places[others]) >= _ALIKE
            pairs = ones[alike], others[alike]
        self._forest.join(*pairs)

    def join_where_equal(self, rows: Indices, places: tuple[int, ...], most: int) -> Indices:
        """Join what is alike of ``most`` pairs of the rows; returns the rows of further pairs."""
        keys = keys_of(self._sketches[rows], places)
        pairs = Pairs(rows, keys, self._forest.roots_of(rows))
        within, beyond = pairs.within(most)
        for some in within:
            self.join(some)
        return beyond

    def join_by_draws(self, rows: Indices, most: int) -> None:
        """Join what is alike of the rows, where as many places as needed to tell them are equal."""
        random = np.random.default_rng(0)
        width = _WIDTHS[0]
        for width in _WIDTHS:
            pairs = [self._drawn(rows, _draw(random, width)) for _ in range(3)]
            if sum(one.count for one in pairs) / 3 * _draws(width) <= most:
                break
        for _ in range(_draws(width) if len(rows) else 0):
            places = _draw(random, width)
            self.join(self._drawn(rows, places).neighbours())
            self.join_where_equal(rows, places, most // _draws(width))

    def _drawn(self, rows: Indices, places: tuple[int, ...]) -> Pairs:
        return Pairs(rows, keys_of(self._sketches[rows], places), self._forest.roots_of(rows))


def _equal_places(ones: npt.NDArray[np.generic], others: npt.NDArray[np.generic]) -> Indices:
    """How many places are equal in each row, eight by eight: a sum over 64 takes far longer."""
    eights = (ones == others).view(np.uint64).sum(axis=1, dtype=np.uint64)
    return np.asarray(eights * np.uint64(0x0101010101010101) >> np.uint64(56), np.intp)


def _draw(random: np.random.Generator, width: int) -> tuple[int, ...]:
    return tuple(random.choice(SKETCH_SIZE, width, replace=False).tolist())


def _draws(width: int) -> int:
    """How many draws find two articles of 39 equal places, but for one time in a hundred."""
    found = comb(_ALIKE, width) / comb(SKETCH_SIZE, width)
    return ceil(log(_MISSED) / log1p(-found))
