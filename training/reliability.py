"""Reliability: whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.counts import Rows
from training.linear import Bools, Floats

_BINS = 10
_RESAMPLES = 1000


def calibration_error(confident: Floats, right: Bools, weights: Floats | None = None) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017), 0 to 1.

    ``confident`` is the probability of each decision and ``right`` whether it was, both of
    shape (n,) or (n, decisions), ``weights`` what each of the n articles counts: the mean over
    bins, by their size, of |mean probability - share of right ones|.
    """
    if not confident.size:
        return 0.0
    counted = np.ones(len(confident)) if weights is None else weights
    bins = np.minimum((confident.ravel() * _BINS).astype(int), _BINS - 1)
    off = (confident - right).reshape(len(confident), -1) * counted[:, None]
    gaps = np.bincount(bins, weights=off.ravel(), minlength=_BINS)
    return float(np.abs(gaps).sum() / (counted.sum() * off.shape[1]))


def calibration_error_interval(
    confident: Sequence[Floats], right: Sequence[Bools], clusters: Rows, seed: int = 0
) -> tuple[float, float, float]:
    """The mean error over partitions, and its 95 % interval: (value, low, high).

    The articles are the first axis of each array; a cluster of near-duplicates, ``clusters`` of
    shape (n,), weighs as much as one article. The interval is the percentile bootstrap over
    clusters. Resampling adds noise to every bin and so to the error: it lies rather high, and
    is drawn down to the value where it would lie above.
    """
    if not len(clusters):
        return 0.0, 0.0, 1.0
    random = np.random.default_rng(seed)
    _, cluster, sizes = np.unique(clusters, return_inverse=True, return_counts=True)

    def mean_error(drawn: Floats) -> float:
        weights = (drawn / sizes)[cluster]
        both = zip(confident, right, strict=True)
        return float(np.mean([calibration_error(c, r, weights) for c, r in both]))

    count = len(sizes)
    value = mean_error(np.ones(count))
    errors = [
        mean_error(np.bincount(random.integers(0, count, count), minlength=count).astype(float))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(errors, [0.025, 0.975])
    return value, min(value, float(low)), max(value, float(high))
