"""What a run says of a version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.comparison import not_compared
from training.findings import Findings, read_findings
from training.recorded import metrics, run_name, verdict
from training.report import GroupReport


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


def with_labels(group: GroupReport, names: list[str]) -> GroupReport:
    labels = [replace(one, label=name) for one, name in zip(group.labels, names, strict=True)]
    return replace(group, labels=labels)


def test_the_mean_of_the_groups_comes_first(findings: Findings) -> None:
    found = metrics(findings.manifest, findings.report)
    both = [group.f1_macro.value for group in findings.report.groups]
    assert next(iter(found)) == "f1_macro"
    assert found["f1_macro"] == round(sum(both) / 2, 4)


def test_shares_have_four_decimals_and_sizes_one(findings: Findings) -> None:
    figures = {**findings.manifest.metrics, "train_seconds": 12.3456, "model_bytes": 123456}
    found = metrics(replace(findings.manifest, metrics=figures), findings.report)
    assert (found["train_seconds"], found["model_bytes"]) == (12.3, 123456)
    assert found["evaluated_articles"] == 120
    assert found == {name: round(value, 4) for name, value in found.items()}


def test_labels_called_like_figures_take_nothing_from_them(findings: Findings) -> None:
    kind, domains = findings.report.groups
    odd = with_labels(kind, ["macro", "micro", "macro_low", "news"])
    report = replace(findings.report, groups=[odd, domains])
    plain, found = findings.report.metrics(), report.metrics()
    assert found["type_f1_macro"] == plain["type_f1_macro"] == kind.f1_macro.value
    assert found["type_f1_macro_low"] == kind.f1_macro.low
    assert found["type_f1:macro"] == kind.labels[0].f1.value
    assert found["type_precision_macro"] == kind.labels[0].precision.value
    assert len(found) == len(plain)
    told = metrics(findings.manifest, report)
    assert told["type_f1:micro"] == round(kind.labels[1].f1.value, 4)
    assert len(told) == len(metrics(findings.manifest, findings.report))


def test_the_coverage_is_that_of_the_report(findings: Findings) -> None:
    first, *others = findings.report.groups
    report = replace(findings.report, groups=[replace(first, coverage_at_target=0.25), *others])
    assert metrics(findings.manifest, report)["type_coverage_at_target"] == 0.25


def test_a_run_is_named_by_macro_f1_of_every_group_and_a_time_in_utc(findings: Findings) -> None:
    kind, domains = findings.report.groups
    assert run_name(findings.manifest, findings.report) == (
        f"type {kind.f1_macro.value:.3f} domains {domains.f1_macro.value:.3f} "
        "(2026-01-02 00:00 UTC)"
    )
    nothing = replace(findings.report, groups=[])
    assert run_name(findings.manifest, nothing) == "nothing measured (2026-01-02 00:00 UTC)"


def test_the_verdict_is_a_sentence_that_a_column_can_hold() -> None:
    champion = "20260101T000000Z-00000000"
    short = not_compared(champion, "b", "another scheme")
    told = f"not compared: another scheme (against {champion})"
    assert verdict(short) == {"verdict": told}
    (long,) = verdict(not_compared(champion, "b", "x" * 400)).values()
    assert len(long) == 250
    assert long.endswith(f"x… (against {champion})")


def test_without_a_champion_there_is_no_verdict() -> None:
    assert verdict(None) == {}
