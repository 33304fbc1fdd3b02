"""Figures of thirty labels and three articles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labels.scheme import Group, Kind, Label
from models.decision import Rule
from training.diagrams import precision_recall_figure, reliability_figure
from training.figures import confusion_figure, labels_figure
from training.findings import Findings, Told, read_findings
from training.linear import Bools, Floats
from training.measures import Figure as Measure
from training.measures import Spread
from training.report import GroupReport, LabelReport
from training.trends import coverage_figure


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


def panels(figure: Figure) -> list[Axes]:
    return figure.axes


@pytest.mark.parametrize("exclusive", [True, False])
def test_thirty_labels_of_which_most_are_absent_can_be_drawn(
    findings: Findings, exclusive: bool
) -> None:
    """Three articles, and no model that could judge the last one."""
    group = thirty(exclusive)
    gold, likely = np.zeros((3, 30), bool), np.full((3, 30), 0.01)
    gold[[0, 1, 2], [0, 1, 1]], likely[[0, 1], [0, 1]], likely[2] = True, 0.7, np.nan
    told = told_of(group, gold, likely)
    measured = reported(group)
    every = [
        labels_figure(group, measured),
        precision_recall_figure(told, "given"),
        reliability_figure(told, measured, "given"),
        coverage_figure(findings, told, measured),
        *([confusion_figure(group, measured)] if exclusive else []),
    ]
    for figure in every:
        figure.draw_without_rendering()
        assert max(figure.get_size_inches()) < 18
    assert len([one for one in panels(every[1]) if one.axison]) == 30


def thirty(exclusive: bool) -> Group:
    labels = tuple(Label(id=f"c{at}", zh=f"类{at}", en=f"class {at}") for at in range(30))
    kind: Kind = "exclusive" if exclusive else "multi"
    return Group(id="field", kind=kind, zh="领域", en="field", labels=labels)


def told_of(group: Group, gold: Bools, likely: Floats) -> Told:
    count = len(group.ids)
    rule = Rule(thresholds=(0.5,) * count, sure=(0.6,) * count, margin=0.1, trained=(True,) * count)
    given = np.nan_to_num(likely, nan=0.0) >= 0.5
    names = tuple(map(str, range(len(gold))))
    return Told(
        group=group, rule=rule, ids=names, sources=names, gold=gold, likely=likely, given=given
    )


def reported(group: Group) -> GroupReport:
    figure = Measure(value=0.0, low=0.0, high=1.0)
    spread = Spread(value=0.1, sd=0.0, least=0.1, most=0.1, low=0.0, high=0.6)
    return GroupReport(
        group=group.id,
        exclusive=group.exclusive,
        articles=3,
        distinct=3,
        f1_macro=spread,
        f1_micro=spread,
        labels=[
            LabelReport(label=name, articles=0, precision=figure, recall=figure, f1=figure)
            for name in group.ids
        ],
        confusion=np.eye(len(group.ids)).tolist() if group.exclusive else [],
        reviewed=1.0,
        kept_right=figure,
        coverage_at_target=0.0,
        calibration_error=figure,
    )
