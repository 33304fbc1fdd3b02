"""Saved views: in the form that MLflow's UI reads, and of metrics that runs have."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.scheme import Group, Label, Scheme
from training.findings import read_findings
from training.recorded import metrics
from training.views import views

PREFIX = "mlflow.sharedViewState.newstag-"


@pytest.fixture(scope="module")
def made(scheme: Scheme) -> dict[str, str]:
    return views(scheme, 1_700_000_000_000, searched=True)


def state(value: str) -> Any:
    return json.loads(json.loads(value)["state"])


def test_a_view_has_the_form_that_the_ui_reads(made: dict[str, str]) -> None:
    for value in made.values():
        assert {key: type(one) for key, one in json.loads(value).items()} == {
            "name": str,
            "createdAt": int,
            "updatedAt": int,
            "state": str,
        }
        shown = state(value)
        assert shown["columnOrder"][2:] == shown["selectedColumns"]
        assert set(shown["selectedColumns"]) < set(shown["columnWidths"])
        assert shown["orderByKey"] == shown["selectedColumns"][0]
        assert shown["orderByAsc"] is False


def test_the_trainings_show_figures_that_their_runs_have(
    made: dict[str, str], stored: Path
) -> None:
    findings = read_findings(stored)
    figures = {**findings.manifest.metrics, "train_seconds": 1.0}
    found = metrics(replace(findings.manifest, metrics=figures), findings.report)
    shown = state(made[f"{PREFIX}trainings"])["selectedColumns"]
    names = [one.split("`")[1] for one in shown if one.startswith("metrics.")]
    assert names[:2] == ["f1_macro", "type_f1_macro"]
    assert "domains_f1_micro" in names
    assert set(names) <= found.keys()


def test_candidates_have_a_view_once_there_are_any(made: dict[str, str], scheme: Scheme) -> None:
    assert list(made) == [
        f"{PREFIX}{name}" for name in ("trainings", "candidates-type", "candidates-domains")
    ]
    assert state(made[f"{PREFIX}candidates-domains"])["searchFilter"] == (
        'tags.candidate_of = "domains"'
    )
    assert list(views(scheme, 0, searched=False)) == [f"{PREFIX}trainings"]


def test_a_view_that_is_too_long_for_a_tag_is_left_out() -> None:
    labels = tuple(Label(id=name, zh=name, en=name) for name in "ab")
    groups = [
        Group(id=f"g{at}{'x' * 200}", kind="multi", zh="组", en="group", labels=labels)
        for at in range(30)
    ]
    assert len(views(Scheme(groups=tuple(groups[:1])), 0, searched=False)) == 1
    assert views(Scheme(groups=tuple(groups)), 0, searched=False) == {}
