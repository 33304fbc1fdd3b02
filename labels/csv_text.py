"""The lines of a CSV file, decoded as UTF-8 or GB18030."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO
from itertools import chain
from typing import NamedTuple

from labels.errors import BrokenOffError
from labels.json_lines import Portion, read_portions
from labels.opening import PIECE, Opened

UTF8, GB18030 = "UTF-8", "GB18030"
_SAMPLE = 1024 * 1024  # bytes from the portion on that is not ASCII


class Text(NamedTuple):
    """Lines with their line breaks, and what is wrong with some of them, by index."""

    lines: list[str]
    faults: Mapping[int, str]


def read_text(opened: Opened) -> Iterator[Text]:
    """The lines of a file, some at a time; bytes that cannot be decoded are half surrogates.

    ASCII reads the same in both encodings: which of them it is shows in the first MiB that is
    not ASCII alone. A line that is too long to be kept is an empty one with a fault.
    """
    portions = read_portions(opened, PIECE)
    for portion in portions:
        if not portion.lines.isascii():
            break
        yield from _decoded(portion, UTF8)
    else:
        return
    sample = _sample(portion, portions)
    encoding = _encoding(b"".join(portion.lines for portion in sample))
    for portion in chain(sample, portions):
        yield from _decoded(portion, encoding)


def _decoded(portion: Portion, encoding: str) -> Iterator[Text]:
    if portion.lines:
        yield _text(portion.lines, encoding)
    if isinstance(portion.error, BrokenOffError):
        raise portion.error
    if portion.error:
        yield Text(["\n"], {0: portion.error.what})


def _text(data: bytes, encoding: str) -> Text:
    if b"\0" not in data:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            pass
        else:
            # Lines end in LF, CR LF or CR, and in nothing else that is a line break elsewhere.
            return Text(StringIO(text, newline="").readlines(), {})
    lines = data.splitlines(keepends=True)
    faults = {index: fault for index, line in enumerate(lines) if (fault := _fault(line, encoding))}
    return Text([line.decode(encoding, "surrogateescape") for line in lines], faults)


def _fault(line: bytes, encoding: str) -> str:
    if b"\0" in line:
        return "a NUL byte in it"
    return "" if _decodes(line, encoding) else f"not {encoding}"


def _sample(first: Portion, portions: Iterator[Portion]) -> list[Portion]:
    sample, length = [first], len(first.lines)
    while length < _SAMPLE and not isinstance(sample[-1].error, BrokenOffError):
        portion = next(portions, None)
        if portion is None:
            break
        sample.append(portion)
        length += len(portion.lines)
    return sample


def _encoding(sample: bytes) -> str:
    """GB18030 where fewer than half of the lines are UTF-8, and more are GB18030."""
    telling = [line for line in sample.splitlines() if not line.isascii()]
    utf8 = sum(_decodes(line, UTF8) for line in telling)
    if 2 * utf8 >= len(telling):
        return UTF8
    return GB18030 if sum(_decodes(line, GB18030) for line in telling) > utf8 else UTF8


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
