"""Trends: that curves show the points that were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.shown import bars, line, note, panels, title
from training.findings import Findings, read_findings
from training.learning import Point
from training.reporting import STYLE_WARNING
from training.trends import coverage_figure, learning_figure


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


def test_the_operating_point_is_what_the_report_says(findings: Findings) -> None:
    """Not what the drawn curve would: that has learnt from its own articles."""
    for group, measured in findings.groups():
        told = replace(measured, coverage_at_target=0.625)
        figure = coverage_figure(findings, findings.told(group), told)
        (axes,) = panels(figure)
        assert line(axes, "greatest share at the target") == ([0.625], [0.95])
        assert line(axes, "target: 95 % exactly right")[1] == [0.95, 0.95]
        assert title(figure).startswith(f"{group.id}: 62.5 % of 120 given articles could pass")
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
    nothing = replace(measured, coverage_at_target=0.0)
    figure = coverage_figure(findings, findings.told(group), nothing)
    assert title(figure) == ("type: no share of 120 given articles can pass at 95 % exactly right")


def test_the_learning_curve_shows_its_points_and_what_was_reported(findings: Findings) -> None:
    group, measured = next(findings.groups())
    points = findings.report.learning["type"]
    figure = learning_figure(findings, group, measured, points)
    (axes,) = panels(figure)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        str(point.articles) for point in points
    ]
    assert np.asarray(bars(axes)[0].get_ydata()).tolist() == [point.f1_macro for point in points]
    reported = line(axes, "macro-F1 reported")[1]
    assert reported == [measured.f1_macro.value] * 2
    assert "Without calibration and a threshold for each" in note(figure)


def points_of(*counts: int) -> list[Point]:
    return [
        Point(articles=count, f1_macro=0.8, f1_micro=0.8, f1_macro_error=None) for count in counts
    ]


def test_no_article_at_all_is_a_step_before_the_first(findings: Findings) -> None:
    group, measured = next(findings.groups())
    counts = {**findings.manifest.counts, "starter": 3}
    beside = replace(findings, manifest=replace(findings.manifest, counts=counts))
    figure = learning_figure(beside, group, measured, points_of(0, 4, 8, 16))
    (axes,) = panels(figure)
    assert axes.get_xticks().tolist() == [1, 2, 3, 4]
    assert axes.get_xlabel() == (
        "given articles learnt from, beside all starter articles; each step about doubles them"
    )
    assert title(figure) == "type: 8 to 16 articles brought +0.000 macro-F1"


def test_starter_articles_stand_beside_only_where_there_are_any(findings: Findings) -> None:
    """Of a group that few articles have labels of, the first point can have none as well."""
    group, measured = next(findings.groups())
    (axes,) = panels(learning_figure(findings, group, measured, points_of(0, 1, 2)))
    assert axes.get_xlabel() == "given articles learnt from; each step about doubles them"


def test_figures_of_starter_articles_carry_the_warning(findings: Findings) -> None:
    group, measured = next(findings.groups())
    starter = replace(findings, report=replace(findings.report, source="starter"))
    figure = learning_figure(starter, group, measured, starter.report.learning["type"])
    assert note(figure).endswith(STYLE_WARNING)
    assert "pays" not in title(figure)
