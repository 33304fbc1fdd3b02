"""Figures drawn for reading: what is confused with what, and how surely each label is found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labels.scheme import Group
from training.report import GroupReport, LabelReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CJK = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # the name that the shared file of all regions goes by
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
)
# Colours of Okabe and Ito, which the colour-blind can tell apart.
_SERIES = (
    (-0.22, "precision", "#0072B2"),
    (0.0, "recall", "#D55E00"),
    (0.22, "f1", "#009E73"),
)


def confusion_figure(group: Group, report: GroupReport) -> Figure:
    """Gold against predicted labels of an exclusive group: mean counts and shares of the row."""
    figure, axes = _blank(1.6 + 1.25 * len(group.ids), 1.4 + 1.0 * len(group.ids))
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(
            column,
            row,
            f"{counts[row, column]:.1f}\n{share:.0%}",
            ha="center",
            va="center",
            color="white" if share > 0.55 else "black",
        )
    names = _names(group)
    axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    title = f"{group.id}: {report.articles} articles, macro-F1 {report.f1_macro.value:.3f}"
    if report.distinct < report.articles:
        title += f", {report.distinct} distinct, each counted once"
    axes.set_title(f"{title}\nmean counts over partitions, share of the gold label", fontsize=10)
    return figure


def labels_figure(group: Group, report: GroupReport) -> Figure:
    """Precision, recall and F1 of each label with 95 % intervals."""
    figure, axes = _blank(7.0, 1.4 + 0.75 * len(group.ids))
    rows = np.arange(len(report.labels))
    for offset, name, colour in _SERIES:
        values = [_figure(label, name) for label in report.labels]
        centre = np.array([value for value, _, _ in values])
        spread = np.array([[v - low, high - v] for v, low, high in values]).T
        axes.errorbar(
            centre,
            rows + offset,
            xerr=np.maximum(spread, 0),
            fmt="o",
            color=colour,
            capsize=3,
            label="F1" if name == "f1" else name,
        )
    named = zip(_names(group), report.labels, strict=True)
    counted = [f"{name} ({label.articles})" for name, label in named]
    axes.set_yticks(rows, counted)
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    axes.set_title(f"{group.id}: figures per label with 95 % intervals", fontsize=10)
    return figure


def _figure(label: LabelReport, name: str) -> tuple[float, float, float]:
    found: Any = getattr(label, name)
    return found.value, found.low, found.high


def _blank(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure outside of pyplot, which would keep it for ever."""
    from matplotlib.figure import Figure

    font = cjk_font()
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    if font:
        import matplotlib as mpl

        mpl.rcParams["font.sans-serif"] = [font, *mpl.rcParams["font.sans-serif"]]
    return figure, axes


def _names(group: Group) -> list[str]:
    """Chinese names where a font can show them, else the ids."""
    return [label.zh for label in group.labels] if cjk_font() else list(group.ids)


def cjk_font() -> str | None:
    """The name of an installed font with Chinese characters, or None."""
    from matplotlib import font_manager

    known = {font.name for font in font_manager.fontManager.ttflist}
    if not known.intersection(_CJK):  # installed after matplotlib made its list
        for path in font_manager.findSystemFonts():
            if Path(path).name.startswith(("NotoSansCJK-Regular", "NotoSansCJKsc-Regular")):
                font_manager.fontManager.addfont(path)
        known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CJK if name in known), None)
