"""Diagrams: that marks lie where the rule says, and bins hold everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from tests.training.shown import bars, line, note, panels, title
from training import drawing
from training.curves import precision_recall
from training.diagrams import precision_recall_figure, reliability_figure
from training.findings import Findings, Told, read_findings


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "cjk_font", lambda: "Noto Sans CJK JP")


def diamond(axes: Axes) -> tuple[float, float]:
    (found,) = [one for one in axes.get_lines() if one.get_marker() == "D"]
    return float(np.asarray(found.get_xdata())[0]), float(np.asarray(found.get_ydata())[0])


def test_the_marked_threshold_lies_where_the_rule_says(findings: Findings) -> None:
    told = findings.told(findings.scheme.groups[1])
    shown = panels(precision_recall_figure(told, "given"))
    for at, axes in enumerate(shown):
        threshold = told.rule.thresholds[at]
        given = told.likely[:, at] >= threshold
        expected = (given & told.gold[:, at]).sum() / told.gold[:, at].sum()
        recall, precision = diamond(axes)
        assert recall == pytest.approx(expected)
        assert precision == pytest.approx(told.gold[given, at].mean())
        assert f"threshold {threshold:.2f}" in axes.texts[0].get_text()
        curve = precision_recall(told, at)
        assert curve is not None
        drawn = axes.get_lines()[0]
        assert np.array_equal(np.asarray(drawn.get_xdata())[1:], curve.recall)
        assert np.array_equal(np.asarray(drawn.get_ydata())[1:], curve.precision)


def test_the_area_below_a_drawn_curve_is_the_average_precision(findings: Findings) -> None:
    random = np.random.default_rng(5)
    told = findings.told(findings.scheme.groups[1])
    noisy = replace(told, likely=np.clip(told.gold * 0.2 + random.random(told.gold.shape), 0, 1))
    for at, axes in enumerate(panels(precision_recall_figure(noisy, "given"))):
        curve = precision_recall(noisy, at)
        assert curve is not None
        assert curve.average < 0.9
        path = axes.get_lines()[0]
        x, y = np.asarray(path.get_xdata()), np.asarray(path.get_ydata())
        corners = {"steps-pre": y[1:], "steps-post": y[:-1]}[path.get_drawstyle()]
        assert np.diff(x) @ corners == pytest.approx(curve.average)
        assert (x[0], y[0]) == (0, curve.precision[0])
        assert f"average precision {curve.average:.2f}" in axes.texts[0].get_text()


def test_of_an_exclusive_group_the_best_labels_are_marked(findings: Findings) -> None:
    told = findings.told(findings.scheme.groups[0])
    for at, axes in enumerate(panels(precision_recall_figure(told, "given"))):
        best = told.likely.argmax(axis=1) == at
        recall, precision = diamond(axes)
        assert precision == pytest.approx(told.gold[best, at].mean())
        assert recall == pytest.approx(best[told.gold[:, at]].mean())
        assert "threshold" not in axes.texts[0].get_text()


@pytest.mark.usefixtures("chinese")
def test_a_label_that_no_evaluated_article_has_leaves_its_panel_empty(findings: Findings) -> None:
    told = findings.told(findings.scheme.groups[1])
    few = rows_of(told, np.flatnonzero(~told.gold[:, 3])[:5])
    axes = panels(precision_recall_figure(few, "given"))[3]
    assert axes.get_title() == "元宇宙 (0)"
    assert [text.get_text() for text in axes.texts] == ["nothing to measure"]


def rows_of(told: Told, rows: Any) -> Told:
    return replace(
        told,
        ids=tuple(told.ids[row] for row in rows),
        sources=tuple(told.sources[row] for row in rows),
        gold=told.gold[rows],
        likely=told.likely[rows],
        given=told.given[rows],
    )


def test_the_reliability_diagram_has_every_decision_in_a_bin(findings: Findings) -> None:
    group, measured = next(findings.groups())
    told = findings.told(group)
    figure = reliability_figure(told, measured, "given")
    above, below = panels(figure)
    assert "expected calibration error 0.0" in title(figure)
    counts = [int(text.get_text().replace(",", "")) for text in below.texts]
    assert sum(counts) == len(told.ids)
    assert line(above, "as it should be") == ([0, 1], [0, 1])
    assert len(np.asarray(bars(above)[0].get_xdata())) == len(counts)
    assert f"the report's error is {measured.calibration_error.value:.3f}" in note(figure)
