"""The description: what people read first of a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training import describing
from training.comparison import not_compared
from training.describing import MOST, description, escaped
from training.findings import read_findings
from training.learning import gain_phrase
from training.reporting import STYLE_WARNING
from training.train import Trained


@pytest.fixture(scope="module")
def text(stored: Path) -> str:
    return description(read_findings(stored))


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
    return description(read_findings(folder))


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


def test_the_coverage_at_the_target_is_that_of_the_report(stored: Path, tmp_path: Path) -> None:
    def covered(report: dict[str, Any]) -> None:
        report["groups"][0]["coverage_at_target"] = 0.625

    told = changed(stored, tmp_path, covered)
    assert "- 62.5 % could pass without a person at 95 % exactly right: in hindsight" in told


def test_that_none_of_those_let_pass_is_right_is_told(stored: Path, tmp_path: Path) -> None:
    def wrong(report: dict[str, Any]) -> None:
        of_type, of_domains = report["groups"]
        of_type["reviewed"], of_type["kept_right"]["value"] = 0.5, 0.0
        of_domains["reviewed"], of_domains["kept_right"]["value"] = 1.0, 0.0

    told = changed(stored, tmp_path, wrong).splitlines()
    assert (
        "- 50 % go to a person because of the type; of the others 0 % are exactly right"
    ) in told
    assert "- 100 % go to a person because of the domains" in told


def test_what_more_articles_brought_is_told(text: str, trained: Trained) -> None:
    for points in trained.report.learning.values():
        assert f"- {gain_phrase(points, 'given')}\n" in text


def test_a_healthy_report_calls_for_no_caution(text: str) -> None:
    assert "To be careful about" not in text


def test_figures_of_starter_articles_carry_the_warning(stored: Path, tmp_path: Path) -> None:
    told = changed(stored, tmp_path, lambda report: report.update(source="starter"))
    assert f"\n\n**To be careful about**\n\n- {STYLE_WARNING}\n\n**type**" in told


def test_labels_that_could_not_be_learnt_are_named(stored: Path, tmp_path: Path) -> None:
    def poor(report: dict[str, Any]) -> None:
        report["untrained"] = {"type": ["event"]}
        report["unlearnt"] = {"domains": ["ai", "metaverse"]}
        report["unmeasured"] = ["mood"]
        report["groups"][1]["articles"] = report["groups"][1]["distinct"] = 40

    told = changed(stored, tmp_path, poor)
    careful = told.partition("**To be careful about**\n\n")[2].partition("\n\n")[0]
    assert careful.splitlines() == [
        "- mood: no evaluated article has a label of it, so nothing was measured.",
        (
            "- type: too few distinct articles to learn event; every article goes to a person "
            "because of it."
        ),
        (
            "- domains: some of the models that judged had not learnt ai, metaverse; recall "
            "and F1 are too low for that."
        ),
        "- Few distinct articles were judged (domains 40): the intervals are wide.",
    ]


def test_where_there_was_nothing_to_count_there_is_a_dash(stored: Path, tmp_path: Path) -> None:
    def absent(report: dict[str, Any]) -> None:
        label = report["groups"][0]["labels"][0]
        label["articles"] = 0
        for name in ("precision", "recall", "f1"):
            label[name] = {"value": 0.0, "low": 0.0, "high": 1.0}

    assert r"| 政策通知 policy\_notice | 0 | – | – | – |" in changed(stored, tmp_path, absent)


def test_the_verdict_against_the_champion_is_told(stored: Path, tmp_path: Path) -> None:
    champion = "20260101T000000Z-00000000"
    comparison = not_compared(champion, stored.name, "another scheme").as_json()
    told = changed(stored, tmp_path, nothing, comparison)
    assert f"\n\nAgainst the champion {champion}: not compared: another scheme\n\n" in told


def test_signs_of_markdown_are_shown_as_they_are() -> None:
    assert escaped("a|b*c_d`e[f]g\\h") == r"a\|b\*c\_d\`e\[f\]g\\h"
    assert escaped("<b> & c") == "&lt;b&gt; &amp; c"
    assert escaped("政策通知 news") == "政策通知 news"


def test_names_with_signs_of_markdown_keep_their_cells(stored: Path, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    scheme = (tmp_path / "scheme.toml").read_text("utf-8")
    (tmp_path / "scheme.toml").write_text(scheme.replace('"新闻"', '"新|闻<b>*"'), "utf-8")
    told = changed(tmp_path, tmp_path / "copy", nothing)
    assert r"| 新\|闻&lt;b&gt;\* news | 30 | " in told
    assert r"| 政策通知 policy\_notice | 30 | " in told


def of_many_labels(report: dict[str, Any]) -> None:
    report["untrained"] = {"type": [f"label_{at}" for at in range(400)]}
    report["unmeasured"] = [f"group_{at}" for at in range(55)]


def test_a_long_one_is_cut_at_a_line_and_says_so(stored: Path, tmp_path: Path, text: str) -> None:
    told = changed(stored, tmp_path, of_many_labels)
    assert 4800 < len(told) <= MOST
    *kept, _, note = told.splitlines()
    assert kept[0] == text.splitlines()[0]
    count = int(note.split()[0])
    assert note == f"{count} more lines are left out here: see `report.txt` and the table `labels`."
    assert all(line.endswith((".", "**", "")) for line in kept)
    assert len(kept) > 40
    assert "label\\_19 and 380 more; every article" in told


def test_how_many_lines_are_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "MOST", 120)
    lines = ["x" * 9] * 20
    told = describing._cut(lines)
    *kept, _, note = told.splitlines()
    assert len(told) <= 120
    assert len(told) + 10 > 120 - 2  # one more would not have gone in
    assert int(note.split()[0]) == 20 - len(kept)
    assert describing._cut(lines[:12]) == "\n".join(lines[:12]) + "\n"


def test_a_first_line_that_is_too_long_leaves_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "MOST", 120)
    assert describing._cut(["x" * 200, "y"]).startswith("\n2 more lines")


def test_it_is_the_same_every_time(stored: Path, text: str) -> None:
    assert description(read_findings(stored)) == text
