"""A journal: how far a job has come, in lines that outlive a kill."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any

from labels.blocks import Place
from serving.fingerprint import Fingerprint

_FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """How far a job has come, all of it on disk.

    ``source`` is the number of the input under way, ``place`` how far it was read, ``sizes`` the
    bytes of each stream. ``sha256`` is that of the output, once it is whole.
    """

    source: int = 0
    place: Place = field(default_factory=Place)
    sizes: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a journal says: of which job it is, and the last state that it holds."""

    job: Fingerprint
    state: State


def read_journal(path: Path) -> Record | None:
    """What the journal says; None where there is none, or no whole line of it.

    A line that a kill or a full disk has cut short is as if it were not there.
    """
    try:
        lines = list(_whole_lines(path.read_bytes()))
    except FileNotFoundError:
        return None
    if not lines or lines[0].get("format") != _FORMAT or not isinstance(lines[0].get("job"), dict):
        return None
    try:
        state = _state(lines[-1]) if len(lines) > 1 else State()
    except (AttributeError, LookupError, TypeError):  # nothing of ours
        return None
    return Record(job=lines[0]["job"], state=state)


def _whole_lines(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n")[:-1]:
        try:
            found = json.loads(line)
        except ValueError:
            return
        if not isinstance(found, dict):
            return
        yield found


def _length_of_whole(data: bytes) -> int:
    lines = data.split(b"\n")
    whole = sum(1 for _ in _whole_lines(data))
    return sum(len(line) + 1 for line in lines[:whole])


def _state(line: Mapping[str, Any]) -> State:
    return State(**{**line, "place": Place(**line["place"])})


class Journal:
    """A journal to write; every line is on disk when it is written.

    ``file`` is open to be read and appended to, without a buffer.
    """

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self._end = 0

    def begin(self, job: Fingerprint) -> None:
        """Say of which job it is, and forget what it held."""
        self._end = 0
        self._add({"format": _FORMAT, "job": job})

    def go_on(self) -> None:
        """Write behind the lines that it holds, over one that was cut short."""
        self._file.seek(0)
        self._end = _length_of_whole(self._file.readall() or b"")

    def note(self, state: State) -> None:
        self._add(asdict(state))

    def _add(self, line: Mapping[str, object]) -> None:
        self._end = append_line(self._file, self._end, line)


def append_line(file: RawIOBase, end: int, line: Mapping[str, object]) -> int:
    """Bring a line to disk behind ``end``, of a file without a buffer; where the next one goes.

    What was broken off there before, by a full disk or by Ctrl-C, goes first.

    Raises:
        OSError: the disk is full, or fails.
    """
    data = json.dumps(line).encode() + b"\n"
    file.truncate(end)
    if file.write(data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())
    return end + len(data)
