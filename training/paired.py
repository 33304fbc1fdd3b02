"""Paired comparison: is one way of labelling better than another on the same articles?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import bootstrap

from training.counts import Rows
from training.linear import Bools
from training.measures import Figure, counts_of_labels, f1_of, mean_f1

Metric = Callable[[Bools, Bools], float]  # of labels given and gold, both (n, labels)
_RESAMPLES = 2000


def micro_f1(given: Bools, gold: Bools) -> float:
    """F1 of all decisions pooled, 0 where nothing was given or gold."""
    return float(f1_of(counts_of_labels(given, gold).sum(axis=0)))


def macro_f1(given: Bools, gold: Bools) -> float:
    """Mean F1 over the labels that stand in the gold or were given."""
    return mean_f1(counts_of_labels(given, gold))


def paired_difference(
    metric: Metric, first: Sequence[Bools], second: Sequence[Bools], gold: Bools, seed: int = 0
) -> Figure:
    """How much better ``second`` is than ``first``, with a 95 % interval.

    Each has an array of shape (n, labels) for every partition; a figure is the mean over them.
    The interval is the BCa bootstrap over articles (Efron 1987): a resample takes the same
    articles for both sides. Where no resample moves the difference, it has width zero.
    """

    def difference(rows: Rows) -> float:
        means = [
            np.mean([metric(one[rows], gold[rows]) for one in side]) for side in (second, first)
        ]
        return float(means[0] - means[1])

    every = np.arange(len(gold))
    value = difference(every)
    if all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)):
        return Figure(value=value, low=value, high=value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where all resamples are equal
        found = bootstrap(
            (every,),
            difference,
            n_resamples=_RESAMPLES,
            vectorized=False,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    low, high = (value if np.isnan(end) else float(end) for end in (found.low, found.high))
    return Figure(value=value, low=low, high=high)
