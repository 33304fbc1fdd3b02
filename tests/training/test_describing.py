"""The description: what people read first of a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.coverage import coverage_at_target
from training.describing import description
from training.learning import gain_phrase
from training.reporting import STYLE_WARNING, percent
from training.train import Trained


@pytest.fixture(scope="module")
def text(stored: Path) -> str:
    return description(stored)


def changed(
    version: Path, folder: Path, change: Callable[[dict[str, Any]], object], comparison: str = ""
) -> str:
    """The description of a copy of the version, with another report."""
    shutil.copytree(version, folder, dirs_exist_ok=True)
    report = json.loads((version / "report.json").read_text("utf-8"))
    change(report)
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    if comparison:
        (folder / "comparison.json").write_text(comparison, "utf-8")
    return description(folder)


def nothing(_report: dict[str, Any]) -> None:
    pass


def test_it_begins_with_the_articles_and_how_they_were_judged(text: str) -> None:
    assert text.startswith(
        "Trained on 120 articles (120 given, 0 starter). Figures are of 120 given articles, each "
        "judged by models that had not seen it; mean over 2 partitions; brackets hold 95 % "
        "intervals.\n\n**type** (120 articles, 112 distinct)\n\n- macro-F1 "
    )


def test_every_label_is_a_row_with_its_figures_and_intervals(text: str, trained: Trained) -> None:
    label = trained.report.groups[0].labels[1]
    recall = f"{label.recall.value:.2f} ({label.recall.low:.2f} to {label.recall.high:.2f})"
    (row,) = [line for line in text.splitlines() if line.startswith("| 新闻 news |")]
    assert row.split(" | ")[1] == "30"
    assert row.split(" | ")[3] == recall
    assert len([line for line in text.splitlines() if line.startswith("| ")]) == 2 * 5


def test_the_coverage_at_the_target_is_told(text: str, stored: Path) -> None:
    for share in coverage_at_target(stored).values():
        assert f"- {percent(share)} could pass without a person at 95 % exactly right" in text


def test_what_more_articles_brought_is_told(text: str, trained: Trained) -> None:
    for points in trained.report.learning.values():
        assert f"- {gain_phrase(points)}\n" in text


def test_a_healthy_report_calls_for_no_caution(text: str) -> None:
    assert "To be careful about" not in text


def test_figures_of_starter_articles_carry_the_warning(stored: Path, tmp_path: Path) -> None:
    told = changed(stored, tmp_path, lambda report: report.update(source="starter"))
    assert told.endswith(f"**To be careful about**\n\n- {STYLE_WARNING}\n")


def test_labels_that_could_not_be_learnt_are_named(stored: Path, tmp_path: Path) -> None:
    def poor(report: dict[str, Any]) -> None:
        report["untrained"] = {"type": ["event"]}
        report["unlearnt"] = {"domains": ["ai", "metaverse"]}
        report["unmeasured"] = ["mood"]
        report["groups"][1]["articles"] = report["groups"][1]["distinct"] = 40

    told = changed(stored, tmp_path, poor)
    assert told.partition("**To be careful about**\n\n")[2].splitlines() == [
        "- mood: no evaluated article has a label of it, so nothing was measured.",
        (
            "- type: too few distinct articles to learn event; every article goes to a person "
            "because of it."
        ),
        (
            "- domains: some of the models that judged had not learnt ai, metaverse; its figures "
            "are too low."
        ),
        "- Few articles were judged (domains 40): the intervals are wide.",
    ]


def test_where_there_was_nothing_to_count_there_is_a_dash(stored: Path, tmp_path: Path) -> None:
    def absent(report: dict[str, Any]) -> None:
        label = report["groups"][0]["labels"][0]
        label["articles"] = 0
        for name in ("precision", "recall", "f1"):
            label[name] = {"value": 0.0, "low": 0.0, "high": 1.0}

    assert "| 政策通知 policy_notice | 0 | – | – | – |" in changed(stored, tmp_path, absent)


@pytest.mark.parametrize("key", ["with", "first"])
def test_the_verdict_against_the_champion_is_told(stored: Path, tmp_path: Path, key: str) -> None:
    champion = "20260101T000000Z-00000000"
    comparison = json.dumps({key: champion, "verdict": "not shown different."})
    told = changed(stored, tmp_path, nothing, comparison)
    assert f"\n\nAgainst the champion {champion}: not shown different.\n\n" in told


@pytest.mark.parametrize("comparison", ["{", "[]", "{}", '{"verdict": "x"}', '{"with": 1}'])
def test_a_comparison_that_is_none_is_passed_over(
    stored: Path, tmp_path: Path, text: str, comparison: str
) -> None:
    assert changed(stored, tmp_path, nothing, comparison) == text


def test_it_is_the_same_every_time(stored: Path, text: str) -> None:
    assert description(stored) == text
