"""Measures: figures of a group, each with the interval that its articles allow.

Near-duplicates are no new evidence: counts enter an interval times ``share``, the share of
articles that are left when each cluster of near-duplicates counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labels.intervals import Interval, macro_f1, macro_f1_interval, mean_f1_interval, wilson
from labels.scheme import Group
from training.linear import Bools, Floats
from training.reliability import calibration_error, calibration_error_interval


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


def counts_of_labels(given: Bools, gold: Bools) -> Floats:
    """Hits, false alarms and misses of each label, shape (labels, 3)."""
    hits, alarms = (given & gold).sum(axis=0), (given & ~gold).sum(axis=0)
    return np.column_stack([hits, alarms, (~given & gold).sum(axis=0)]).astype(np.float64)


def confusion(given: Bools, gold: Bools) -> Floats:
    """Gold against predicted, shape (labels, labels); of use for exclusive groups only."""
    return np.asarray(gold.T.astype(np.float64) @ given.astype(np.float64))


def macro(group: Group, tables: Floats, confusions: Floats, share: float) -> Spread:
    """Macro-F1 of counts (partitions, labels, 3) and confusions (partitions, labels, labels)."""
    if group.exclusive:
        interval = macro_f1_interval(confusions.mean(axis=0) * share)
        return _spread([float(macro_f1(one)) for one in confusions], interval)
    means = [_mean_f1(table) for table in tables]
    return _spread(means, mean_f1_interval(tables.mean(axis=0) * share))


def micro(group: Group, tables: Floats, share: float) -> Spread:
    """Micro-F1 of counts (partitions, labels, 3)."""
    pooled = tables.sum(axis=1)
    mean = pooled.mean(axis=0) * share
    if group.exclusive:  # the accuracy: an alarm of one label is a miss of another
        return _spread(_f1(pooled).tolist(), wilson(mean[0], mean[0] + mean[2]))
    return _spread(_f1(pooled).tolist(), mean_f1_interval(mean[None]))


def f1(table: Floats, share: float) -> Figure:
    """F1 of one label's hits, false alarms and misses."""
    low, high = mean_f1_interval(table[None] * share)
    return Figure(value=float(_f1(table)), low=low, high=high)


def proportion(hits: float, of: float, share: float) -> Figure:
    """0 where nothing was counted, of which the interval then says nothing."""
    low, high = wilson(hits * share, of * share)
    return Figure(value=hits / of if of else 0.0, low=low, high=high)


def calibration(group: Group, likely: Sequence[Floats], gold: Bools, articles: int) -> Figure:
    """Calibration error of the best label where exclusive; else of all labels together.

    ``likely`` has (n, labels) for every partition; the interval is that of so many ``articles``.
    """
    if group.exclusive:
        best = [one.argmax(axis=1)[:, None] for one in likely]
        confident = [np.take_along_axis(p, b, 1) for p, b in zip(likely, best, strict=True)]
        right = [np.take_along_axis(gold, at, 1) for at in best]
    else:
        confident, right = list(likely), [gold] * len(likely)
    pairs = list(zip(confident, right, strict=True))
    value = float(np.mean([calibration_error(p, r) for p, r in pairs]))
    low, high = calibration_error_interval(confident, right, articles=articles)
    return Figure(value=value, low=low, high=high)


def _mean_f1(table: Floats) -> float:
    """Over the labels that stand in the gold or were given."""
    present = table.sum(axis=1) > 0
    return float(_f1(table[present]).mean()) if present.any() else 0.0


def _f1(tables: Floats) -> Floats:
    """F1 of (..., 3) counts of hits, false alarms and misses."""
    doubled = 2 * tables[..., 0]
    return np.asarray(doubled / np.maximum(doubled + tables[..., 1] + tables[..., 2], 1e-12))


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
