"""Simultaneous intervals: how two versions differ label by label, all of it sure at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Not those of training.linear, which brings scikit-learn: a promotion should not take seconds.
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

_SWAPS = 2000
_SURE = 0.95
_AT_ONCE = 4_000_000  # draws held in memory
_NOTHING = 1e-9  # a difference that is rounding


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How much better the second side is, with a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves no room for none at all."""
        return self.low > _NOTHING or self.high < -_NOTHING


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What two sides gave to the same articles.

    ``first``, ``second`` and ``gold`` have shape (n, labels); ``weights`` likewise, 0 where the
    gold of the label's group is not known. ``clusters`` of near-duplicates has shape (n,).
    """

    first: Bools
    second: Bools
    gold: Bools
    weights: Floats
    clusters: Rows

    def f1(self, given: Bools) -> Floats:
        """F1 of each label of one side, shape (labels,); 0 where nobody named it."""
        hits = (self.weights * (given & self.gold)).sum(axis=0)
        return _ratio(2 * hits, (self.weights * given).sum(axis=0) + self._positives)

    @property
    def _positives(self) -> Floats:
        return np.asarray((self.weights * self.gold).sum(axis=0))

    @property
    def present(self) -> Bools:
        """Which labels stand in the gold or were given by a side, shape (labels,)."""
        named = self.first | self.second | self.gold
        return np.asarray((self.weights * named).sum(axis=0) > 0)


@dataclass(frozen=True, kw_only=True)
class Swapped:
    """Differences of F1 by label: the one ``seen``, (labels,), and those of swaps, (draws, labels).

    The sides of whole clusters are swapped at random. Were the two sides alike, what was seen
    would be one more such draw (Fisher's randomisation; for F1: Yeh 2000).
    """

    seen: Floats
    drawn: Floats

    def simultaneous(self) -> list[Difference]:
        """An interval for each label; with 95 % confidence all of them hold at once.

        max-T (Westfall and Young 1993): every difference is set in relation to its standard
        error, and the interval reaches as many of these as the greatest of all labels does in
        95 % of the swaps.
        """
        return [
            Difference(value=value, low=value - reach, high=value + reach)
            for value, reach in zip(self.seen.tolist(), self._reach().tolist(), strict=True)
        ]

    def _reach(self) -> Floats:
        errors = np.sqrt((self.drawn**2).mean(axis=0))
        some = errors > _NOTHING
        if not some.any():
            return np.zeros(len(errors))
        greatest = (np.abs(self.drawn[:, some]) / errors[some]).max(axis=1)
        return np.asarray(errors * _quantile(greatest))

    def mean(self, labels: Bools) -> Difference:
        """The difference of mean F1 over some labels, with an interval of its own alone."""
        if not labels.any():
            return Difference(value=0.0, low=0.0, high=0.0)
        value = float(self.seen[labels].mean())
        reach = _quantile(np.abs(self.drawn[:, labels].mean(axis=1)))
        return Difference(value=value, low=value - reach, high=value + reach)


def swapped(answers: Answers, seed: int = 0) -> Swapped:
    """The differences of F1, second less first, as they are and with sides swapped."""
    totals, moved = _sums(answers)
    seen = _difference(*totals)
    draws = [
        _difference(
            totals[0] + swap @ moved[0],
            totals[1] + swap @ moved[1],
            totals[2] - swap @ moved[0],
            totals[3] - swap @ moved[1],
        )
        for swap in _swaps(len(moved[0]), np.random.default_rng(seed))
    ]
    return Swapped(seen=seen, drawn=np.concatenate(draws))


def _sums(answers: Answers) -> tuple[tuple[Floats, ...], tuple[Floats, Floats]]:
    """Numerator and denominator of F1 of both sides, and what a swap of each cluster moves.

    Only clusters that are answered differently move anything; the others are left out.
    """
    weights, gold = answers.weights, answers.gold
    tops = [2 * weights * (side & gold) for side in (answers.first, answers.second)]
    bottoms = [weights * (side * 1.0 + gold) for side in (answers.first, answers.second)]
    _, cluster = np.unique(answers.clusters, return_inverse=True)
    apart = np.unique(cluster[(answers.first != answers.second).any(axis=1)])
    place = np.searchsorted(apart, cluster)
    mine = np.isin(cluster, apart)
    moved = [np.zeros((len(apart), gold.shape[1])) for _ in range(2)]
    for total, (first, second) in zip(moved, (tops, bottoms), strict=True):
        np.add.at(total, place[mine], (second - first)[mine])
    totals = tuple(side.sum(axis=0) for pair in zip(tops, bottoms, strict=True) for side in pair)
    return totals, (moved[0], moved[1])


def _difference(top: Floats, bottom: Floats, other_top: Floats, other_bottom: Floats) -> Floats:
    return _ratio(other_top, other_bottom) - _ratio(top, bottom)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.asarray(top / np.maximum(bottom, 1e-12))


def _swaps(clusters: int, random: np.random.Generator) -> Iterator[Floats]:
    """Which clusters are swapped in each draw, shape (draws, clusters), some draws at a time."""
    step = max(1, min(_SWAPS, _AT_ONCE // max(clusters, 1)))
    for at in range(0, _SWAPS, step):
        draws = min(step, _SWAPS - at)
        yield (random.random((draws, clusters)) < 0.5).astype(np.float64)


def _quantile(drawn: Floats) -> float:
    """What 95 % of the draws do not exceed, with the one that was seen among them."""
    return float(np.quantile(np.append(drawn, np.inf), _SURE, method="higher"))
