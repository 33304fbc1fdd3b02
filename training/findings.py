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
from training.linear import Bools, Floats
from training.report import GroupReport, Report
from training.reporting import report_from

USUAL_TARGET = 0.95  # the precision to aim at where the recipe names none


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
        """How sure the decision about each article is, shape (n,); NaN where there is none.

        The probability of the best label where exclusive; else the least over labels of p where
        the label is given and of 1 - p where it is not. A label that was not learnt has p = 0.
        """
        if self.group.exclusive:
            return np.asarray(self.likely.max(axis=1))
        known = np.nan_to_num(self.likely, nan=0.0)
        return np.asarray(np.where(self.given, known, 1 - known).min(axis=1))


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A version's manifest, scheme, report, rules and out-of-fold probabilities."""

    manifest: Manifest
    scheme: Scheme
    report: Report
    rules: Mapping[str, Rule]
    held: OutOfFold

    @property
    def target(self) -> float:
        """The precision to aim at."""
        asked = self.manifest.recipe.get("precision")
        return USUAL_TARGET if asked is None else float(str(asked))

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
            given=_given(group, rule, likely),
        )


def _given(group: Group, rule: Rule, likely: Floats) -> Bools:
    """The labels that a rule gives, as ``models.decision.decide`` does for one article."""
    if group.exclusive:
        known = np.nan_to_num(likely, nan=-1.0)
        best = known.argmax(axis=1)[:, None] == np.arange(likely.shape[1])
        return np.asarray(best & (known >= 0))
    return np.asarray((likely >= np.array(rule.thresholds)) & np.array(rule.trained))


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
    return Findings(
        manifest=manifest,
        scheme=scheme,
        report=report_from(version / "report.json"),
        rules=rules,
        held=read_out_of_fold(version, scheme),
    )
