"""The arithmetic of benchmarks: medians, ratios and bars. Nothing here is timed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.bars import Bar, bar_lines
from benchmarks.results import describe, write_result
from benchmarks.rounds import medians, ratio, rotated, scaled, time_rounds
from labels.article import Article

# The machine was busy in the second round, and slowed both sides alike.
ROUNDS = {"ours": [1.0, 8.0, 2.0], "theirs": [10.0, 80.0, 30.0]}


def test_the_median_of_a_side_is_over_its_rounds() -> None:
    assert medians(ROUNDS) == {"ours": 2.0, "theirs": 30.0}


def test_a_ratio_is_taken_within_each_round() -> None:
    found = ratio(ROUNDS, "theirs", "ours")
    assert (found.median, found.low, found.high) == (10.0, 10.0, 15.0)
    assert str(found) == "10.00 (10.00 to 15.00)"
    assert found.as_json() == {"median": 10.0, "low": 10.0, "high": 15.0}


def test_sides_of_unequal_rounds_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio({"a": [1.0, 2.0], "b": [1.0]}, "a", "b")


def test_rounds_change_their_unit() -> None:
    assert scaled({"a": [0.5, 1.0]}, 1000) == {"a": [500.0, 1000.0]}


def test_each_round_begins_with_the_next_side() -> None:
    assert [rotated(["a", "b", "c"], by) for by in (0, 1, 2, 3)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
    assert rotated([], 1) == []


def test_every_side_is_called_once_before_and_in_turn_in_each_round() -> None:
    called: list[str] = []
    sides = {name: lambda name=name: called.append(name) for name in ("a", "b")}
    found = time_rounds(sides, 3, least=0)
    assert "".join(called) == "ab" + "ab" + "ba" + "ab"
    assert {name: len(times) for name, times in found.items()} == {"a": 3, "b": 3}


def test_a_side_that_is_done_soon_is_called_again_within_its_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[str] = []
    clock = iter(range(100))  # each look at it is a second later
    monkeypatch.setattr("benchmarks.rounds.time.perf_counter", lambda: next(clock))
    found = time_rounds({"a": lambda: called.append("a")}, 2, least=4)
    assert len(called) == 1 + 2 * 4
    assert found == {"a": [1 / 4, 1 / 4]}


@pytest.mark.parametrize(
    ("most", "measured", "held"),
    [(True, 2.5, True), (True, 2.51, False), (False, 2.5, True), (False, 2.49, False)],
)
def test_a_bar_is_held_up_to_its_own_figure(most: bool, measured: float, held: bool) -> None:
    assert Bar(name="x", required=2.5, measured=measured, most=most).held is held


def test_a_bar_tells_what_is_required_and_what_was_measured() -> None:
    bars = [
        Bar(name="ratio", required=8, aim=12, measured=9.126),
        Bar(name="memory", required=140, measured=151.0, most=True, unit="MB"),
    ]
    assert bar_lines(bars) == [
        "held   ratio: required >= 8, aim 12; measured 9.126",
        "MISSED memory: required <= 140 MB; measured 151 MB",
    ]


def test_a_result_holds_the_bars_and_no_word_of_an_article(tmp_path: Path) -> None:
    articles = [Article(id="secret", title="青石", content="秘密" * 10)]
    bar = Bar(name="x", required=1.0, measured=1.234567)
    path = tmp_path / "deep" / "result.json"
    write_result(path, describe(articles), 5, [bar], figures={"ours": 1.234567})
    text = path.read_text("utf-8")
    found = json.loads(text)
    assert not {"secret", "青石", "秘密", str(tmp_path)} & set(text.split('"'))
    assert found["articles"] == {"count": 1, "mean characters": 22, "shortest": 22, "longest": 22}
    assert found["figures"] == {"ours": 1.2346}
    assert found["bars"][0] == {
        "name": "x",
        "required": 1.0,
        "measured": 1.2346,
        "most": False,
        "aim": None,
        "unit": "",
        "held": True,
    }
    assert {"when", "machine", "versions", "rounds"} <= found.keys()
    assert describe(articles) == found["articles"]
