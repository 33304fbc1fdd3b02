"""The report: how well a recipe does on articles that its models had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from labels.corpus import Corpus
from labels.duplicates import cluster_weights
from labels.scheme import Group, Scheme
from training.abstention import Promises
from training.counts import Rows
from training.coverage import USUAL_TARGET, confidence_of, coverage_at, coverage_of
from training.learning import Point
from training.linear import Bools, Floats
from training.measures import (
    Figure,
    Spread,
    calibration,
    confusion,
    counts_of_labels,
    f1,
    macro,
    micro,
    proportion,
    share_of,
)
from training.naming import Metric, by_name
from training.validation import Judged


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelReport:
    """Figures of one label against the rest; counts are means over partitions."""

    label: str
    articles: int
    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupReport:
    """Figures of one group, of ``articles`` whose labels of it are known.

    ``distinct`` are left when near-duplicates count once, as they do in all figures and
    intervals. ``f1_micro`` equals the accuracy where the group is exclusive. ``confusion``
    (exclusive groups only) has gold labels as rows and predicted ones as columns, means over
    partitions. ``reviewed`` is the share that goes to a person because of the group (not of
    its text); ``kept_right`` the share of the rest whose labels are exactly right.
    ``coverage_at_target`` is the greatest share, the surest first, that could pass with the
    target precision exactly right, chosen in hindsight: what could be had, no promise; the mean
    over partitions. ``calibration_error`` is the expected one: of the best label's probability
    where exclusive, else of the probabilities of all labels.
    """

    group: str
    exclusive: bool
    articles: int
    distinct: int
    f1_macro: Spread
    f1_micro: Spread
    labels: list[LabelReport]
    confusion: list[list[float]]
    reviewed: float
    kept_right: Figure
    coverage_at_target: float
    calibration_error: Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was measured, on what: ``evaluated`` articles, by models that also saw ``beside``.

    ``source`` is given or starter: which articles were evaluated. For starter articles
    ``themes`` has the same figures with each theme judged by models of the other themes.
    ``fold_of`` is the number of articles of the source where they were so many that one fold of
    them was evaluated, None where all were.
    ``unmeasured`` are the groups of which no evaluated article has a known label; they have no
    figures. ``untrained`` are labels, by group, with too few articles to be learnt: they send
    all articles to review. ``unlearnt`` are those that the model has learnt, but not every model
    that judged ``groups``. ``promises`` by group are what ``--precision`` could hold to;
    ``precision`` is what that asked for. ``learning`` by group says what fewer articles of the
    source would have brought, see ``training.learning``.
    """

    source: str
    evaluated: int
    beside: int
    seeds: list[int]
    groups: list[GroupReport]
    learning: dict[str, list[Point]]
    fold_of: int | None = None
    unmeasured: list[str] = field(default_factory=list)
    untrained: dict[str, list[str]] = field(default_factory=dict)
    unlearnt: dict[str, list[str]] = field(default_factory=dict)
    themes: list[GroupReport] = field(default_factory=list)
    precision: float | None = None
    promises: dict[str, Promises] = field(default_factory=dict)

    @property
    def target(self) -> float:
        """The precision to aim at."""
        return target_of(self.precision)

    def metrics(self, *, main: bool = False) -> dict[str, float]:
        """Flat names for a tracker: ``type_f1_macro``, ``type_f1_macro_low``, ``type_f1_news``.

        With ``main`` those to sort and to chart by; see ``training.naming`` for odd labels.
        """
        found = by_name(list(self._metrics()))
        return {name: one.value for name, one in found.items() if one.main or not main}

    def _metrics(self) -> Iterator[Metric]:
        for group in self.groups:
            yield from _group_metrics(group)
        for group in self.themes:
            for kind, spread in (("macro", group.f1_macro), ("micro", group.f1_micro)):
                stem = f"{group.group}_f1_{kind}_leave_one_theme_out"
                yield Metric(stem=stem, value=spread.value, main=kind == "macro")
        yield Metric(stem="evaluated_articles", value=self.evaluated)
        yield Metric(stem="partitions", value=len(self.seeds), main=False)


