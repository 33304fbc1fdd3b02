"""A register: which files of an inbox are begun or done, in lines that outlive a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

from labels.errors import StateError
from serving.journal import append_line
from serving.stamp import Stamp

_HEAD = {"format": 1}
_FIX = "Restore it, or remove it to have every file tagged once more"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file by its name and content, and the number of its result among those of the name.

    ``size`` and the times are those that it had with this content, -1 where nobody knows.
    """

    name: str
    number: int
    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int = -1
    done: bool = False

    def has(self, stamp: Stamp) -> bool:
        """Whether size and times say that the file is as it was."""
        return Stamp(self.size, self.mtime_ns, self.ctime_ns) == stamp


class Register:
    """Every file that was met, from a file that is open to be read and appended to, unbuffered.

    The last line about a result counts; one that a kill has cut short is as if it were not there.

    Raises:
        StateError: there is a damaged line.
    """

    def __init__(self, path: Path, file: RawIOBase) -> None:
        self._file = file
        self._entries: dict[str, dict[int, Entry]] = {}
        file.seek(0)
        data = file.readall() or b""
        self._end = data.rfind(b"\n") + 1
        for entry in _entries(path, data[: self._end]):
            self._entries.setdefault(entry.name, {})[entry.number] = entry
        if not self._end:
            self._append(_HEAD)

    def of(self, name: str) -> Mapping[int, Entry]:
        """The entries of a name, by their numbers."""
        return self._entries.get(name, {})

    def find(self, name: str, sha256: str) -> Entry | None:
        """The entry of this content; one that is done, where there are several."""
        found = [entry for entry in self.of(name).values() if entry.sha256 == sha256]
        return max(found, key=lambda entry: (entry.done, entry.number), default=None)

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file of this size and these times is done, without reading it."""
        return any(entry.done and entry.has(stamp) for entry in self.of(name).values())

    def begun(self) -> list[Entry]:
        """What is not done yet."""
        every = (entry for entries in self._entries.values() for entry in entries.values())
        return [entry for entry in every if not entry.done]

    def add(self, entry: Entry) -> None:
        """On disk when it returns."""
        self._append(asdict(entry))
        self._entries.setdefault(entry.name, {})[entry.number] = entry

    def _append(self, line: Mapping[str, object]) -> None:
        self._end = append_line(self._file, self._end, line)


def _entries(path: Path, data: bytes) -> Iterator[Entry]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            if number > 1:
                yield Entry(**row)
            elif row != _HEAD:
                raise StateError(str(path), "of another newstag", "Use the newstag that wrote it")
        except (ValueError, TypeError) as error:
            raise StateError(f"{path}:{number}", "a damaged line", _FIX) from error
