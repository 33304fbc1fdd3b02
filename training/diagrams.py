"""Diagrams of probabilities: what a threshold costs, and whether they mean what they say."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from training.curves import Bin, PrecisionRecall, decisions_of, precision_recall, reliability
from training.drawing import (
    BLUE,
    GREY,
    MANY,
    ORANGE,
    VERMILION,
    Caption,
    legend_below,
    names_of,
    paper,
)
from training.findings import Told
from training.reliability import calibration_error
from training.report import GroupReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OWN_EYES = (
    "Out-of-fold probabilities; calibration and thresholds were learnt on the same ones, so that "
    "this may be a little too good. Near-duplicates are not weighed, every article counts."
)


def precision_recall_figure(told: Told, source: str) -> Figure:
    """A panel for each label: its precision-recall curve, and where the version's rule stands."""
    labels = names_of(told.group)
    curves = [precision_recall(told, at) for at in range(len(labels))]
    columns, size = (max(2, ceil(len(labels) ** 0.5)), 2.9) if len(labels) < MANY else (6, 2.1)
    rows = ceil(len(labels) / columns)
    caption = Caption(title=_pr_title(told, labels, curves, source), note=_pr_note(told))
    figure, panels = paper(size * columns + 0.4, size * rows + 1.0, caption, rows, columns)
    for at, (axes, label, curve) in enumerate(zip(panels, labels, curves, strict=False)):
        threshold = None if told.group.exclusive else told.rule.thresholds[at]
        _panel(axes, curve, threshold if told.rule.trained[at] else None)
        axes.set_title(f"{label} ({int(told.gold[:, at].sum())})", fontsize=9)
        axes.set_xlabel("recall" if at >= len(labels) - columns else "", fontsize=8)
        axes.set_ylabel("precision" if at % columns == 0 else "", fontsize=8)
    for axes in panels[len(labels) :]:
        axes.set_axis_off()
    _pr_legend(panels[0], told)
    return figure


def _panel(axes: Axes, curve: PrecisionRecall | None, threshold: float | None) -> None:
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)
    if curve is None:
        axes.text(0.5, 0.5, "nothing to measure", ha="center", va="center", color=GREY, fontsize=8)
        return
    # Up to each recall its own precision: the area below is the average precision.
    recall, precision = np.append(0.0, curve.recall), np.append(curve.precision[0], curve.precision)
    axes.plot(recall, precision, color=BLUE, drawstyle="steps-pre", lw=1.5)
    axes.axhline(curve.having / curve.articles, color=GREY, ls="--", lw=1)
    lines = [f"average precision {curve.average:.2f}"]
    if threshold is not None:
        lines.append(f"threshold {threshold:.2f}")
    if curve.precision_chosen is None:
        lines.append("given to no article")
    else:
        point = curve.recall_chosen, curve.precision_chosen
        axes.plot(*point, marker="D", ms=6.5, color=VERMILION, mec="black", mew=0.7, ls="")
        lines.append(f"precision {point[1]:.2f}, recall {point[0]:.2f}")
    _write_figures(axes, lines, high=curve.average < 0.5)


def _write_figures(axes: Axes, lines: list[str], *, high: bool) -> None:
    """Where the curve is not: a good one lies above, a bad one below."""
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
    place, side = (0.95, "top") if high else (0.1, "bottom")
    axes.text(
        0.04, place, "\n".join(lines), va=side, fontsize=6.5, transform=axes.transAxes, bbox=box
    )


def _pr_legend(axes: Axes, told: Told) -> None:
    from matplotlib.lines import Line2D

    at = "the best label of each article" if told.group.exclusive else "the version's threshold"
    handles = [
        Line2D([], [], color=BLUE, label="every threshold"),
        Line2D([], [], color=VERMILION, marker="D", mec="black", ls="", label=at),
        Line2D([], [], color=GREY, ls="--", label="chance: share of articles that have it"),
    ]
    legend_below(axes, 3, handles)


