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
        return self.better or self.worse

    @property
    def better(self) -> bool:
        """Whether the second side is shown to be better."""
        return self.low > _NOTHING

    @property
    def worse(self) -> bool:
        """Whether it is shown to be worse."""
        return self.high < -_NOTHING


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What two sides gave to the same articles.

    ``first``, ``second`` and ``gold`` have shape (n, labels); ``weights`` likewise, 0 where the
    gold of the label's group is not known. ``clusters`` of near-duplicates has shape (n,).
    ``groups`` are the columns of those groups that are compared as a whole, too.
    """

    first: Bools
    second: Bools
    gold: Bools
    weights: Floats
    clusters: Rows
    groups: tuple[slice, ...] = ()

    def figures(self, given: Bools) -> Floats:
        """Every figure of one side, shape (labels + groups,).

        F1 of the labels, 0 where nobody named one, then the share of articles with exactly their
        labels of each group.
        """
        top, bottom = self.parts(given)
        return _ratio(top.sum(axis=0), bottom.sum(axis=0))

    @property
    def present(self) -> Bools:
        """Which labels stand in the gold, shape (labels,)."""
        return np.asarray((self.weights * self.gold).sum(axis=0) > 0)

    def _known(self) -> Floats:
        """What each article counts in each group, shape (n, groups)."""
        first = [columns.start for columns in self.groups]
        return self.weights[:, first]

    def _right(self, given: Bools) -> Bools:
        """Who got exactly its labels of each group, shape (n, groups)."""
        same = given == self.gold
        right = [same[:, columns].all(axis=1) for columns in self.groups]
        return np.array(right, bool).reshape(len(self.groups), len(given)).T

    def parts(self, given: Bools) -> tuple[Floats, Floats]:
        """What each article adds to numerator and denominator of every figure of one side.

        Both have shape (n, labels + groups), see ``figures``.
        """
        known = self._known()
        top = np.hstack([2 * self.weights * (given & self.gold), known * self._right(given)])
        bottom = np.hstack([self.weights * (given * 1.0 + self.gold), known])
        return top, bottom


@dataclass(frozen=True, kw_only=True)
class Swapped:
    """Differences of each figure: ``seen`` of shape (figures,), ``drawn`` of (draws, figures).

    ``drawn`` are those of swaps. The figures are F1 by label, and behind them the shares of
    articles exactly right by group.

    The sides of whole clusters are swapped at random. Were the two sides alike, what was seen
    would be one more such draw (Fisher's randomisation; for F1: Yeh 2000).
    """

    seen: Floats
    drawn: Floats

    def simultaneous(self) -> list[Difference]:
        """An interval for each figure; with 95 % confidence all of them hold at once.

        max-T (Westfall and Young 1993): every difference is set in relation to its standard
        error, and the interval reaches as many of these as the greatest of all figures does in
        95 % of the swaps.
        """
        return [
            _between(value, reach)
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
        """The difference of mean F1 over some labels, with an interval of its own alone.

        ``labels`` has shape (labels,).
        """
        if not labels.any():
            return _between(0.0, 0.0)
        mine = np.flatnonzero(labels)
        value = float(self.seen[mine].mean())
        return _between(value, _quantile(np.abs(self.drawn[:, mine].mean(axis=1))))


def _between(value: float, reach: float) -> Difference:
    """No difference of two shares is greater than 1, whatever swaps make of few articles."""
    return Difference(value=value, low=max(value - reach, -1.0), high=min(value + reach, 1.0))


def swapped(answers: Answers, seed: int = 0) -> Swapped:
    """The differences of the figures, second less first, as they are and with sides swapped."""
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
    """Numerator and denominator of both sides' figures, and what a swap of each cluster moves.

    Only clusters that are answered differently move anything; the others are left out.
    """
    sides = [answers.parts(side) for side in (answers.first, answers.second)]
    tops, bottoms = ([side[at] for side in sides] for at in (0, 1))
    _, cluster = np.unique(answers.clusters, return_inverse=True)
    apart = np.unique(cluster[(answers.first != answers.second).any(axis=1)])
    place = np.searchsorted(apart, cluster)
    mine = np.isin(cluster, apart)
    moved = [np.zeros((len(apart), tops[0].shape[1])) for _ in range(2)]
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
