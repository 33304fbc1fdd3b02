"""Rows of a CSV file: a record that is wrong costs no other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from labels.article import id_keys
from labels.csv_text import GB18030, UTF8, Text, read_text
from labels.errors import BrokenOffError, InputError
from labels.items import Item
from labels.json_lines import NOT_UTF8
from labels.opening import Opened

_LONGEST_MI = 4
_LONGEST = _LONGEST_MI * 1024 * 1024  # characters of a record
_LARGEST_CELL = 64 * 1024 * 1024  # never met before that
_FIXES = {f"not {UTF8}": NOT_UTF8, f"not {GB18030}": "Save it as UTF-8"}
_HEADER_FIX = "Begin with a line of column names, {} among them, separated by commas"


class _TooLongError(Exception):
    """A record that is not worth reading to its end."""


def read_table(opened: Opened, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each row under the header, with the line where it begins.

    After a record that cannot be read, reading goes on at its second line: a quote that is
    never closed costs one record.

    Raises:
        InputError: no column of ids, a column twice, or an unreadable header.
    """
    records = _records(opened)
    where, header = next(records)
    if isinstance(header, InputError):
        raise BrokenOffError(header.where, header.what, header.fix)
    check_header(header, where, columns)
    for where, cells in records:
        if isinstance(cells, InputError):
            yield cells
        elif len(cells) == len(header):
            yield where, dict(zip(header, cells, strict=True))
        elif cells:
            what = f"{len(cells)} cells under a header of {len(header)}"
            yield InputError(where, what, "Quote cells that hold commas or line breaks")


def check_header(
    header: Sequence[str], where: str, columns: Mapping[str, str], fix: str = _HEADER_FIX
) -> None:
    """Refuse a table whose rows could never be told apart; ``fix`` has a place for the column.

    Raises:
        InputError: no column of ids, or a column twice.
    """
    ids = id_keys(columns)
    if not set(ids) & set(header):
        found = ", ".join(header)[:60]
        raise BrokenOffError(where, f"no column {ids[0]}, but: {found}", fix.format(ids[0]))
    if len(set(header)) < len(header):
        twice = next(column for column in header if header.count(column) > 1)
        raise BrokenOffError(where, f"column '{twice}' stands twice", "Rename one")


class _Lines:
    """The lines of a file from the record under way on, which the csv module may read again."""

    def __init__(self, texts: Iterator[Text], number: int) -> None:
        self._texts = texts
        self._kept: list[str] = []
        self._number = number  # of the first line that is kept
        self._faults: dict[int, str] = {}  # by number
        self._begin = 0  # index of the line where the record begins
        self._grown = False  # since then

    @property
    def begin(self) -> int:
        """The number of the line where the record begins."""
        return self._number + self._begin

    def read(self) -> Iterator[str]:
        """The lines of the record and all that follow."""
        return chain.from_iterable(self._portions())

    def _portions(self) -> Iterator[Iterable[str]]:
        yield islice(self._kept, self._begin, None)
        while True:
            self._forget()
            self.check_length(len(self._kept))
            text = next(self._texts, None)
            if text is None:
                return
            first = self._number + len(self._kept)
            self._faults.update({first + index: fault for index, fault in text.faults.items()})
            self._kept += text.lines
            self._grown = True
            yield text.lines

    def _forget(self) -> None:
        """What lies before the record."""
        del self._kept[: self._begin]
        self._number += self._begin
        self._begin = 0
        if self._faults:
            self._faults = {n: what for n, what in self._faults.items() if n >= self._number}

    def check_length(self, count: int) -> None:
        """Of a record of so many lines; only one that was read in parts can be too long."""
        if self._grown and sum(map(len, self._kept[self._begin : self._begin + count])) > _LONGEST:
            raise _TooLongError

    def fault(self, count: int) -> str:
        """What is wrong with the text of a record of so many lines."""
        if not self._faults:
            return ""
        numbers = range(self.begin, self.begin + count)
        return next((self._faults[n] for n in numbers if n in self._faults), "")

    def leave(self, count: int) -> None:
        """Go on after so many lines of the record."""
        self._begin += count
        self._grown = False


def _records(opened: Opened) -> Iterator[tuple[str, list[str] | InputError]]:
    """The cells of each record, or the error that stands for it, and where it begins."""
    # A cell holds a whole article; the csv module stops at 128 KiB unless told otherwise.
    csv.field_size_limit(_LARGEST_CELL)
    lines = _Lines(read_text(opened), opened.line)
    ended = False
    while not ended:
        try:
            yield from _records_until_fault(lines, opened.name)
            ended = True
        except (csv.Error, _TooLongError) as error:
            where = f"{opened.name}:{lines.begin}"
            yield where, _refusal(where, error)
            lines.leave(1)


def _records_until_fault(lines: _Lines, name: str) -> Iterator[tuple[str, list[str] | InputError]]:
    reader = csv.reader(lines.read(), strict=True)
    before = 0
    for cells in reader:
        count, before = reader.line_num - before, reader.line_num
        lines.check_length(count)
        where = f"{name}:{lines.begin}"
        fault = lines.fault(count)
        if fault:
            yield where, InputError(where, fault, _FIXES.get(fault, "Export it again"))
        else:
            yield where, cells
        lines.leave(count)


def _refusal(where: str, error: Exception) -> InputError:
    if isinstance(error, _TooLongError):
        what = f"a record of more than {_LONGEST_MI} Mi characters"
        return InputError(where, what, "Look for a quote that is never closed")
    return InputError(where, f"not CSV ({error})", "Mend the quotes or export it again")
