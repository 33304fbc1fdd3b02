"""Lines are only ever added, and one that a kill cut was never promised."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labels.errors import StateError
from models.ledger import (
    Action,
    Entry,
    append_entry,
    goes_back,
    in_force,
    predecessor,
    read_ledger,
    successor,
)


def entry(after: str, before: str | None = None, action: Action = "promote") -> Entry:
    return Entry(
        time="2026-01-01T00:00:00+00:00",
        by="小满",
        action=action,
        before=before,
        after=after,
        why="更准",
    )


def entries(*steps: str) -> list[Entry]:
    """Entries of steps such as ``promote b``."""
    actions: dict[str, Action] = {"first": "first", "promote": "promote", "rollback": "rollback"}
    return [entry(step.split()[1], action=actions[step.split()[0]]) for step in steps]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_a_ledger_that_is_not_there_is_empty(ledger: Path) -> None:
    assert read_ledger(ledger) == []


def test_an_empty_file_is_an_empty_ledger(ledger: Path) -> None:
    ledger.touch()
    assert read_ledger(ledger) == []


def test_entries_come_back_in_order(ledger: Path) -> None:
    added = [entry("a", action="first"), entry("b", "a"), entry("a", "b", "rollback")]
    for one in added:
        append_entry(ledger, one)
    assert read_ledger(ledger) == added


def test_an_entry_is_one_line_of_readable_json(ledger: Path) -> None:
    append_entry(ledger, entry("b", "a"))
    assert ledger.read_text("utf-8") == (
        '{"time": "2026-01-01T00:00:00+00:00", "by": "小满", "action": "promote", '
        '"before": "a", "after": "b", "why": "更准"}\n'
    )


def test_a_reason_of_several_lines_stays_on_one(ledger: Path) -> None:
    strange = Entry(**{**asdict(entry("b")), "why": "一\n二\r三\u2028四\x85\x00"})
    append_entry(ledger, strange)
    append_entry(ledger, entry("c"))
    assert ledger.read_bytes().count(b"\n") == 2
    assert read_ledger(ledger) == [strange, entry("c")]


def test_adding_leaves_the_lines_before_as_they_are(ledger: Path) -> None:
    append_entry(ledger, entry("a"))
    before = ledger.read_bytes()
    append_entry(ledger, entry("b"))
    assert ledger.read_bytes().startswith(before)


@pytest.mark.parametrize("left", [1, 5, 60, -1])
def test_a_torn_last_line_is_read_without(ledger: Path, left: int) -> None:
    append_entry(ledger, entry("a"))
    torn = json.dumps(asdict(entry("b")), ensure_ascii=False).encode()[:left]
    with ledger.open("ab") as file:
        file.write(torn)
    assert read_ledger(ledger) == [entry("a")]


def test_a_last_line_without_its_end_was_never_promised(ledger: Path) -> None:
    append_entry(ledger, entry("a"))
    append_entry(ledger, entry("b"))
    ledger.write_bytes(ledger.read_bytes()[:-1])
    assert read_ledger(ledger) == [entry("a")]


def test_a_torn_first_line_is_read_without(ledger: Path) -> None:
    ledger.write_bytes(b'{"time": "20')
    assert read_ledger(ledger) == []


@pytest.mark.parametrize("torn", [b"{", b'{"time": "2026-01-01T00:00:00+00:00", "by": "\xe5\xb0'])
def test_the_next_entry_heals_a_torn_line(ledger: Path, torn: bytes) -> None:
    append_entry(ledger, entry("a"))
    with ledger.open("ab") as file:
        file.write(torn)
    append_entry(ledger, entry("c"))
    assert read_ledger(ledger) == [entry("a"), entry("c")]
    assert ledger.read_bytes().endswith(b"}\n")


def test_the_next_entry_heals_a_torn_first_line(ledger: Path) -> None:
    ledger.write_bytes(b"x" * 5000)
    append_entry(ledger, entry("a"))
    assert read_ledger(ledger) == [entry("a")]
    assert ledger.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"\xff", b'{"time": ""}', b'{"colour": "red"}']
)
def test_a_damaged_line_in_the_middle_is_an_error_with_its_number(
    ledger: Path, line: bytes
) -> None:
    append_entry(ledger, entry("a"))
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + line + b"\n" + whole)
    with pytest.raises(StateError) as damaged:
        read_ledger(ledger)
    assert str(damaged.value) == f"{ledger}:2: a damaged line. Restore the ledger from a backup."


@pytest.mark.parametrize(
    ("steps", "before"),
    [
        ([], None),
        (["first a"], None),
        (["first a", "promote b"], "a"),
        (["first a", "promote b", "promote c"], "b"),
        (["first a", "promote b", "promote c", "rollback b"], "a"),
        (["first a", "promote b", "promote c", "rollback b", "rollback a"], None),
        (["first a", "promote b", "rollback a", "promote c"], "a"),
        (["first a", "promote b", "promote c", "rollback b", "rollback a", "promote d"], "a"),
        (["first a", "promote b", "promote a"], "b"),
        (["first a", "promote b", "promote a", "rollback b"], "a"),
        (["rollback a", "promote b"], "a"),
    ],
)
def test_the_predecessor_is_what_the_champion_replaced(
    steps: list[str], before: str | None
) -> None:
    assert predecessor(entries(*steps)) == before


# What a comparison said


def test_a_verdict_is_the_last_field_of_a_line(ledger: Path) -> None:
    one = replace(entry("b", "a"), verdict="type +0.021")
    append_entry(ledger, one)
    assert read_ledger(ledger) == [one]
    assert ledger.read_text("utf-8").endswith('"why": "更准", "verdict": "type +0.021"}\n')


def test_a_line_without_a_verdict_is_read(ledger: Path) -> None:
    append_entry(ledger, entry("b", "a"))
    assert "verdict" not in ledger.read_text("utf-8")
    assert read_ledger(ledger)[0].verdict == ""


def test_a_field_that_is_new_to_this_newstag_is_passed_over(ledger: Path) -> None:
    row = asdict(entry("b", "a")) | {"later": 1, "action": "later"}
    ledger.write_text(json.dumps(row) + "\n", "utf-8")
    assert [(one.after, one.action) for one in read_ledger(ledger)] == [("b", "later")]


@pytest.mark.parametrize(
    "changed",
    [
        {"time": "yesterday"},
        {"time": "2026-01-01T00:00:00"},
        {"time": 5},
        {"after": None},
        {"after": 5},
        {"before": 5},
        {"before": []},
        {"by": None},
        {"why": ["x"]},
        {"verdict": None},
    ],
)
def test_a_field_of_another_type_is_a_damaged_line(
    ledger: Path, changed: dict[str, object]
) -> None:
    ledger.write_text(json.dumps(asdict(entry("a")) | changed) + "\n", "utf-8")
    with pytest.raises(StateError) as damaged:
        read_ledger(ledger)
    assert str(damaged.value) == f"{ledger}:1: a damaged line. Restore the ledger from a backup."


def test_a_ledger_that_cannot_be_read_says_so(ledger: Path) -> None:
    ledger.mkdir()
    with pytest.raises(StateError) as refused:
        read_ledger(ledger)
    assert str(refused.value) == f"{ledger}: not readable (Is a directory). Check its permissions."


# After a kill, or a power cut


def test_a_kill_at_any_byte_leaves_what_was_promised(ledger: Path) -> None:
    append_entry(ledger, entry("a", action="first"))
    promised = len(ledger.read_bytes())
    append_entry(ledger, replace(entry("b", "a"), why="更准\x00𝄞é", verdict="好"))
    data = ledger.read_bytes()
    for left in range(promised, len(data)):
        ledger.write_bytes(data[:left])
        assert [one.after for one in read_ledger(ledger)] == ["a"]
        append_entry(ledger, entry("c", "a"))
        assert [one.after for one in read_ledger(ledger)] == ["a", "c"]
        assert ledger.read_bytes()[:promised] == data[:promised]


@pytest.mark.parametrize(
    "tail",
    [
        b"\0",
        b"\0" * 5000,
        b'{"time": "2026-01-01T00:00:00+00:00", "by": "\0\0\0\0\0',
        b"\0\0\0\0" + b'"after": "b", "why": ""}\n',
        b'{"time": "2026' + b"\0" * 4096 + b'"why": ""}\n',
        b"\0" * 512 + b"\n",
    ],
)
def test_blocks_that_did_not_reach_the_disk_were_never_promised(ledger: Path, tail: bytes) -> None:
    append_entry(ledger, entry("a"))
    promised = ledger.read_bytes()
    ledger.write_bytes(promised + tail)
    assert read_ledger(ledger) == [entry("a")]
    append_entry(ledger, entry("b"))
    assert read_ledger(ledger) == [entry("a"), entry("b")]
    assert ledger.read_bytes().startswith(promised + b"{")
    assert b"\0" not in ledger.read_bytes()


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\0\n"])
def test_a_first_line_of_nothing_but_nuls_is_no_entry(ledger: Path, tail: bytes) -> None:
    ledger.write_bytes(tail)
    assert read_ledger(ledger) == []
    append_entry(ledger, entry("a"))
    assert read_ledger(ledger) == [entry("a")]
    assert b"\0" not in ledger.read_bytes()


def test_nuls_in_the_middle_are_a_damaged_line(ledger: Path) -> None:
    append_entry(ledger, entry("a"))
    ledger.write_bytes(b"\0\0\n" + ledger.read_bytes())
    with pytest.raises(StateError) as damaged:
        read_ledger(ledger)
    assert str(damaged.value) == f"{ledger}:1: a damaged line. Restore the ledger from a backup."


# Which was live when


def dated(*steps: str) -> list[Entry]:
    """Entries of steps such as ``10:00 b``."""
    return [
        replace(entry(step.split()[1]), time=f"2026-01-01T{step.split()[0]}:00+00:00")
        for step in steps
    ]


def live(entries: list[Entry], at: str) -> str | None:
    found = in_force(entries, datetime.fromisoformat(f"2026-01-01T{at}:00+00:00"))
    return found.after if found else None


def test_nothing_is_in_force_in_an_empty_ledger() -> None:
    assert live([], "10:00") is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("09:59", None),
        ("10:00", "a"),
        ("10:01", "a"),
        ("11:59", "a"),
        ("12:00", "b"),
        ("23:00", "b"),
    ],
)
def test_an_entry_is_in_force_from_its_second_until_the_next(at: str, expected: str | None) -> None:
    assert live(dated("10:00 a", "12:00 b"), at) == expected


def test_of_two_entries_of_one_second_the_last_counts() -> None:
    assert live(dated("10:00 a", "10:00 b"), "10:00") == "b"


def test_moments_are_compared_whatever_their_offset() -> None:
    moment = datetime.fromisoformat("2026-01-01T18:30:00+08:00")
    found = in_force(dated("10:00 a", "11:00 b"), moment)
    assert found is not None
    assert found.after == "a"


@pytest.mark.parametrize(
    ("at", "expected"),
    [("10:59", "a"), ("11:00", "c"), ("12:00", "c"), ("12:30", "c"), ("13:00", "d")],
)
def test_where_the_clock_went_back_the_later_line_counts(at: str, expected: str) -> None:
    assert live(dated("10:00 a", "12:00 b", "11:00 c", "13:00 d"), at) == expected


def test_a_line_dated_into_the_future_counts_until_the_clock_was_set_right() -> None:
    ahead = dated("10:00 a", "23:00 b", "11:00 c")
    assert [live(ahead, at) for at in ("10:30", "11:00", "23:30")] == ["a", "c", "c"]


@pytest.mark.parametrize(
    ("steps", "of", "expected"),
    [
        (["10:00 a"], 0, None),
        (["10:00 a", "12:00 b"], 0, "b"),
        (["10:00 a", "12:00 b", "13:00 c"], 0, "b"),
        (["10:00 a", "12:00 b", "12:00 c"], 0, "c"),
        (["10:00 a", "12:00 b", "11:00 c"], 0, "c"),
        (["10:00 a", "12:00 b", "11:00 c"], 2, None),
        (["10:00 a", "12:00 b", "13:00 a"], 2, None),
    ],
)
def test_a_reign_ends_where_a_later_entry_is_in_force(
    steps: list[str], of: int, expected: str | None
) -> None:
    entries = dated(*steps)
    found = successor(entries, entries[of])
    assert (found and found.after) == expected


def test_where_the_clock_went_back_is_told() -> None:
    assert goes_back([]) is None
    assert goes_back(dated("10:00 a", "10:00 b", "11:00 c")) is None
    back = goes_back(dated("10:00 a", "09:00 b", "08:00 c", "11:00 d"))
    assert back is not None
    assert back.after == "c"


def test_what_is_in_force_now_is_the_replay_of_the_ledger(ledger: Path) -> None:
    for after in ("a", "b", "a", "c"):
        append_entry(ledger, entry(after))
    history = read_ledger(ledger)
    assert in_force(history, datetime.now(UTC)) == history[-1]
