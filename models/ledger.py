"""The ledger: who made which version champion, when and why. Lines are only ever added."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from labels.errors import StateError

Action = Literal["first", "promote", "rollback"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One change of champion. ``before`` is None for the first. Time is UTC, ISO 8601."""

    time: str
    by: str
    action: Action
    before: str | None
    after: str
    why: str


def read_ledger(path: Path) -> list[Entry]:
    """Every whole entry, the oldest first. A last line cut by a kill was never promised.

    Raises:
        StateError: a line in the middle is damaged.
    """
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    return [_entry(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def append_entry(path: Path, entry: Entry) -> None:
    """Add a line and flush it; half a line that a kill left behind is cut off first."""
    data = path.read_bytes() if path.exists() else b""
    whole = data.rfind(b"\n") + 1
    with path.open("r+b" if path.exists() else "xb") as file:
        file.truncate(whole)
        file.seek(whole)
        file.write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
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


def _entry(line: bytes, where: str) -> Entry:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise StateError(where, "a damaged line", "Restore the ledger from a backup") from error
