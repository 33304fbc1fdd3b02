"""The arithmetic of benchmarks: medians, ratios and bars. Nothing here is timed."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.bars import Bar, bar_lines
from benchmarks.results import describe, write_result
from benchmarks.rounds import medians, ratio, scaled, shuffled, time_rounds
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


def test_each_round_has_an_order_of_its_own_and_the_same_in_every_run() -> None:
    names = list("abcdef")
    orders = [shuffled(names, by) for by in range(20)]
    assert all(sorted(order) == names for order in orders)
    assert orders == [shuffled(names, by) for by in range(20)]
    followed = {pair for order in orders for pair in pairwise(order)}
    assert len(followed) == 6 * 5  # each side has followed each other
    assert shuffled([], 1) == []


def test_every_side_is_called_once_a_round_and_once_before() -> None:
    called: list[str] = []
    sides = {name: lambda name=name: called.append(name) for name in ("a", "b")}
    found = time_rounds(sides, 3)
    each = ["ab", *("".join(shuffled(sides, number)) for number in range(3))]
    assert "".join(called) == "".join(each)
    assert {name: len(times) for name, times in found.items()} == {"a": 3, "b": 3}


def test_a_side_is_warmed_before_each_of_its_turns() -> None:
    called: list[str] = []
    sides = {name: lambda name=name: called.append(name) for name in ("a", "b")}
    warm = {name: lambda name=name: called.append(name.upper()) for name in ("a", "b")}
    time_rounds(sides, 2, warm)
    turns = [name for number in range(2) for name in shuffled(sides, number)]
    assert "".join(called) == "ab" + "".join(name.upper() + name for name in turns)


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
