"""Trends drawn: what more articles have brought, and what more checking by people would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labels.intervals import wilson
from labels.scheme import Group
from training.coverage import Coverage, coverage_of
from training.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    Caption,
    legend_below,
    paper,
)
from training.findings import Findings, Told
from training.learning import Point, gain_phrase
from training.phrases import percent
from training.report import GroupReport, Report
from training.reporting import STYLE_WARNING, micro_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PLACES = 400  # of a coverage curve that are drawn: more than there are pixels for


def learning_figure(
    findings: Findings, group: Group, figures: GroupReport, points: Sequence[Point]
) -> Figure:
    """Macro-F1 and micro-F1 against the number of articles learnt from."""
    report = findings.report
    gain = gain_phrase(points, report.source) or "too few articles for a learning curve"
    caption = Caption(title=f"{group.id}: {gain}", note=_learning_note(report))
    figure, (axes,) = paper(6.6, 4.8, caption)
    at = _doublings([point.articles for point in points])
    macro = [point.f1_macro for point in points]
    errors = [point.f1_macro_error or 0.0 for point in points]
    micro = micro_name(group.exclusive)
    axes.errorbar(
        at, macro, yerr=errors, fmt="o-", color=BLUE, capsize=3, label="macro-F1 (± standard error)"
    )
    axes.plot(
        at, [point.f1_micro for point in points], "s--", color=VERMILION, label=micro, mfc="white"
    )
    reported = figures.f1_macro.value
    axes.axhline(reported, color=GREEN, ls=":", label=f"macro-F1 reported: {reported:.3f}")
    axes.set_xticks(at, [f"{point.articles:,}" for point in points])
    beside = ", beside all starter articles" if findings.mixed else ""
    axes.set_xlabel(f"{report.source} articles learnt from{beside}; each step about doubles them")
    axes.set_ylabel("F1 of articles not learnt from")
    low = min([*macro, *(point.f1_micro for point in points)]) - max(errors)
    axes.set_ylim(max(0.0, np.floor(10 * low) / 10), 1.02)
    axes.grid(alpha=0.25)
    legend_below(axes, 3)
    return figure


def _doublings(articles: Sequence[int]) -> list[float]:
    """Places at equal distance for each doubling; none at all is one step before the first."""
    least = min((count for count in articles if count), default=1)
    return [float(np.log2(count or least / 2)) for count in articles]


def _learning_note(report: Report) -> str:
    error = (
        "Bars are standard errors by the jackknife over folds; the ± above is two of the gain, "
        "fold by fold."
    )
    if report.fold_of is not None:
        error = "One fold was judged, by models of at most half of the articles."
    style = f" {STYLE_WARNING}" if report.source == "starter" else ""
    return (
        "Models of nested random parts of the articles, each fitted once: the best score decides, "
        "or, where an article can have several labels, one threshold for all of them. Without "
        "calibration and a threshold for each, the last point differs from what is reported, "
        f"mostly a little. {error}{style}"
    )


def coverage_figure(findings: Findings, told: Told, figures: GroupReport) -> Figure:
    """How right the surest articles are, by the share of all that they are."""
    coverage = coverage_of(told.confidence, told.right)
    target, share = findings.report.target, figures.coverage_at_target
    title = _coverage_title(findings, told, share)
    figure, (axes,) = paper(6.6, 5.4, Caption(title=title, note=_coverage_note(findings, told)))
    if len(coverage.passing):
        _curve(axes, coverage)
    wanted = f"target: {percent(target)} exactly right"
    axes.axhline(target, color=GREY, ls="--", lw=1, label=wanted)
    if share:
        label = "greatest share at the target, in hindsight (reported)"
        axes.plot(share, target, "D", color=VERMILION, mec="black", ms=8, zorder=5, label=label)
    if figures.reviewed < 1:
        point = 1 - figures.reviewed, figures.kept_right.value
        label = "what the version's own rules let pass (reported)"
        axes.plot(*point, "^", mfc="none", mec=GREEN, mew=2, ms=14, zorder=6, label=label)
    axes.set(xlim=(0, 1.02), ylim=(_bottom(coverage, figures, target), 1.01))
    axes.set_xlabel("share of articles that pass without a person")
    axes.set_ylabel("share of those that are exactly right")
    axes.grid(alpha=0.25)
    legend_below(axes, 2)
    return figure


def _bottom(coverage: Coverage, figures: GroupReport, target: float) -> float:
    """The least share to show; what a handful of articles say is cut off."""
    settled = coverage.precision[coverage.passing >= max(5, 0.05 * coverage.articles)]
    kept = figures.kept_right.value if figures.reviewed < 1 else 1.0
    least = min(target, kept, float(settled.min(initial=1.0)))
    return max(0.0, least - 0.05)


def _curve(axes: Axes, coverage: Coverage) -> None:
    """The curve with its band; its last place too where not all are drawn."""
    chosen = np.unique(np.linspace(0, len(coverage.passing) - 1, _PLACES).astype(int))
    share, precision = coverage.share[chosen], coverage.precision[chosen]
    counts = zip(coverage.right[chosen].tolist(), coverage.passing[chosen].tolist(), strict=True)
    low, high = np.array([wilson(right, passing) for right, passing in counts]).T
    axes.fill_between(share, low, high, color=ORANGE, alpha=0.25, lw=0, label="95 % interval")
    axes.plot(share, precision, color=BLUE, lw=1.6, label="the surest articles")


def _coverage_title(findings: Findings, told: Told, share: float) -> str:
    of = f"of {len(told.ids)} {findings.report.source} articles"
    target = percent(findings.report.target)
    if not share:
        return f"{told.group.id}: no share {of} can pass at {target} exactly right"
    return (
        f"{told.group.id}: {percent(share)} {of} could pass without a person "
        f"at {target} exactly right"
    )


def _coverage_note(findings: Findings, told: Told) -> str:
    sure = (
        "the probability of its best label"
        if told.group.exclusive
        else "the least over labels of p where given and 1 - p where not"
    )
    untrained = findings.report.untrained.get(told.group.id, [])
    all_of_it = ""
    if untrained:
        all_of_it = f" Too few articles to learn {', '.join(untrained)}: as it is, everything does."
    return (
        f"An article's confidence is {sure}. The curve is of out-of-fold probabilities, on which "
        "calibration and thresholds were learnt as well, and every article counts: it is too good. "
        "Diamond, triangle and title are of calibrations that had not seen the article, and "
        "near-duplicates count once; the diamond was chosen in hindsight, it is no promise. What "
        f"no model could judge goes to a person.{all_of_it}"
    )
