"""Lines are only ever added, and one that a kill cut was never promised."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from labels.errors import StateError
from models.ledger import Action, Entry, append_entry, predecessor, read_ledger


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
