"""Measures: figures of a group, each with the interval that its articles allow.

Near-duplicates are no new evidence: a cluster of them weighs as much as one article, shared
equally by its members, in a figure as in its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labels.intervals import Interval, macro_f1_interval, mean_f1_interval, wilson
from labels.scheme import Group
from training.counts import Rows
from training.linear import Bools, Floats
from training.reliability import calibration_error_interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A figure between 0 and 1 with its 95 % interval, which speaks of the articles drawn."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A figure as the mean over partitions, and how far it depends on the partition."""

    value: float
    sd: float
    least: float
    most: float
    low: float
    high: float


def counts_of_labels(given: Bools, gold: Bools, weights: Floats | None = None) -> Floats:
    """Hits, false alarms and misses of each label, shape (labels, 3), by the weights (n,)."""
    counted = np.ones(len(gold)) if weights is None else weights
    return np.column_stack(
        [counted @ (given & gold), counted @ (given & ~gold), counted @ (~given & gold)]
    )


def confusion(given: Bools, gold: Bools, weights: Floats) -> Floats:
    """Gold against predicted, shape (labels, labels); of use for exclusive groups only."""
    return np.asarray((gold * weights[:, None]).T @ given.astype(np.float64))


def f1_of(tables: Floats) -> Floats:
    """F1 of (..., 3) counts of hits, false alarms and misses; 0 where there are none."""
    doubled = 2 * tables[..., 0]
    return np.asarray(doubled / np.maximum(doubled + tables[..., 1] + tables[..., 2], 1e-12))


def mean_f1(table: Floats) -> float:
    """Mean F1 over the labels of a (labels, 3) table that stand in the gold or were given."""
    present = table.sum(axis=1) > 0
    return float(f1_of(table[present]).mean()) if present.any() else 0.0


def macro(group: Group, tables: Floats, confusions: Floats) -> Spread:
    """Macro-F1 of counts (partitions, labels, 3) and confusions (partitions, labels, labels)."""
    if group.exclusive:
        interval = macro_f1_interval(confusions.mean(axis=0))
    else:
        interval = mean_f1_interval(tables.mean(axis=0))
    return _spread([mean_f1(table) for table in tables], interval)


def micro(group: Group, tables: Floats) -> Spread:
    """Micro-F1 of counts (partitions, labels, 3)."""
    pooled = tables.sum(axis=1)
    mean = pooled.mean(axis=0)
    if group.exclusive:  # the accuracy: an alarm of one label is a miss of another
        return _spread(f1_of(pooled).tolist(), wilson(mean[0], mean[0] + mean[2]))
    return _spread(f1_of(pooled).tolist(), mean_f1_interval(mean[None]))


def f1(table: Floats) -> Figure:
    """F1 of one label's hits, false alarms and misses."""
    low, high = mean_f1_interval(table[None])
    return Figure(value=float(f1_of(table)), low=low, high=high)


def share_of(chosen: Bools, weights: Floats) -> float:
    """The weighted share of those chosen; exactly 0 or 1 for none or all, 0 of nothing."""
    whole = float(weights.sum())
    return float((weights * chosen).sum()) / whole if whole else 0.0


def proportion(hits: float, of: float) -> Figure:
    """0 where nothing was counted, of which the interval then says nothing."""
    low, high = wilson(hits, of)
    return Figure(value=hits / of if of else 0.0, low=low, high=high)


def calibration(group: Group, likely: Sequence[Floats], gold: Bools, clusters: Rows) -> Figure:
    """Calibration error of the best label where exclusive; else of all labels together.

    ``likely`` has (n, labels) for every partition.
    """
    if group.exclusive:
        best = [one.argmax(axis=1)[:, None] for one in likely]
        confident = [np.take_along_axis(p, b, 1) for p, b in zip(likely, best, strict=True)]
        right = [np.take_along_axis(gold, at, 1) for at in best]
    else:
        confident, right = list(likely), [gold] * len(likely)
    value, low, high = calibration_error_interval(confident, right, clusters)
    return Figure(value=value, low=low, high=high)


def _spread(values: list[float], interval: Interval) -> Spread:
    low, high = interval
    return Spread(
        value=float(np.mean(values)),
        sd=float(np.std(values)),
        least=min(values),
        most=max(values),
        low=low,
        high=high,
    )
