"""The report: how well a recipe does on articles that its models had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from labels.intervals import Interval, macro_f1, macro_f1_interval, mean_f1_interval, wilson
from labels.scheme import Group, Scheme
from training.abstention import Promise
from training.counts import Rows
from training.linear import Bools, Floats
from training.reliability import calibration_error, calibration_error_interval
from training.validation import Judged


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
    """Figures of one group.

    ``f1_micro`` equals the accuracy where the group is exclusive. ``confusion`` (exclusive
    groups only) has gold labels as rows and predicted ones as columns, means over partitions.
    ``reviewed`` is the share that goes to a person; ``kept_right`` the share of the rest
    whose labels are exactly right. ``calibration_error`` is the expected one: of the best
    label's probability where exclusive, else of the probabilities of all labels.
    """

    group: str
    exclusive: bool
    articles: int
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
    ``promises`` by group are what ``--precision`` could hold to.
    """

    source: str
    evaluated: int
    beside: int
    seeds: list[int]
    groups: list[GroupReport]
    themes: list[GroupReport] = field(default_factory=list)
    precision: float | None = None
    promises: dict[str, list[Promise]] = field(default_factory=dict)

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


def report_on(
    scheme: Scheme, judged: Sequence[Judged], targets: Bools, known: Bools, rows: Rows
) -> list[GroupReport]:
    """The figures of every group over the partitions ``judged``, on ``rows``."""
    return [
        _group_report(
            group,
            [part.given[mine, scheme.columns(group)] for part in judged],
            [part.review[mine, at] for part in judged],
            [part.likely[mine, scheme.columns(group)] for part in judged],
            targets[mine, scheme.columns(group)],
        )
        for at, group in enumerate(scheme.groups)
        for mine in [rows[known[rows, at]]]
    ]


def _group_report(
    group: Group,
    given: Sequence[Bools],
    review: Sequence[Bools],
    likely: Sequence[Floats],
    gold: Bools,
) -> GroupReport:
    tables = np.array([_two_by_two(one, gold) for one in given])  # (partitions, labels, 3)
    confusions = np.array([_confusion(one, gold) for one in given])
    kept = [float((~r).sum()) for r in review]
    right = [
        float((one == gold).all(axis=1)[~r].sum()) for one, r in zip(given, review, strict=True)
    ]
    return GroupReport(
        group=group.id,
        exclusive=group.exclusive,
        articles=len(gold),
        f1_macro=_macro(group, tables, confusions),
        f1_micro=_micro(group, tables),
        labels=[
            _label_report(label, int(gold[:, at].sum()), tables[:, at].mean(axis=0))
            for at, label in enumerate(group.ids)
        ],
        confusion=confusions.mean(axis=0).tolist() if group.exclusive else [],
        reviewed=1 - float(np.mean(kept)) / max(len(gold), 1),
        kept_right=_proportion(float(np.mean(right)), float(np.mean(kept))),
        calibration_error=_calibration_error(group, likely, gold),
    )


def _calibration_error(group: Group, likely: Sequence[Floats], gold: Bools) -> Figure:
    """Of the best label where exclusive; else of all labels, article by article."""
    if group.exclusive:
        best = [one.argmax(axis=1)[:, None] for one in likely]
        confident = [np.take_along_axis(p, b, 1) for p, b in zip(likely, best, strict=True)]
        right = [np.take_along_axis(gold, at, 1) for at in best]
    else:
        confident, right = list(likely), [gold] * len(likely)
    pairs = list(zip(confident, right, strict=True))
    value = float(np.mean([calibration_error(p, r) for p, r in pairs]))
    low, high = calibration_error_interval(confident, right)
    return Figure(value=value, low=low, high=high)


def _two_by_two(given: Bools, gold: Bools) -> Floats:
    """Hits, false alarms and misses of each label, shape (labels, 3)."""
    hits, alarms = (given & gold).sum(axis=0), (given & ~gold).sum(axis=0)
    return np.column_stack([hits, alarms, (~given & gold).sum(axis=0)]).astype(np.float64)


def _confusion(given: Bools, gold: Bools) -> Floats:
    """Gold against predicted, shape (labels, labels); of use for exclusive groups only."""
    return np.asarray(gold.T.astype(np.float64) @ given.astype(np.float64))


def _macro(group: Group, tables: Floats, confusions: Floats) -> Spread:
    if group.exclusive:
        interval = macro_f1_interval(confusions.mean(axis=0))
        return _spread([float(macro_f1(one)) for one in confusions], interval)
    means = [_mean_f1(table) for table in tables]
    return _spread(means, mean_f1_interval(tables.mean(axis=0)))


def _mean_f1(table: Floats) -> float:
    """Over the labels that stand in the gold or were given."""
    present = table.sum(axis=1) > 0
    return float(_f1(table[present]).mean()) if present.any() else 0.0


def _micro(group: Group, tables: Floats) -> Spread:
    pooled = tables.sum(axis=1)
    mean = pooled.mean(axis=0)
    if group.exclusive:  # the accuracy: an alarm of one label is a miss of another
        return _spread(_f1(pooled).tolist(), wilson(mean[0], mean[0] + mean[2]))
    return _spread(_f1(pooled).tolist(), mean_f1_interval(mean[None]))


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


def _label_report(label: str, articles: int, table: Floats) -> LabelReport:
    hits, alarms, misses = table.tolist()
    return LabelReport(
        label=label,
        articles=articles,
        precision=_proportion(hits, hits + alarms),
        recall=_proportion(hits, hits + misses),
        f1=_label_f1(table),
    )


def _label_f1(table: Floats) -> Figure:
    low, high = mean_f1_interval(table[None])
    return Figure(value=float(_f1(table)), low=low, high=high)


def _proportion(hits: float, of: float) -> Figure:
    low, high = wilson(hits, of)
    return Figure(value=hits / of if of else 0.0, low=low, high=high)