def _group_metrics(group: GroupReport) -> Iterator[Metric]:
    for kind, spread in (("f1_macro", group.f1_macro), ("f1_micro", group.f1_micro)):
        stem = f"{group.group}_{kind}"
        yield Metric(stem=stem, value=spread.value)
        yield Metric(stem=f"{stem}_low", value=spread.low)
        yield Metric(stem=f"{stem}_high", value=spread.high)
        yield Metric(stem=f"{stem}_sd", value=spread.sd, main=False)
    for one in group.labels:
        for name, figure in (("f1", one.f1), ("precision", one.precision), ("recall", one.recall)):
            stem, main = f"{group.group}_{name}", name == "f1"
            yield Metric(stem=stem, label=one.label, value=figure.value, main=main)
    yield Metric(stem=f"{group.group}_reviewed", value=group.reviewed)
    yield Metric(stem=f"{group.group}_kept_right", value=group.kept_right.value)
    yield Metric(stem=f"{group.group}_coverage_at_target", value=group.coverage_at_target)
    yield Metric(stem=f"{group.group}_calibration_error", value=group.calibration_error.value)


@dataclass(frozen=True, kw_only=True)
class Gold:
    """What is right: ``targets`` (n, outputs), ``known`` (n, groups) and ``clusters`` (n,)."""

    scheme: Scheme
    targets: Bools
    known: Bools
    clusters: Rows

    @classmethod
    def of(cls, corpus: Corpus) -> Gold:
        return cls(
            scheme=corpus.scheme,
            targets=corpus.strata,
            known=corpus.labelled,
            clusters=corpus.clusters,
        )

    def weights(self, rows: Rows) -> Floats:
        """What each of the rows counts: a cluster of them counts as one article."""
        return cluster_weights(self.clusters[rows])

    def unmeasured(self, rows: Rows) -> list[str]:
        """The groups of which none of the rows has a known label."""
        groups = enumerate(self.scheme.groups)
        return [group.id for at, group in groups if not self.known[rows, at].any()]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one partition says of a group: ``review`` (n,), the others (n, labels)."""

    likely: Floats
    given: Bools
    review: Bools


def report_on(
    gold: Gold, judged: Sequence[Judged], rows: Rows, precision: float | None = None
) -> list[GroupReport]:
    """The figures over the partitions ``judged`` on ``rows``, of every group known in some.

    ``precision`` is that of the coverage, 0.95 where none is asked for.
    """
    reports = []
    for at, group in enumerate(gold.scheme.groups):
        columns = gold.scheme.columns(group)
        mine = rows[gold.known[rows, at]]
        if len(mine):
            one = replace(gold, targets=gold.targets[mine, columns], clusters=gold.clusters[mine])
            parts = [
                _Part(
                    likely=part.likely[mine, columns],
                    given=part.given[mine, columns],
                    review=part.review[mine, at],
                )
                for part in judged
            ]
            reports.append(_group_report(group, one, parts, target_of(precision)))
    return reports


def target_of(precision: float | None) -> float:
    """The precision that was asked for, or the usual one."""
    return USUAL_TARGET if precision is None else precision


def _group_report(group: Group, gold: Gold, parts: Sequence[_Part], target: float) -> GroupReport:
    targets = gold.targets
    weights = gold.weights(np.arange(len(targets)))
    tables = np.array([counts_of_labels(one.given, targets, weights) for one in parts])
    confusions = np.array([confusion(one.given, targets, weights) for one in parts])
    right = [(one.given == targets).all(axis=1) for one in parts]
    kept = [weights @ ~one.review for one in parts]
    kept_right = [weights @ (so & ~one.review) for one, so in zip(parts, right, strict=True)]
    coverage = [
        coverage_at(coverage_of(confidence_of(group, one.likely, one.given), so, weights), target)
        for one, so in zip(parts, right, strict=True)
    ]
    return GroupReport(
        group=group.id,
        exclusive=group.exclusive,
        articles=len(targets),
        distinct=len(np.unique(gold.clusters)),
        f1_macro=macro(group, tables, confusions),
        f1_micro=micro(group, tables),
        labels=[
            _label_report(label, int(targets[:, at].sum()), tables[:, at].mean(axis=0))
            for at, label in enumerate(group.ids)
        ],
        confusion=confusions.mean(axis=0).tolist() if group.exclusive else [],
        reviewed=float(np.mean([share_of(one.review, weights) for one in parts])),
        kept_right=proportion(float(np.mean(kept_right)), float(np.mean(kept))),
        coverage_at_target=float(np.mean(coverage)),
        calibration_error=calibration(group, [one.likely for one in parts], targets, gold.clusters),
    )


def _label_report(label: str, articles: int, table: Floats) -> LabelReport:
    hits, alarms, misses = table.tolist()
    return LabelReport(
        label=label,
        articles=articles,
        precision=proportion(hits, hits + alarms),
        recall=proportion(hits, hits + misses),
        f1=f1(table),
    )
