"""JSON lines: cut into portions without looking at them, and parsed elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from labels.errors import BrokenOffError, InputError
from labels.items import Item
from labels.opening import PIECE, Opened

NOT_UTF8 = "Save it as UTF-8, for instance: iconv -f GB18030 -t UTF-8"
_LONGEST_MIB = 16
DEEPEST = 100  # brackets within brackets
_LEAST = 512  # bytes to look at at once
_LONGEST = _LONGEST_MIB * 1024 * 1024  # bytes of a line
_MOST_LINES = 1024  # of a portion: each may become an error that is far larger than itself


class Portion(NamedTuple):
    """Whole lines, the first of them with its number; then, it may be, an error."""

    lines: bytes
    number: int
    error: InputError | None
    at: int  # the unpacked bytes, and
    line: int  # the lines, that end with it


def read_lines(opened: Opened) -> Iterator[Item]:
    """Each line as an item; blank ones are passed over."""
    for portion in read_portions(opened, PIECE):
        yield from parse(opened.name, portion.lines, portion.number)
        if isinstance(portion.error, BrokenOffError):
            raise portion.error
        if portion.error:
            yield portion.error


def parse(name: str, lines: bytes, number: int) -> Iterator[Item]:
    """The items of whole lines, of which the first has that number."""
    for count, line in enumerate(lines.split(b"\n"), start=number):
        if not line.strip():
            continue
        where = f"{name}:{count}"
        if len(line) > _LONGEST:
            yield _longer(name, count)
            continue
        try:
            row = json.loads(line.decode(), parse_constant=_no_constant)
            _refuse_deep(line, row)
            yield where, row
        except UnicodeDecodeError:
            yield InputError(where, "not UTF-8", NOT_UTF8)
        except RecursionError:
            yield InputError(where, f"nested more than {DEEPEST} deep", "Give one object a line")
        except ValueError as error:
            yield InputError(where, f"not JSON ({error})", "Give one object a line")


def _refuse_deep(line: bytes, row: object) -> None:
    """Where Python's own limit lies depends on who calls; ours is the same in every process."""
    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return
    level: list[Any] = [row] if isinstance(row, dict | list) else []
    for _ in range(DEEPEST):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for values in inner for one in values if isinstance(one, dict | list)]
        if not level:
            return
    raise RecursionError(f"nested more than {DEEPEST} deep")


def _longer(name: str, number: int) -> InputError:
    what = f"longer than {_LONGEST_MIB} MiB"
    return InputError(f"{name}:{number}", what, "Give one article a line")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read_portions(opened: Opened, size: int, at: int = 0, line: int = 0) -> Iterator[Portion]:
    """The lines of a file from byte ``at`` on, before which ``line`` lines end.

    A portion comes when it has about ``size`` bytes, or when no more are there yet; short lines
    come in portions of at most 1,024. A damage
    of the file is the error of the last one; its ``at`` is beyond all that could be read.
    """
    return _Cutter(opened, size, at, line).portions()


def _in_few_lines(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Whole lines, halved for as long as they are too many, each portion with their count."""
    waiting = [data]
    while waiting:
        lines = waiting.pop()
        count = lines.count(b"\n")
        if count <= _MOST_LINES:
            yield lines, count
            continue
        middle = len(lines) // 2
        cut = lines.rfind(b"\n", 0, middle) + 1 or lines.find(b"\n") + 1
        waiting += [lines[cut:], lines[:cut]]


class _Cutter:
    """Cuts a file at line feeds."""

    def __init__(self, opened: Opened, size: int, at: int, line: int) -> None:
        self._opened = opened
        self._size = size
        self._piece = min(max(size, _LEAST), PIECE)
        sought = at > 0 and opened.seek(at)
        self._position = at if sought else opened.offset  # of what is read next
        self._start = max(at, opened.offset)
        self._at = self._start  # where the next portion begins
        self._line = line if at else opened.line - 1
        self._held: list[bytes] = []
        self._length = 0
        self._tail = 0  # of these bytes: those of a line that has not ended yet

    def portions(self) -> Iterator[Portion]:
        pieces = self._pieces()
        try:
            for piece in pieces:
                self._hold(piece)
                due = self._length >= self._size or (
                    len(piece) < self._piece and self._opened.waits
                )
                if self._tail > _LONGEST or (due and self._tail < self._length):
                    yield from self._whole_lines()
                if self._tail > _LONGEST:
                    yield self._too_long(pieces)
            if self._length:
                yield from self._whole_lines()
            if self._length:  # a last line without line feed
                yield self._portion(b"".join(self._held), 1)
        except BrokenOffError as error:
            if self._position >= self._start:  # or else it was told the last time
                yield from self._whole_lines()
                yield Portion(b"", self._line + 1, error, self._position + 1, self._line)

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._opened.file.read1(PIECE):
            before = self._start - self._position
            self._position += len(piece)
            for at in range(max(before, 0), len(piece), self._piece):
                yield piece[at : at + self._piece]

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._length += len(piece)
        end = piece.rfind(b"\n") + 1
        self._tail = len(piece) - end if end else self._tail + len(piece)

    def _whole_lines(self) -> Iterator[Portion]:
        data = b"".join(self._held)
        end = len(data) - self._tail
        if end:
            for lines, count in _in_few_lines(data[:end]):
                yield self._portion(lines, count)
            if end < len(data):
                self._hold(data[end:])

    def _portion(self, lines: bytes, count: int) -> Portion:
        number = self._line + 1
        self._at += len(lines)
        self._line += count
        self._held, self._length, self._tail = [], 0, 0
        return Portion(lines, number, None, self._at, self._line)

    def _too_long(self, pieces: Iterator[bytes]) -> Portion:
        """The line under way is an error; it is read to its end, and not kept."""
        self._at += self._length
        rest = b""
        for piece in pieces:
            end = piece.find(b"\n") + 1
            self._at += end or len(piece)
            if end:
                rest = piece[end:]
                break
        self._line += 1
        self._held, self._length, self._tail = [], 0, 0
        if rest:
            self._hold(rest)
        return Portion(
            b"", self._line, _longer(self._opened.name, self._line), self._at, self._line
        )
