"""Rows of a JSON, JSONL or CSV file, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from labels.errors import InputError

Row = tuple[str, object]  # where it stands, and what stands there
Reject = Callable[[InputError], None]
Format = Callable[[BinaryIO, str, Reject], Iterator[Row]]

# A cell holds a whole article; the csv module stops at 128 KiB unless told otherwise.
_LARGEST_CELL = 64 * 1024 * 1024
_SPACE = b" \t\r\n"
_NOT_UTF8 = "Save it as UTF-8, for instance: iconv -f GB18030 -t UTF-8"


def raise_it(error: InputError) -> NoReturn:
    """The strict way to reject a row: stop at the first."""
    raise error


def read_rows(path: str, reject: Reject) -> Iterator[Row]:
    """Rows of the file at ``path`` (``-`` is standard input), each with its place.

    The format follows from the ending, or else from the first character. A row that cannot
    be read is given to ``reject``, and reading goes on unless that raises.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    name = "standard input" if path == "-" else path
    with _opened(path, name) as file:
        first = _first_byte(file, name)
        yield from _format(path, first)(file, name, reject)


@contextmanager
def _opened(path: str, name: str) -> Iterator[io.BufferedReader]:
    try:
        raw = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        fix = "Check the path and its permissions"
        raise InputError(name, (error.strerror or "not readable").lower(), fix) from error
    file: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", raw))
    try:
        yield file
    finally:
        if path == "-":
            file.detach()  # standard input stays open
        else:
            file.close()


def _first_byte(file: io.BufferedReader, name: str) -> bytes:
    """The first byte that is neither BOM nor space; the BOM is consumed."""
    head = file.peek(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(name, "not UTF-8 but UTF-16", "Save it as UTF-8")
    if head.startswith(codecs.BOM_UTF8):
        file.read(len(codecs.BOM_UTF8))
    while (head := file.peek(1)[:1]) and head in _SPACE:
        file.read(1)
    if not head:
        raise InputError(name, "an empty file", "Export it again, or leave it out")
    return head


def _format(path: str, first: bytes) -> Format:
    ending = Path(path).suffix.lower()
    known: dict[str, Format] = {
        ".json": _json_list,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv,
    }
    if ending in known:
        return known[ending]
    return {b"[": _json_list, b"{": _json_lines}.get(first, _csv)


def _json_list(file: BinaryIO, name: str, _reject: Reject) -> Iterator[Row]:
    import ijson  # only here: the service and --help do without

    _refuse_object(file, name)
    items = ijson.items(file, "item", use_float=True)
    index = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except (ijson.JSONError, UnicodeDecodeError) as error:
            _refuse_json(name, index, error)
        yield f"{name}[{index}]", item
        index += 1


def _refuse_object(file: BinaryIO, name: str) -> None:
    if isinstance(file, io.BufferedReader) and file.peek(1)[:1] == b"{":
        fix = "Put the articles in a list, [ … ], or name the file .jsonl if it holds one a line"
        raise InputError(name, "an object, not a list", fix)


def _refuse_json(name: str, index: int, error: Exception) -> NoReturn:
    where = f"{name}[{index}]"
    reason = str(error).split("\n")[0].strip()
    if isinstance(error, UnicodeDecodeError) or "UTF8" in reason:
        raise InputError(where, "not UTF-8", _NOT_UTF8) from error
    raise InputError(where, f"not JSON ({reason})", "Mend or export the file again") from error


def _json_lines(file: BinaryIO, name: str, reject: Reject) -> Iterator[Row]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            yield where, json.loads(line.decode(), parse_constant=_no_constant)
        except UnicodeDecodeError:
            reject(InputError(where, "not UTF-8", _NOT_UTF8))
        except (ValueError, RecursionError) as error:
            reject(InputError(where, f"not JSON ({error})", "Give one object a line"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _csv(file: BinaryIO, name: str, reject: Reject) -> Iterator[Row]:
    csv.field_size_limit(_LARGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader)
        for cells in reader:
            where = f"{name}:{reader.line_num}"
            if len(cells) == len(header):
                yield where, dict(zip(header, cells, strict=True))
            elif cells:
                what = f"{len(cells)} cells under a header of {len(header)}"
                reject(InputError(where, what, "Quote cells that hold commas or line breaks"))
    except UnicodeDecodeError as error:
        raise InputError(name, "not UTF-8", _NOT_UTF8) from error
    except csv.Error as error:
        where = f"{name}:{reader.line_num}"
        raise InputError(
            where, f"not CSV ({error})", "Mend the quotes or export it again"
        ) from error
    finally:
        text.detach()  # whoever opened the file closes it
