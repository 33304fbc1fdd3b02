from __future__ import annotations

import json
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path

import pytest

from labels.blocks import Place
from serving.journal import Journal, Record, State, read_journal

JOB = {"input": "a", "explain": 0}
FIRST = State(source=1, place=Place(at=70, line=3), sizes={"output": 90}, counts={"tagged": 3})
LAST = State(source=2, sizes={"output": 120}, counts={"tagged": 4}, sha256="5e")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.journal"


@pytest.fixture
def file(path: Path) -> Iterator[RawIOBase]:
    with path.open("a+b", buffering=0) as opened:
        yield opened


def test_a_journal_gives_back_the_job_and_the_last_state(path: Path, file: RawIOBase) -> None:
    journal = Journal(file)
    journal.begin(JOB)
    assert read_journal(path) == Record(job=JOB, state=State())
    journal.note(FIRST)
    journal.note(LAST)
    assert read_journal(path) == Record(job=JOB, state=LAST)


def test_where_there_is_no_journal_there_is_none(path: Path) -> None:
    assert read_journal(path) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"mine\n",
        b'{"format": 99, "job": {}}\n',
        b"[]\n",
        b'{"format": 1}\n',
        b'{"format": 1, "job": {}}\n{"a": 1}\n',
    ],
)
def test_what_is_no_journal_of_ours_is_none(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert read_journal(path) is None


def test_wherever_a_journal_is_cut_it_tells_an_earlier_state(path: Path, file: RawIOBase) -> None:
    journal = Journal(file)
    journal.begin(JOB)
    journal.note(FIRST)
    journal.note(LAST)
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    states = {ends[0]: State(), ends[1]: FIRST, ends[2]: LAST}
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        record = read_journal(path)
        known = [state for end, state in states.items() if end <= cut]
        assert (record.state if record else None) == (known[-1] if known else None)


def test_a_line_that_was_cut_short_is_written_over(path: Path) -> None:
    with path.open("a+b", buffering=0) as file:
        journal = Journal(file)
        journal.begin(JOB)
        journal.note(FIRST)
    with path.open("ab") as file:
        file.write(b'{"source": 3, "pl')
    with path.open("a+b", buffering=0) as file:
        journal = Journal(file)
        journal.go_on()
        journal.note(LAST)
    assert read_journal(path) == Record(job=JOB, state=LAST)
    assert [json.loads(line) for line in path.read_text().splitlines()]


def test_beginning_forgets_what_was_there(path: Path, file: RawIOBase) -> None:
    journal = Journal(file)
    journal.begin(JOB)
    journal.note(FIRST)
    Journal(file).begin({"input": "b"})
    assert read_journal(path) == Record(job={"input": "b"}, state=State())


def test_a_disk_that_takes_half_a_line_is_full() -> None:
    class Full(RawIOBase):
        def truncate(self, size: int | None = None) -> int:
            return size or 0

        def write(self, _data: object) -> int:
            return 3

    with pytest.raises(OSError, match="No space left on device"):
        Journal(Full()).begin(JOB)
