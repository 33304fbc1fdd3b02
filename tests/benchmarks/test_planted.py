"""What a file with planted faults must become, told from what it became."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bad_csv, bad_lines, bad_parquet
from benchmarks.many import firsts, rows_made
from benchmarks.planted import Kind, Planted, plan

BAD = Kind(name="a list", make=lambda _row: b"[]", reason="^not an object$")
ODD = Kind(name="blank", make=lambda _row: b"")


def planted() -> Planted:
    """Line 2 is bad."""
    found = Planted(path=Path("a.jsonl"), unit="line")
    found.add(None, "r0", [1])
    found.add(BAD, "r1", [2])
    found.add(ODD, "r2", [3])
    return found


def reject(**cells: Any) -> dict[str, Any]:
    row = {"source": "a.jsonl", "unit": "line", "position": 2, "fix": "Mend it"}
    return {**row, "reason": "not an object", **cells}


def test_what_was_planted_is_what_must_come_out() -> None:
    assert list(planted().faults([reject()], ["r0", "r2"])) == []


@pytest.mark.parametrize(
    ("rejects", "fault"),
    [
        ([], "line 2 (a list) was not rejected"),
        ([reject(reason="no id")], "line 2 (a list) has another reason: no id"),
        ([reject(source="b.jsonl")], "line 2 is said to be line 2 of b.jsonl"),
        ([reject(fix="")], "line 2 (a list) has no fix"),
        ([reject(), reject()], "2 rejects at 1 positions"),
        (
            [reject(), reject(position=3)],
            "line 3 was rejected, but is good: not an object",
        ),
    ],
)
def test_a_reject_that_is_not_as_it_must_be_is_a_fault(rejects: list[Any], fault: str) -> None:
    assert list(planted().faults(rejects, ["r0", "r2"])) == [fault]


@pytest.mark.parametrize(
    ("ids", "fault"),
    [
        (["r0"], "1 results, not 2; the first that differs is nothing, number 1"),
        (["r0", "r1", "r2"], "3 results, not 2; the first that differs is r1, number 1"),
        (["r2", "r0"], "2 results, not 2; the first that differs is r2, number 0"),
        (["r0", "r2", "r3"], "3 results, not 2; the first that differs is r3, number 2"),
    ],
)
def test_results_that_are_missing_too_many_or_in_another_order_are_a_fault(
    ids: list[str], fault: str
) -> None:
    assert list(planted().faults([reject()], ids)) == [fault]


def test_the_table_has_a_reason_of_each_kind() -> None:
    assert list(planted().table([reject(reason="a | b")])) == [
        ("a list", "1", "a \\| b"),
        ("blank", "1", "(odd, but good)"),
    ]


def test_one_record_in_a_hundred_is_bad_and_the_first_is_good() -> None:
    rare = Kind(name="rare", make=BAD.make, reason="x", most=2)
    found = plan(10_000, [BAD, rare], [ODD])
    assert Counter(kind.name for kind in found.values()) == {"a list": 98, "rare": 2, "blank": 50}
    assert 0 not in found
    assert found == plan(10_000, [BAD, rare], [ODD])


@pytest.mark.parametrize("kinds", [bad_lines, bad_csv, bad_parquet])
def test_each_kind_has_a_name_of_its_own(kinds: Any) -> None:
    names = [kind.name for kind in (*kinds.KINDS, *kinds.ODD)]
    assert len(set(names)) == len(names)
    assert all(kind.reason for kind in kinds.KINDS)
    assert not any(kind.reason for kind in kinds.ODD)


def test_positions_are_those_of_lines_whatever_a_record_has_of_them(tmp_path: Path) -> None:
    empty = b"{}"
    found = bad_lines.write_lines(tmp_path / "a.jsonl", rows_made(4600), 4600)
    lines = (tmp_path / "a.jsonl").read_bytes().split(b"\n")
    bad = {at for at, kind in found.bad.items() if kind.name == "an empty object"}
    assert bad
    assert bad == {at for at, line in enumerate(lines, start=1) if line == empty}


def test_chunks_number_on() -> None:
    assert list(firsts(60_000)) == [0, 25_000, 50_000]
    assert [row["id"] for row in rows_made(3)] == ["r0", "r1", "r2"]
