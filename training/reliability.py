"""Reliability: whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.linear import Bools, Floats

_BINS = 10
_RESAMPLES = 1000


def calibration_error(confident: Floats, right: Bools) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017), 0 to 1.

    ``confident`` is the probability of each decision and ``right`` whether it was, of one
    shape: the mean over bins, by their size, of |mean probability - share of right ones|.
    """
    if not confident.size:
        return 0.0
    bins = np.minimum((confident.ravel() * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=(confident - right).ravel(), minlength=_BINS)
    return float(np.abs(gaps).sum() / confident.size)


def calibration_error_interval(
    confident: Sequence[Floats], right: Sequence[Bools], seed: int = 0, articles: int | None = None
) -> tuple[float, float]:
    """95 % interval of the mean over partitions, by the percentile bootstrap over articles.

    The articles are the first axis of each array; ``articles`` of them make a resample, all
    unless told. Resampling adds noise to every bin and so to the error: the interval lies
    rather high.
    """
    random = np.random.default_rng(seed)
    count = len(confident[0]) if confident else 0
    if not count:
        return 0.0, 1.0
    drawn = []
    for _ in range(_RESAMPLES):
        rows = random.integers(0, count, articles or count)
        drawn.append(
            np.mean(
                [calibration_error(c[rows], r[rows]) for c, r in zip(confident, right, strict=True)]
            )
        )
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
