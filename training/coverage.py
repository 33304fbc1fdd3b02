"""Coverage: the share of articles that could pass without a person, and how right they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labels.scheme import Group
from training.linear import Bools, Floats

USUAL_TARGET = 0.95  # the precision to aim at where the recipe names none
_NEARLY = 1e-9  # that 19 of 20 are 0.95


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Of ``articles``, those of at least each ``confidence``, the surest first.

    ``passing`` is how many they are and ``right`` how many of them got exactly their labels;
    all three have shape (distinct confidences,). Articles of equal confidence pass together. An
    article without a decision never passes. Counts are sums of weights.
    """

    articles: float
    confidence: Floats
    passing: Floats
    right: Floats

    @property
    def share(self) -> Floats:
        """The coverage: the share of all articles that pass."""
        return self.passing / self.articles

    @property
    def precision(self) -> Floats:
        """The share of those passing that are exactly right."""
        return self.right / self.passing


def confidence_of(group: Group, likely: Floats, given: Bools) -> Floats:
    """How sure the decision about each article is, shape (n,); NaN where there is none.

    The probability of the best label where exclusive; else the least over labels of p where
    the label is given and of 1 - p where it is not. A label that was not learnt has p = 0.
    ``likely`` and ``given`` have shape (n, labels).
    """
    if group.exclusive:
        return np.asarray(likely.max(axis=1))
    known = np.nan_to_num(likely, nan=0.0)
    return np.asarray(np.where(given, known, 1 - known).min(axis=1))


def coverage_of(confidence: Floats, right: Bools, weights: Floats | None = None) -> Coverage:
    """The coverage at every confidence that articles have; each counts one unless weighed.

    All have shape (n,). ``right`` says which got exactly their labels.
    """
    counted = np.ones(len(confidence)) if weights is None else weights
    rows = np.flatnonzero(np.isfinite(confidence))
    rows = rows[np.argsort(-confidence[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(confidence[rows], append=-np.inf) < 0)
    return Coverage(
        articles=float(counted.sum()),
        confidence=confidence[rows][ends],
        passing=np.cumsum(counted[rows])[ends],
        right=np.cumsum((counted * right)[rows])[ends],
    )


def coverage_at(coverage: Coverage, target: float) -> float:
    """The greatest coverage whose precision is at least ``target``, 0 where there is none.

    Chosen with all results in view, it is what could be had, not a promise: see
    ``training.abstention`` for that.
    """
    held = np.flatnonzero(coverage.right >= (target - _NEARLY) * coverage.passing)
    return float(coverage.share[held[-1]]) if len(held) else 0.0