def _pr_title(
    told: Told, labels: list[str], curves: list[PrecisionRecall | None], source: str
) -> str:
    counted = f"{told.group.id}: {len(told.ids)} {source} articles"
    areas = {label: one.average for label, one in zip(labels, curves, strict=True) if one}
    if not areas:
        return f"{counted}, none of which has a label"
    worst, best = min(areas, key=areas.__getitem__), max(areas, key=areas.__getitem__)
    if f"{areas[worst]:.2f}" == f"{areas[best]:.2f}":
        return f"{counted}; average precision {areas[best]:.2f} for every label"
    return (
        f"{counted}; hardest to find without false alarms is {worst} (average precision "
        f"{areas[worst]:.2f}), easiest {best} ({areas[best]:.2f})"
    )


def _pr_note(told: Told) -> str:
    where = (
        "Each label against the rest, by its probability; the diamond is where it is the best one, "
        "which no threshold gives, so that it may lie beside the curve. "
        if told.group.exclusive
        else ""
    )
    return (
        f"{where}In brackets: articles that have the label. {_OWN_EYES} Articles that no model "
        "could say a probability of are left out of a panel."
    )


def reliability_figure(told: Told, figures: GroupReport, source: str) -> Figure:
    """Predicted probability against the share that came true, with how many a bin holds."""
    likely, so = decisions_of(told)
    title = _reliability_title(told, likely, so, source)
    figure, (above, below) = _two_panels(Caption(title=title, note=_reliability_note(figures)))
    above.plot([0, 1], [0, 1], color=GREY, ls="--", lw=1, label="as it should be")
    if len(likely):
        _bins(above, below, reliability(likely, so))
    of = "probability of the best label" if told.group.exclusive else "probability of a label"
    share = "share that is right" if told.group.exclusive else "share that has it"
    above.set(xlim=(0, 1), ylim=(-0.03, 1.03), ylabel=share)
    above.grid(alpha=0.25)
    below.set(xlim=(0, 1), xlabel=of, ylabel="decisions")
    legend_below(above, 2)
    return figure


def _two_panels(caption: Caption) -> tuple[Figure, tuple[Axes, Axes]]:
    figure, (above, below) = paper(6.2, 6.6, caption, 2, 1)
    grid = above.get_gridspec()
    if grid is not None:
        grid.set_height_ratios([3, 1])
    below.sharex(above)
    above.tick_params(labelbottom=False)
    return figure, (above, below)


def _bins(above: Axes, below: Axes, bins: list[Bin]) -> None:
    at, share = np.array([one.likely for one in bins]), np.array([one.share for one in bins])
    reach = np.array([[one.share - one.low, one.high - one.share] for one in bins]).T
    above.errorbar(
        at,
        share,
        yerr=np.maximum(reach, 0),
        fmt="o-",
        color=BLUE,
        capsize=3,
        lw=1,
        label="measured",
    )
    counts = [one.decisions for one in bins]
    centres = np.minimum((at * 10).astype(int), 9) / 10 + 0.05
    bars = below.bar(centres, counts, width=0.092, color=ORANGE, edgecolor="black", lw=0.5)
    below.bar_label(bars, [f"{count:,}" for count in counts], fontsize=7, padding=1)
    below.set_yscale("log")
    below.set_ylim(0.7, max(counts) * 4)


def _reliability_note(figures: GroupReport) -> str:
    whole = figures.calibration_error
    return (
        "Ten bins of equal width with 95 % intervals (Wilson); below, how many decisions each "
        f"holds. {_OWN_EYES} With calibrations that had not seen the article the report's error "
        f"is {whole.value:.3f} ({whole.low:.3f} to {whole.high:.3f})."
    )


def _reliability_title(told: Told, likely: np.ndarray, so: np.ndarray, source: str) -> str:
    counted = f"{told.group.id}: {len(told.ids)} {source} articles"
    if not len(likely):
        return f"{counted}, none of which a model could judge"
    gap = 100 * float(likely.mean() - so.mean())
    found = f"{abs(gap):.1f} points too {'high' if gap > 0 else 'low'}"
    return (
        f"{counted}, expected calibration error {calibration_error(likely, so):.3f}; on average "
        f"probabilities are {found if abs(gap) >= 0.05 else 'as they should be'}"
    )
