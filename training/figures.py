"""Figures of a version, drawn for reading, from nothing but its directory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from labels.scheme import Group
from training.diagrams import precision_recall_figure, reliability_figure
from training.drawing import (
    BLUE,
    GREEN,
    GREY,
    MANY,
    VERMILION,
    Caption,
    legend_below,
    names_of,
    paper,
)
from training.findings import Findings
from training.linear import Floats
from training.measures import Figure as Measure
from training.phrases import articles, plain
from training.report import GroupReport
from training.reporting import is_counted
from training.trends import coverage_figure, learning_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SERIES = (
    (-0.22, "precision", BLUE, "o"),
    (0.0, "recall", VERMILION, "s"),
    (0.22, "f1", GREEN, "D"),
)


def figures(findings: Findings) -> Iterator[tuple[str, Figure]]:
    """File names and figures of every group that was measured."""
    source = findings.report.source
    for group, measured in findings.groups():
        told = findings.told(group)
        if group.exclusive:
            yield f"{group.id}_confusion.png", confusion_figure(group, measured)
        yield f"{group.id}_labels.png", labels_figure(group, measured)
        yield f"{group.id}_precision_recall.png", precision_recall_figure(told, source)
        yield f"{group.id}_reliability.png", reliability_figure(told, measured, source)
        yield f"{group.id}_coverage.png", coverage_figure(findings, told, measured)
        points = findings.report.learning.get(group.id)
        if points:
            yield f"{group.id}_learning.png", learning_figure(findings, group, measured, points)


def confusion_figure(group: Group, report: GroupReport) -> Figure:
    """Gold against predicted labels of an exclusive group: mean counts and shares of the row."""
    names, counts = names_of(group), np.array(report.confusion)
    many = len(names) >= MANY
    size = 0.42 if many else 1.15
    title = f"{group.id}: {_confused(names, counts)}"
    caption = Caption(title=title, note=_confusion_note(report, many))
    figure, (axes,) = paper(2.4 + size * len(names), 1.8 + 0.85 * size * len(names), caption)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    _write_cells(axes, counts, shares, many)
    turned: dict[str, Any] = {"rotation": 90} if many else {"rotation": 20, "ha": "right"}
    axes.set_xticks(range(len(names)), names, fontsize=8 if many else 10, **turned)
    axes.set_yticks(range(len(names)), names, fontsize=8 if many else 10)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    return figure


def _confusion_note(report: GroupReport, many: bool) -> str:
    cells = "the mean count, and as its colour" if many else "the mean count, and"
    return (
        f"{articles(report.articles, report.distinct)}; macro-F1 {report.f1_macro.value:.3f}. "
        f"In each cell: {cells} the share of the row, that is of the articles that have the gold "
        "label."
    )


def _write_cells(axes: Axes, counts: Floats, shares: Floats, many: bool) -> None:
    for (row, column), share in np.ndenumerate(shares):
        count = float(counts[row, column])
        few = plain(count) if count else ""
        text = few if many else f"{plain(count)}\n{share:.0%}"
        colour = "white" if share > 0.55 else "black"
        size = 6.5 if many else 10
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)


def _confused(names: list[str], counts: Floats) -> str:
    """The finding: which label is most often taken for which other."""
    wrong = counts - np.diag(np.diag(counts))
    row, column = divmod(int(wrong.argmax()), len(names))
    if not wrong[row, column]:
        return "no label was taken for another"
    of = plain(float(counts[row].sum()))
    return (
        f"most often {names[row]} is taken for {names[column]}, in {plain(wrong[row, column])} of "
        f"{of} articles"
    )


def labels_figure(group: Group, report: GroupReport) -> Figure:
    """Precision, recall and F1 of each label with 95 % intervals."""
    names = names_of(group)
    many = len(names) >= MANY
    note = (
        f"95 % intervals; {articles(report.articles, report.distinct)}, in brackets those that "
        "have the label. Nothing is drawn where there was nothing to count."
    )
    caption = Caption(title=f"{group.id}: {_weakest(names, report)}", note=note)
    figure, (axes,) = paper(7.0, 1.6 + (0.42 if many else 0.75) * len(names), caption)
    for series in _SERIES:
        _draw_series(axes, report, series, 4 if many else 6)
    counted = zip(names, report.labels, strict=True)
    rows = range(len(names))
    axes.set_yticks(rows, [f"{name} ({label.articles})" for name, label in counted])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="x", alpha=0.3)
    for row in rows[:-1]:
        axes.axhline(row + 0.5, color=GREY, lw=0.4, alpha=0.5)
    legend_below(axes, 3)
    return figure


def _draw_series(
    axes: Axes, report: GroupReport, series: tuple[float, str, str, str], size: int
) -> None:
    offset, name, colour, marker = series
    measured: list[Measure] = [getattr(label, name) for label in report.labels]
    rows = np.flatnonzero([is_counted(one) for one in measured])
    values = [(one.value, one.low, one.high) for one in measured if is_counted(one)]
    centre, low, high = np.array(values).reshape(-1, 3).T
    axes.errorbar(
        centre,
        rows + offset,
        xerr=np.maximum([centre - low, high - centre], 0),
        fmt=marker,
        ms=size,
        color=colour,
        capsize=size / 2,
        label="F1" if name == "f1" else name,
    )


def _weakest(names: list[str], report: GroupReport) -> str:
    found = [(one.f1.value, name) for name, one in zip(names, report.labels, strict=True)]
    having = [one for one, label in zip(found, report.labels, strict=True) if label.articles]
    if not having:
        return "no article has a label"
    (worst, weak), (best, strong) = min(having), max(having)
    if f"{worst:.2f}" == f"{best:.2f}":
        return f"F1 {worst:.2f} for every label"
    return f"weakest is {weak} (F1 {worst:.2f}), strongest {strong} ({best:.2f})"
