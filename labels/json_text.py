"""The text of a JSON list, such that its parser can take it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import BinaryIO

_HIGH, _LOW = rb"[89abAB][0-9a-fA-F]{2}", rb"[c-fC-F][0-9a-fA-F]{2}"
_HALF = rb"%b|%b" % (_HIGH, _LOW)
_ESCAPED = re.compile(rb"\\u[dD](?:%b\\u[dD]%b|(%b))" % (_HIGH, _LOW, _HALF))
_FIRST = re.compile(rb"\\u[dD]%b" % _HIGH)
_BACKSLASH = ord("\\")
_ESCAPE = 6  # bytes of \ud83d
_LONGEST_HELD = 1024
_DIGITS = b"0123456789"
_MOST_DIGITS = 4300  # of a number, where Python has no limit


class Text:
    """A file whose text ends, with an error, before a number of so many digits that Python
    refuses it: the parser would crash. Half an emoji, which ends the parser as well, becomes a
    question mark.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held = b""  # what may go on: an escape, or a number
        self._quoted = False  # whether what comes next stands within quotes
        self._most = sys.get_int_max_str_digits() or _MOST_DIGITS
        self._ended = False

    def read(self, size: int) -> bytes:
        """At least one byte, unless the file ends.

        Raises:
            ValueError: a number of too many digits comes next.
        """
        if self._ended:
            raise ValueError("a number of too many digits")
        while data := self._file.read(size):
            whole = self._held + data
            end = self._end(whole)
            self._held = whole[end:]
            if end:
                return self._checked(whole[:end])
        rest, self._held = self._held, b""
        return self._checked(rest)

    def _end(self, data: bytes) -> int:
        digits = len(data) - len(data.rstrip(_DIGITS))
        return _whole_escapes(data[:-digits] if 0 < digits <= self._most else data)

    def _checked(self, data: bytes) -> bytes:
        """Those before a number of too many digits."""
        passed = 0
        for at in _long_runs(data, self._most):
            self._pass_quotes(data[passed:at])
            passed = at
            if not self._quoted:
                self._ended = True
                # Nothing at all would be the end of the file.
                return without_halves(data[:at]) or self.read(0)
        self._pass_quotes(data[passed:])
        return without_halves(data)

    def _pass_quotes(self, data: bytes) -> None:
        quotes = data.replace(rb"\\", b"").replace(rb"\"", b"").count(b'"')
        self._quoted ^= quotes % 2 == 1


def _long_runs(data: bytes, most: int) -> Iterator[int]:
    """Where more than so many digits begin."""
    end = 0
    for at in range(0, len(data), most):  # one of them stands at such a place
        if at >= end and data[at : at + 1].isdigit():
            begin = len(data[:at].rstrip(_DIGITS))
            end = len(data) - len(data[at:].lstrip(_DIGITS))
            if end - begin > most:
                yield begin


def without_halves(data: bytes) -> bytes:
    """JSON text where each half of an escaped pair is a question mark of the same length."""
    return _ESCAPED.sub(_mended, data)


def _mended(found: re.Match[bytes]) -> bytes:
    alone = found[1] is not None
    before = found.start()
    while before and found.string[before - 1] == _BACKSLASH:
        before -= 1
    escapes = (found.start() - before) % 2 == 0  # or else the backslash is escaped itself
    # After an escaped backslash, only what looks like the second half is one, and stands alone.
    return found[0][:-_ESCAPE] + rb"\u003f" if alone == escapes else found[0]


def _whole_escapes(data: bytes) -> int:
    """Where data can be cut so that no escaped pair and no run of backslashes is."""
    end = data.find(b"\\", max(len(data) - 2 * _ESCAPE, 0))
    if end < 0:
        return len(data)
    end = _run(data, end)
    if end >= _ESCAPE and _FIRST.match(data, end - _ESCAPE):
        end = _run(data, end - _ESCAPE)
    left = len(data) - end
    return end if left <= _LONGEST_HELD else len(data) - left % 2


def _run(data: bytes, at: int) -> int:
    """Where the backslashes begin of which one stands there."""
    return len(data[:at].rstrip(b"\\"))
