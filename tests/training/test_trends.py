"""Trends: that curves show the points that were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.shown import bars, line, note, panels, title
from training.coverage import coverage_at_target
from training.findings import Findings, read_findings
from training.learning import Point
from training.reporting import STYLE_WARNING
from training.trends import coverage_figure, learning_figure


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


def test_the_operating_point_is_the_coverage_at_the_target(
    stored: Path, findings: Findings
) -> None:
    for group, measured in findings.groups():
        figure = coverage_figure(findings, findings.told(group), measured)
        (axes,) = panels(figure)
        (share, *_), (precision, *_) = line(axes, "greatest share at the target")
        assert share == pytest.approx(coverage_at_target(stored)[group.id])
        assert precision >= findings.target
        assert line(axes, "target: 95 % exactly right")[1] == [0.95, 0.95]
        kept = line(axes, "what the version's own rules let pass")
        assert kept == ([1 - measured.reviewed], [measured.kept_right.value])


def test_where_everything_goes_to_a_person_the_coverage_figure_says_so(
    findings: Findings,
) -> None:
    untrained = {"type": ["event"]}
    sent = replace(findings, report=replace(findings.report, untrained=untrained))
    group, measured = next(sent.groups())
    figure = coverage_figure(sent, sent.told(group), replace(measured, reviewed=1.0))
    assert "Too few articles to learn event: as it is, everything does." in note(figure)
    labels = [str(one.get_label()) for one in panels(figure)[0].get_lines()]
    assert "what the version's own rules let pass (reported)" not in labels


def test_a_target_that_nothing_reaches_is_told(findings: Findings) -> None:
    group, measured = next(findings.groups())
    told = findings.told(group)
    wrong = replace(told, gold=np.roll(told.given, 1, axis=1))
    figure = coverage_figure(findings, wrong, measured)
    assert title(figure) == ("type: no share of 120 given articles can pass at 95 % exactly right")


def test_the_learning_curve_shows_its_points_and_what_was_reported(findings: Findings) -> None:
    group, measured = next(findings.groups())
    points = findings.report.learning["type"]
    figure = learning_figure(group, measured, findings.report, points)
    (axes,) = panels(figure)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        str(point.articles) for point in points
    ]
    assert np.asarray(bars(axes)[0].get_ydata()).tolist() == [point.f1_macro for point in points]
    reported = line(axes, "macro-F1 reported")[1]
    assert reported == [measured.f1_macro.value] * 2
    assert "Without calibration and a threshold for each" in note(figure)


def test_no_article_at_all_is_a_step_before_the_first(findings: Findings) -> None:
    group, measured = next(findings.groups())
    points = [
        Point(articles=count, f1_macro=0.8, f1_micro=0.8, f1_macro_error=None)
        for count in (0, 4, 8, 16)
    ]
    figure = learning_figure(group, measured, findings.report, points)
    (axes,) = panels(figure)
    assert axes.get_xticks().tolist() == [1, 2, 3, 4]
    assert axes.get_xlabel() == (
        "given articles learnt from, beside all starter articles; each step about doubles them"
    )
    assert title(figure) == "type: 8 to 16 articles brought +0.000 macro-F1"


def test_figures_of_starter_articles_carry_the_warning(findings: Findings) -> None:
    group, measured = next(findings.groups())
    report = replace(findings.report, source="starter")
    figure = learning_figure(group, measured, report, report.learning["type"])
    assert note(figure).endswith(STYLE_WARNING)
