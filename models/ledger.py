"""The ledger: who made which version champion, when and why. Lines are only ever added."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from labels.errors import StateError

Action = Literal["first", "promote", "rollback", "mend"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One change of champion. ``before`` is None for the first. Time is UTC, ISO 8601.

    ``mend`` is the entry of a champion whose own entry was lost, with a ledger of yesterday
    perhaps. ``verdict`` is what a comparison with the champion before said, where there was one.
    """

    time: str
    by: str
    action: Action
    before: str | None
    after: str
    why: str
    verdict: str = ""


_FIELDS = tuple(field.name for field in fields(Entry))


def read_ledger(path: Path) -> list[Entry]:
    """Every whole entry, the oldest first. A last line cut by a kill was never promised.

    Raises:
        StateError: a line in the middle is damaged, or the file is not readable.
    """
    data = _data(path)
    lines = data[: _promised(data)].split(b"\n")[:-1]
    return [_entry(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def append_entry(path: Path, entry: Entry) -> None:
    """Add a line and flush it; what a kill or a power cut left behind is cut off first."""
    whole = _promised(_data(path))
    row = asdict(entry)
    if not entry.verdict:  # a newstag that knows no verdicts can read the line then
        del row["verdict"]
    with path.open("r+b" if path.exists() else "xb") as file:
        file.truncate(whole)
        file.seek(whole)
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def predecessor(entries: Sequence[Entry]) -> str | None:
    """The version that the present champion replaced, as roll-backs leave it.

    Rolling back twice goes back two versions, not to and fro.
    """
    past: list[str] = []
    for entry in entries:
        if entry.action == "rollback" and past:
            past.pop()
        else:
            past.append(entry.after)
    return past[-2] if len(past) > 1 else None


def in_force(entries: Sequence[Entry], moment: datetime) -> Entry | None:
    """The entry that was in force at a moment, which has an offset; None before the first.

    It is the last line of the ledger that is not of a later time. So of two entries of one
    second the second counts, and where a clock went back the order of the lines decides: an
    entry ends at the earliest time that any line after it bears. Of the hours that there were
    twice the later line has both; a line dated into the future by a wrong clock counts for no
    longer than until it was set right.
    """
    begun = [entry for entry in entries if _time(entry) <= moment]
    return begun[-1] if begun else None


def successor(entries: Sequence[Entry], entry: Entry) -> Entry | None:
    """The entry that ended the reign of this one; None while it is in force."""
    at = max(number for number, one in enumerate(entries) if one == entry)
    later = entries[at + 1 :]
    return in_force(later, min(map(_time, later))) if later else None


def goes_back(entries: Sequence[Entry]) -> Entry | None:
    """The last entry that is dated before the line above it, as after a clock was set back."""
    pairs = pairwise(entries)
    found = [later for earlier, later in pairs if _time(later) < _time(earlier)]
    return found[-1] if found else None


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.time)


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        what = f"not readable ({error.strerror})"
        raise StateError(str(path), what, "Check its permissions") from error


def _promised(data: bytes) -> int:
    """How many bytes are lines that were flushed whole.

    After a power cut a file can be as long as it was to become, with NULs where blocks of the
    last line did not reach the disk. JSON escapes NULs: no whole line has one.
    """
    end = data.rfind(b"\n") + 1
    start = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
    return start if b"\0" in data[start:end] else end


def _entry(line: bytes, where: str) -> Entry:
    """An entry of a line; a field that is new to this newstag is passed over."""
    try:
        row = json.loads(line)
        entry = Entry(**{name: row[name] for name in _FIELDS if name in row})
        _check(entry)
    except (ValueError, TypeError) as error:
        raise StateError(where, "a damaged line", "Restore the ledger from a backup") from error
    return entry


def _check(entry: Entry) -> None:
    texts = (entry.by, entry.action, entry.after, entry.why, entry.verdict)
    if not (all(isinstance(text, str) for text in texts) and isinstance(entry.before, str | None)):
        raise TypeError("a field of another type")
    if _time(entry).tzinfo is None:
        raise ValueError("a time without an offset")
