"""What a report says is read once; one of another shape is none, and near-duplicates count once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.language import choose
from serving.live import Loaded
from serving.measured import (
    Figure,
    MeasuredGroup,
    MeasuredLabel,
    counted,
    distinct,
    measured,
    read_measured,
)

EN, ZH = choose("en", ""), choose("zh", "")
Report = dict[str, Any]
CONFUSION = [
    [5.99999999999999, 0.0, 0.0, 0.0],
    [0.0, 2.9999999999999902, 3.0, 0.0],
    [0.0, 1.0, 4.99999999999999, 0.0],
    [0.0, 0.0, 0.0, 6.5],
]


@pytest.fixture
def report(loaded: Loaded) -> Report:
    """That of the trained version, of which a test may change what it likes."""
    found: Report = json.loads((loaded.folder / "report.json").read_text("utf-8"))
    return found


def test_figures_are_those_of_the_report(loaded: Loaded, report: Report) -> None:
    assert list(loaded.measured) == ["type", "domains"]
    for mine, theirs in zip(loaded.measured.values(), report["groups"], strict=True):
        assert (mine.articles, mine.distinct) == (24, 24)
        assert mine.macro is not None
        assert mine.macro.value == theirs["f1_macro"]["value"]
        assert mine.confusion == theirs["confusion"]
        assert list(mine.labels) == [one["label"] for one in theirs["labels"]]
        for label, one in zip(mine.labels.values(), theirs["labels"], strict=True):
            assert label.articles == one["articles"]
            assert label.recall == Figure(**one["recall"])


def of_type(report: Report, **changed: object) -> None:
    report["groups"][0].update(changed)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report: report.pop("groups"),
        lambda report: report.pop("unlearnt"),
        lambda report: report.update(groups="ab"),
        lambda report: report.update(unlearnt=[]),
        lambda report: report["groups"][0].pop("articles"),
        lambda report: report["groups"][0].pop("distinct"),
        lambda report: report["groups"][0]["labels"].pop(),
        lambda report: of_type(report, f1_macro=0.5),
        lambda report: of_type(report, f1_macro={"value": float("nan"), "low": 0, "high": 1}),
        lambda report: of_type(report, confusion=[[1, 2, 3]] * 3),
        lambda report: of_type(report, confusion=[]),
        lambda report: of_type(report, labels=None),
        lambda report: of_type(report, reviewed="some"),
        lambda report: of_type(report, articles=float("inf")),
        lambda report: of_type(report, articles=10**400),
    ],
)
def test_a_report_of_another_shape_is_none(
    spoil: Callable[[Report], object], loaded: Loaded, report: Report, tmp_path: Path
) -> None:
    scheme = loaded.predictor.model.scheme
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report), "utf-8")
    assert read_measured(tmp_path, scheme) == loaded.measured
    spoil(report)
    path.write_text(json.dumps(report), "utf-8")
    assert read_measured(tmp_path, scheme) == {}


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_what_is_no_report_is_none(text: str, loaded: Loaded, tmp_path: Path) -> None:
    scheme = loaded.predictor.model.scheme
    assert read_measured(tmp_path, scheme) == {}
    (tmp_path / "report.json").write_text(text, "utf-8")
    assert read_measured(tmp_path, scheme) == {}


def test_a_share_of_nothing_is_no_figure(loaded: Loaded, report: Report) -> None:
    nothing = {"value": 0.0, "low": 0.0, "high": 1.0}
    of_type(report, kept_right=nothing)
    report["groups"][0]["labels"][0]["precision"] = nothing
    found = measured(report, loaded.predictor.model.scheme)["type"]
    first = found.labels["policy_notice"]
    assert (found.kept_right, first.precision) == (None, None)
    assert first.recall is not None


def test_near_duplicates_count_once(loaded: Loaded, report: Report) -> None:
    of_type(report, articles=216, distinct=24, confusion=CONFUSION)
    for label in report["groups"][0]["labels"]:
        label["articles"] = 54
    kinds = measured(report, loaded.predictor.model.scheme)["type"]
    assert [distinct(one, EN) for one in kinds.labels.values()] == [
        " (6 distinct)",
        " (6 distinct)",
        " (6 distinct)",
        " (6.5 distinct)",
    ]
    assert (distinct(kinds, EN), distinct(kinds, ZH)) == (" (24 distinct)", "（去重后 24 篇）")
    assert kinds.repeated


def test_without_near_duplicates_there_is_nothing_to_say_of_them(loaded: Loaded) -> None:
    kinds, domains = loaded.measured.values()
    every: list[MeasuredGroup | MeasuredLabel] = [
        kinds,
        *kinds.labels.values(),
        *domains.labels.values(),
        MeasuredLabel(),
    ]
    assert {distinct(one, EN) for one in every} == {""}
    assert not kinds.repeated


def test_labels_that_some_judges_had_not_learnt_are_marked(loaded: Loaded, report: Report) -> None:
    report["unlearnt"] = {"domains": ["ai"]}
    kinds, domains = measured(report, loaded.predictor.model.scheme).values()
    assert [name for name, one in domains.labels.items() if one.unlearnt] == ["ai"]
    assert not [name for name, one in kinds.labels.items() if one.unlearnt]


def test_groups_that_were_not_measured_or_are_of_no_scheme_are_left_out(
    loaded: Loaded, report: Report
) -> None:
    other = {**copy.deepcopy(report["groups"][0]), "group": "tone"}
    report["groups"] = [report["groups"][1], other]
    assert list(measured(report, loaded.predictor.model.scheme)) == ["domains"]


@pytest.mark.parametrize(
    ("count", "shown"), [(5.99999999999999, "6"), (3.0, "3"), (0.0, "0"), (1234.46, "1234.5")]
)
def test_counts_are_whole_where_a_decimal_would_say_nothing(count: float, shown: str) -> None:
    assert counted(count) == shown
