"""Figures: that they show what was measured, in the words of the scheme."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from tests.training.shown import bars, note, panels, title
from training import drawing
from training.diagrams import precision_recall_figure
from training.drawing import Caption, names_of, paper
from training.figures import confusion_figure, figures, labels_figure
from training.findings import Findings, read_findings
from training.measures import Figure as Measure
from training.report import LabelReport

CHINESE = ["政策通知", "新闻", "活动", "科研突破"]


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


@pytest.fixture(scope="module")
def drawn(findings: Findings) -> dict[str, Figure]:
    return dict(figures(findings))


def test_a_version_has_figures_of_every_group(drawn: dict[str, Figure]) -> None:
    of_both = ["labels", "precision_recall", "reliability", "coverage", "learning"]
    assert list(drawn) == [
        *(f"type_{name}.png" for name in ["confusion", *of_both]),
        *(f"domains_{name}.png" for name in of_both),
    ]


def test_figures_draw_without_a_missing_glyph(drawn: dict[str, Figure]) -> None:
    """Matplotlib warns of glyphs that it has no font for, and warnings are errors here."""
    for figure in drawn.values():
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=40)
        assert file.getvalue().startswith(b"\x89PNG")


def test_nothing_lies_on_the_note(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        figure.draw_without_rendering()
        below = figure.subfigs[1].texts[0].get_window_extent()
        above = [*figure.axes, *figure.subfigs[0].legends]
        boxes = [one.get_tightbbox() for one in above]
        lowest = min(box.y0 for box in boxes if box)
        assert lowest >= below.y1, name
        assert below.y0 >= 0, name
        assert below.x1 <= figure.bbox.x1, name


def test_every_figure_names_its_group_in_the_title(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        assert title(figure).startswith(f"{name.split('_')[0]}: ")


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "cjk_font", lambda: "Noto Sans CJK JP")


@pytest.mark.usefixtures("chinese")
def test_labels_are_chinese_where_a_font_has_them(findings: Findings) -> None:
    group, measured = next(findings.groups())
    axes = panels(confusion_figure(group, measured))[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == CHINESE
    figure = precision_recall_figure(findings.told(group), "given")
    assert [one.get_title() for one in panels(figure)] == [f"{name} (30)" for name in CHINESE]


@pytest.mark.usefixtures("chinese")
def test_names_with_dollars_are_no_formulas_and_long_ones_are_cut(findings: Findings) -> None:
    group = next(iter(findings.scheme.groups))
    odd = replace(group.labels[0], zh="a$x_$")
    long = replace(group.labels[1], zh="很长的名称" * 6)
    names = names_of(replace(group, labels=(odd, long)))
    assert names == [r"a\$x_\$", "很长的名称" * 3 + "…"]


@pytest.mark.usefixtures("chinese")
def test_a_title_is_wrapped_by_how_wide_its_characters_are() -> None:
    figure, _ = paper(3.0, 2.0, Caption(title="一二三四五六七八九十" * 4, note="a note"))
    figure.draw_without_rendering()
    title = next(one for one in figure.findobj(Text) if one.get_text().startswith("一二"))
    assert title.get_text().count("\n") == 2
    assert title.get_window_extent().width <= figure.bbox.width


def test_labels_are_ids_where_no_font_has_chinese(
    findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "cjk_font", lambda: None)
    group, measured = next(findings.groups())
    axes = panels(labels_figure(group, measured))[0]
    assert axes.get_yticklabels()[0].get_text() == "policy_notice (30)"


def test_a_font_is_preferred_once_however_many_figures_there_are() -> None:
    import matplotlib as mpl

    for _ in range(3):
        drawing.paper(2, 2, drawing.Caption(title="t", note="n"))
    preferred = mpl.rcParams["font.sans-serif"]
    assert len(preferred) == len(set(preferred))


@pytest.mark.usefixtures("chinese")
def test_the_confusion_tells_what_is_most_often_confused(findings: Findings) -> None:
    group, measured = next(findings.groups())
    matrix: list[list[float]] = [[7.0, 0, 0, 0], [0, 18.9, 1.1, 0], [0, 2.5, 5.5, 0], [0, 0, 0, 5]]
    figure = confusion_figure(group, replace(measured, confusion=matrix))
    assert title(figure) == "type: most often 活动 is taken for 新闻, in 2.5 of 8 articles"
    cells = [text.get_text() for text in panels(figure)[0].texts]
    assert cells[0] == "7\n100%"
    assert cells[9] == "2.5\n31%"
    right: list[list[float]] = np.diag([5.0, 5, 5, 5]).tolist()
    perfect = confusion_figure(group, replace(measured, confusion=right))
    assert title(perfect) == "type: no label was taken for another"


def test_the_confusion_says_that_near_duplicates_count_once(findings: Findings) -> None:
    group, measured = next(findings.groups())
    assert note(confusion_figure(group, measured)).startswith("120 articles, 112 distinct; ")


@pytest.mark.usefixtures("chinese")
def test_figures_per_label_show_what_was_reported(findings: Findings) -> None:
    group, measured = next(findings.groups())
    axes = panels(labels_figure(group, measured))[0]
    recalls = bars(axes)[1].get_xdata()
    assert np.asarray(recalls).tolist() == [label.recall.value for label in measured.labels]


@pytest.mark.usefixtures("chinese")
def test_where_there_was_nothing_to_count_no_figure_is_drawn(findings: Findings) -> None:
    group, measured = next(findings.groups())
    nothing = Measure(value=0.0, low=0.0, high=1.0)
    absent = LabelReport(label="news", articles=0, precision=nothing, recall=nothing, f1=nothing)
    labels = [measured.labels[0], absent, *measured.labels[2:]]
    figure = labels_figure(group, replace(measured, labels=labels))
    for series in bars(panels(figure)[0]):
        assert len(np.asarray(series.get_xdata())) == 3
    every = [replace(absent, label=label.label) for label in measured.labels]
    assert title(labels_figure(group, replace(measured, labels=every))) == (
        "type: no article has a label"
    )


def test_series_differ_without_their_colours(findings: Findings) -> None:
    group, measured = next(findings.groups())
    (axes,) = panels(labels_figure(group, measured))
    series = bars(axes)
    assert len({one.get_marker() for one in series}) == 3
    assert {to_hex(one.get_color()) for one in series} == {"#0072b2", "#d55e00", "#009e73"}


def test_groups_that_were_not_measured_have_no_figures(stored: Path, tmp_path: Path) -> None:
    def only_types(report: dict[str, Any]) -> None:
        report["groups"] = report["groups"][:1]
        report["unmeasured"] = ["domains"]

    copy = read_findings(changed(stored, tmp_path, only_types))
    assert {name.split("_")[0] for name, _ in figures(copy)} == {"type"}


def changed(version: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of the version with another report."""
    shutil.copytree(version, folder, dirs_exist_ok=True)
    report = json.loads((version / "report.json").read_text("utf-8"))
    change(report)
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    return folder
