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
    ``calibration_error`` is the expected one: of the best label's probability where exclusive,
    else of the probabilities of all labels.
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
    that judged ``groups``. ``promises`` by group are what ``--precision`` could hold to.
    ``learning`` by group says what fewer articles of the source would have brought, see
    ``training.learning``; it is empty in reports of before there was such a thing.
    """

    source: str
    evaluated: int
    beside: int
    seeds: list[int]
    groups: list[GroupReport]
    fold_of: int | None = None
    unmeasured: list[str] = field(default_factory=list)
    untrained: dict[str, list[str]] = field(default_factory=dict)
    unlearnt: dict[str, list[str]] = field(default_factory=dict)
    themes: list[GroupReport] = field(default_factory=list)
    precision: float | None = None
    promises: dict[str, Promises] = field(default_factory=dict)
    learning: dict[str, list[Point]] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Flat names for a tracker: ``type_f1_macro``, ``type_f1_macro_low``, ``type_f1_news``."""
        themes = {
            f"{group.group}_f1_{kind}_leave_one_theme_out": spread.value
            for group in self.themes
            for kind, spread in (("macro", group.f1_macro), ("micro", group.f1_micro))
        }
        return {
            **{name: value for group in self.groups for name, value in _group_metrics(group)},
            **themes,
            "evaluated_articles": self.evaluated,
            "partitions": len(self.seeds),
        }


def _group_metrics(group: GroupReport) -> Iterator[tuple[str, float]]:
    for name, spread in (("f1_macro", group.f1_macro), ("f1_micro", group.f1_micro)):
        yield f"{group.group}_{name}", spread.value
        yield f"{group.group}_{name}_low", spread.low
        yield f"{group.group}_{name}_high", spread.high
        yield f"{group.group}_{name}_sd", spread.sd
    for label in group.labels:
        yield f"{group.group}_f1_{label.label}", label.f1.value
        yield f"{group.group}_precision_{label.label}", label.precision.value
        yield f"{group.group}_recall_{label.label}", label.recall.value
    yield f"{group.group}_reviewed", group.reviewed
    yield f"{group.group}_kept_right", group.kept_right.value
    yield f"{group.group}_calibration_error", group.calibration_error.value


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


def report_on(gold: Gold, judged: Sequence[Judged], rows: Rows) -> list[GroupReport]:
    """The figures over the partitions ``judged`` on ``rows``, of every group known in some."""
    reports = []
    for at, group in enumerate(gold.scheme.groups):
        columns = gold.scheme.columns(group)
        mine = rows[gold.known[rows, at]]
        if len(mine):
            one = replace(gold, targets=gold.targets[mine, columns], clusters=gold.clusters[mine])
            given = [part.given[mine, columns] for part in judged]
            review = [part.review[mine, at] for part in judged]
            likely = [part.likely[mine, columns] for part in judged]
            reports.append(_group_report(group, one, given, review, likely))
    return reports


def _group_report(
    group: Group,
    gold: Gold,
    given: Sequence[Bools],
    review: Sequence[Bools],
    likely: Sequence[Floats],
) -> GroupReport:
    targets = gold.targets
    weights = gold.weights(np.arange(len(targets)))
    tables = np.array([counts_of_labels(one, targets, weights) for one in given])
    confusions = np.array([confusion(one, targets, weights) for one in given])
    kept = [weights @ ~r for r in review]
    right = [
        weights @ ((one == targets).all(axis=1) & ~r) for one, r in zip(given, review, strict=True)
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
        reviewed=float(np.mean([share_of(r, weights) for r in review])),
        kept_right=proportion(float(np.mean(right)), float(np.mean(kept))),
        calibration_error=calibration(group, likely, targets, gold.clusters),
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
