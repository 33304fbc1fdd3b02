"""Tables: their rows are those of the version, and nothing in them is a text."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labels.suspects import Suspect
from training.findings import Findings, read_findings
from training.report import Report
from training.tables import tables
from training.train import Trained

if TYPE_CHECKING:
    import pandas as pd


@pytest.fixture(scope="module")
def made(stored: Path) -> dict[str, pd.DataFrame]:
    return tables(read_findings(stored))


@pytest.fixture(scope="module")
def lines(stored: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (stored / "oof.jsonl").read_text("utf-8").splitlines()]


def changed(version: Path, folder: Path, lines: list[dict[str, Any]]) -> Findings:
    """A copy of the version with other out-of-fold results."""
    shutil.copytree(version, folder, dirs_exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "oof.jsonl").write_text(text, "utf-8")
    return read_findings(folder)


def test_there_are_five_tables_with_these_columns(made: dict[str, pd.DataFrame]) -> None:
    assert {name: list(table.columns)[:4] for name, table in made.items()} == {
        "labels": ["label", "f1", "f1_low", "f1_high"],
        "out_of_fold": ["id", "source", "gold_type", "gold_domains"],
        "errors": ["id", "source", "group", "gold"],
        "suspects": [field.name for field in fields(Suspect)][:4],
        "words": ["label", "rank", "word", "group"],
    }


def test_figures_per_label_are_those_of_the_report(
    made: dict[str, pd.DataFrame], trained: Trained
) -> None:
    ends = ("", "_low", "_high")
    f1, *others = ([f"{name}{end}" for end in ends] for name in ("f1", "precision", "recall"))
    expected = ["label", *f1, "articles", "group", *others[0], *others[1]]
    assert list(made["labels"].columns) == expected
    report: Report = trained.report
    rows = made["labels"].to_dict("records")
    assert len(rows) == 8
    reported = [(group.group, label) for group in report.groups for label in group.labels]
    for row, (group, label) in zip(rows, reported, strict=True):
        assert (row["group"], row["label"]) == (group, label.label)
        assert row["articles"] == label.articles
        assert row["f1"] == label.f1.value
        assert (row["recall_low"], row["recall_high"]) == (label.recall.low, label.recall.high)


def test_out_of_fold_rows_are_those_of_the_version(
    made: dict[str, pd.DataFrame], lines: list[dict[str, Any]]
) -> None:
    rows = made["out_of_fold"].to_dict("records")
    assert len(rows) == len(lines) == 120
    for row, line in zip(rows, lines, strict=True):
        assert (row["id"], row["source"]) == (line["id"], line["source"])
        assert row["gold_type"] == line["gold"]["type"][0]
        assert row["gold_domains"] == "|".join(line["gold"]["domains"])
        assert row["domains_ai"] == line["scores"]["domains"]["ai"]


def test_what_is_unknown_is_none_and_never_nan(
    stored: Path, tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    first = {**lines[0], "gold": {"type": lines[0]["gold"]["type"]}}
    scores = {**lines[1]["scores"], "type": dict.fromkeys(lines[1]["scores"]["type"])}
    second = {**lines[1], "scores": scores}
    found = tables(changed(stored, tmp_path, [first, second, *lines[2:]]))
    table = found["out_of_fold"]
    assert table["gold_domains"][0] is None
    assert table["type_news"][1] is None
    for one in found.values():
        values = [value for row in one.to_dict("records") for value in row.values()]
        assert not [one for one in values if isinstance(one, float) and math.isnan(one)]
    unjudged = [row for row in found["errors"].to_dict("records") if row["id"] == lines[1]["id"]]
    assert unjudged[0]["predicted"] == ""
    assert unjudged[0]["probability_of_predicted"] is None
    assert unjudged[0]["probability_of_gold"] is None


def test_errors_are_the_articles_that_did_not_get_exactly_their_labels(
    stored: Path, tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    types = {"policy_notice": 0.2, "news": 0.7, "event": 0.1, "research_breakthrough": 0.0}
    domains = {"ai": 0.9, "brain_computer_interface": 0.1, "biomedicine": 0.8, "metaverse": 0.3}
    row = {
        "id": "x",
        "source": "starter",
        "gold": {"type": ["event"], "domains": ["ai", "metaverse"]},
        "scores": {"type": types, "domains": domains},
    }
    sure = {**row, "id": "y", "scores": {"type": {**types, "news": 0.9}, "domains": domains}}
    right = {**row, "id": "z", "gold": {"type": ["news"], "domains": ["biomedicine", "ai"]}}
    table = tables(changed(stored, tmp_path, [row, sure, right, *lines[3:]]))["errors"]
    errors = [one for one in table.to_dict("records") if one["id"] in {"x", "y", "z"}]
    assert errors[:2] == [
        {
            "id": name,
            "source": "starter",
            "group": "type",
            "gold": "event",
            "predicted": "news",
            "probability_of_predicted": likely,
            "probability_of_gold": 0.1,
        }
        for name, likely in (("y", 0.9), ("x", 0.7))  # the surest first
    ]
    assert errors[2:] == [
        {
            "id": name,
            "source": "starter",
            "group": "domains",
            "gold": "ai|metaverse",
            "predicted": "ai|biomedicine",
            "probability_of_predicted": 0.8,
            "probability_of_gold": 0.3,
        }
        for name in ("x", "y")
    ]


def test_suspects_are_labels_that_the_model_believes_wrong(
    stored: Path, tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    swapped = {**lines[0], "gold": {**lines[0]["gold"], "type": ["event"]}}
    table = tables(changed(stored, tmp_path, [swapped, *lines[1:]]))["suspects"]
    found = {(row["id"], row["label"], row["has"]) for row in table.to_dict("records")}
    assert {(lines[0]["id"], "event", True), (lines[0]["id"], "policy_notice", False)} <= found


def test_empty_tables_keep_their_columns(
    stored: Path, tmp_path: Path, made: dict[str, pd.DataFrame]
) -> None:
    found = tables(changed(stored, tmp_path, []))
    for name in ("out_of_fold", "errors", "suspects"):
        assert len(found[name]) == 0
        assert list(found[name].columns) == list(made[name].columns)


def test_tables_are_the_same_every_time(stored: Path, made: dict[str, pd.DataFrame]) -> None:
    for name, table in tables(read_findings(stored)).items():
        assert table.equals(made[name])


def test_tables_go_through_json_as_mlflow_writes_it(made: dict[str, pd.DataFrame]) -> None:
    for table in made.values():
        raw = json.loads(table.to_json(orient="split", index=False))
        assert raw["columns"] == list(table.columns)
        assert len(raw["data"]) == len(table)


def runs(text: str) -> set[str]:
    """Every 8 characters that follow each other, which is longer than any word learnt."""
    return {text[at : at + 8] for at in range(len(text) - 7)}


def cells(found: dict[str, pd.DataFrame]) -> set[str]:
    rows = [row for table in found.values() for row in table.to_dict("records")]
    return {str(value) for row in rows for value in row.values()}


def pieces(found: dict[str, pd.DataFrame], trained: Trained) -> set[str]:
    """The runs of articles that stand anywhere in a cell."""
    articles = [sample.article for sample in trained.corpus.samples]
    texts = set().union(*(runs(one.title) | runs(one.content) for one in articles))
    return texts & set().union(*map(runs, cells(found)))


def test_no_table_has_a_piece_of_an_article(
    stored: Path, tmp_path: Path, lines: list[dict[str, Any]], trained: Trained
) -> None:
    swapped = {**lines[0], "gold": {**lines[0]["gold"], "type": ["event"]}}
    found = tables(changed(stored, tmp_path, [swapped, *lines[1:]]))
    assert all(len(table) for table in found.values())
    assert pieces(found, trained) == set()


def test_the_search_for_pieces_finds_a_planted_one(
    made: dict[str, pd.DataFrame], trained: Trained
) -> None:
    piece = trained.corpus.samples[0].article.content[3:11]
    planted = made["labels"].assign(label=f"event ({piece})")
    assert pieces({**made, "labels": planted}, trained) == {piece}
