"""Findings: what a version directory says of how well its recipe does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labels.errors import VersionError
from labels.scheme import Group, Scheme, read_scheme
from models.decision import Rule
from models.evidence import OutOfFold, read_out_of_fold
from models.manifest import Manifest, read_manifest
from models.version import rule_from
from training.comparison import COMPARISON, Comparison, read_comparison
from training.coverage import confidence_of
from training.giving import given_by
from training.linear import Bools, Floats
from training.report import GroupReport, Report
from training.reporting import report_from


@dataclass(frozen=True, kw_only=True)
class Told:
    """What models said of the ``n`` articles with known labels of a group, none of them seen.

    ``gold`` and ``given`` (n, labels) are what is right and what the version's rule gives.
    ``likely`` (n, labels) has NaN where the models of the other folds had not learnt the label,
    all of a row where the group is exclusive; the label is not given there.
    """

    group: Group
    rule: Rule
    ids: tuple[str, ...]
    sources: tuple[str, ...]
    gold: Bools
    likely: Floats
    given: Bools

    @property
    def right(self) -> Bools:
        """Which articles got exactly their labels, shape (n,)."""
        return np.asarray((self.given == self.gold).all(axis=1))

    @property
    def confidence(self) -> Floats:
        """How sure the decision about each is, shape (n,): see ``training.coverage``."""
        return confidence_of(self.group, self.likely, self.given)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What lies in ``folder``: manifest, scheme, report, rules and out-of-fold probabilities.

    ``comparison`` is with the champion of its training; None where there was none yet.
    """

    folder: Path
    manifest: Manifest
    scheme: Scheme
    report: Report
    rules: Mapping[str, Rule]
    held: OutOfFold
    comparison: Comparison | None

    @property
    def mixed(self) -> bool:
        """Whether models learnt from starter articles beside the evaluated ones."""
        return self.report.source == "given" and bool(self.manifest.counts["starter"])

    def groups(self) -> Iterator[tuple[Group, GroupReport]]:
        """The groups that were measured, with their figures."""
        groups = {group.id: group for group in self.scheme.groups}
        return ((groups[figures.group], figures) for figures in self.report.groups)

    def told(self, group: Group) -> Told:
        """What was said of the evaluated source's articles; of all of it, not only of a fold."""
        return self._told(group, np.array(self.held.sources, object) == self.report.source)

    def told_of_all(self, group: Group) -> Told:
        """What was said of every article, whatever its source."""
        return self._told(group, np.ones(len(self.held.ids), bool))

    def _told(self, group: Group, chosen: Bools) -> Told:
        known = np.array([group.id in labels for labels in self.held.labels], bool)
        rows = np.flatnonzero(known & chosen).tolist()
        gold = [[label in self.held.labels[row][group.id] for label in group.ids] for row in rows]
        likely = self.held.likely[rows, self.scheme.columns(group)]
        rule = self.rules[group.id]
        return Told(
            group=group,
            rule=rule,
            ids=tuple(self.held.ids[row] for row in rows),
            sources=tuple(self.held.sources[row] for row in rows),
            gold=np.array(gold, bool).reshape(likely.shape),
            likely=likely,
            given=given_by(group, rule, likely),
        )


def read_findings(version: Path) -> Findings:
    """What a version directory holds; its sums are not looked at.

    Raises:
        VersionError: a file is missing or damaged.
    """
    manifest = read_manifest(version)
    scheme = read_scheme(version / "scheme.toml")
    try:
        rules = {group.id: rule_from(manifest.rules[group.id]) for group in scheme.groups}
    except (AttributeError, LookupError, TypeError) as error:
        raise VersionError(str(version), "rules that are none", "Train again") from error
    compared = version / COMPARISON
    return Findings(
        folder=version,
        manifest=manifest,
        scheme=scheme,
        report=report_from(version / "report.json"),
        rules=rules,
        held=read_out_of_fold(version, scheme),
        comparison=read_comparison(compared) if compared.exists() else None,
    )
