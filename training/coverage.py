"""Coverage: the share of articles that could pass without a person, and how right they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.findings import Told, read_findings
from training.linear import Floats

_NEARLY = 1e-9  # that 19 of 20 are 0.95


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Of ``articles``, those of at least each ``confidence``, the surest first.

    ``passing`` is how many they are and ``right`` how many of them got exactly their labels;
    all three have shape (distinct confidences,). Articles of equal confidence pass together. An
    article without a decision never passes. Near-duplicates are not weighed: an article counts.
    """

    articles: int
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


def coverage_of(told: Told) -> Coverage:
    """The coverage of one group at every confidence that its articles have."""
    seen = np.isfinite(told.confidence)
    confidence, right = told.confidence[seen], told.right[seen]
    order = np.argsort(-confidence, kind="stable")
    confidence = confidence[order]
    ends = np.flatnonzero(np.diff(confidence, append=-np.inf) < 0)
    return Coverage(
        articles=len(told.ids),
        confidence=confidence[ends],
        passing=np.asarray(ends + 1, np.float64),
        right=np.cumsum(right[order], dtype=np.float64)[ends],
    )


def place_of(coverage: Coverage, target: float) -> int | None:
    """Where the greatest coverage lies whose precision is at least ``target``; None if nowhere."""
    held = np.flatnonzero(coverage.right >= (target - _NEARLY) * coverage.passing)
    return int(held[-1]) if len(held) else None


def coverage_at(coverage: Coverage, target: float) -> float:
    """The greatest coverage whose precision is at least ``target``, 0 where there is none.

    Chosen with all results in view, on probabilities that were calibrated on the same articles,
    it is what could be had, not a promise: see ``training.abstention`` for that.
    """
    place = place_of(coverage, target)
    return 0.0 if place is None else float(coverage.share[place])


def coverage_at_target(version: Path) -> dict[str, float]:
    """The same by group, for the recipe's precision or else 0.95, of the evaluated source.

    Groups of which no evaluated article has a label are left out.

    Raises:
        VersionError: a file of the version is missing or damaged.
    """
    findings = read_findings(version)
    return {
        group.id: coverage_at(coverage_of(findings.told(group)), findings.target)
        for group, _ in findings.groups()
    }
