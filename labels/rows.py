"""Rows of a JSON, JSONL or CSV file, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from labels.article import ID_KEYS
from labels.errors import InputError

Row = tuple[str, object]  # where it stands, and what stands there
Reject = Callable[[InputError], None]
Format = Callable[[BinaryIO, str, int, Reject], Iterator[Row]]  # the line that it begins at

# A cell holds a whole article; the csv module stops at 128 KiB unless told otherwise.
_LARGEST_CELL = 64 * 1024 * 1024
_SPACE = b" \t\r\n"
_DEEPEST = 100  # brackets within brackets
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
        first, line = _first_byte(file, name)
        heard = False

        def hear(error: InputError) -> None:
            nonlocal heard
            heard = True
            reject(error)

        try:
            for row in _format(path, first)(file, name, line, hear):
                heard = True
                yield row
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise InputError(name, what, "Check the disk or the connection") from error
        if not heard:  # nobody means to give a file without anything in it
            raise InputError(name, "no row in it", "Export it again, or leave it out")


@contextmanager
def _opened(path: str, name: str) -> Iterator[io.BufferedReader]:
    if path == "-" and sys.stdin is None:
        raise InputError(name, "closed", "Give a file, or pipe something in")
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


def _first_byte(file: io.BufferedReader, name: str) -> tuple[bytes, int]:
    """The first byte that is neither BOM nor space, and its line; what is before is consumed."""
    head = file.peek(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(name, "not UTF-8 but UTF-16", "Save it as UTF-8")
    if head.startswith(codecs.BOM_UTF8):
        file.read(len(codecs.BOM_UTF8))
    line = 1
    while (head := file.peek(1)[:1]) and head in _SPACE:
        line += file.read(1) == b"\n"
    if not head:
        raise InputError(name, "an empty file", "Export it again, or leave it out")
    return head, line


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


def _json_list(file: BinaryIO, name: str, _line: int, _reject: Reject) -> Iterator[Row]:
    import ijson  # only here: the service and --help do without

    items = _items(ijson.basic_parse(file), ijson.ObjectBuilder, name)
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


def _items(
    events: Iterator[tuple[str, Any]], builder: Callable[[], Any], name: str
) -> Iterator[object]:
    """The items of the list that the events of a JSON parser describe, one at a time.

    ijson's own ``items`` keeps the path of every value, which grows with the square of the depth.
    """
    first, _ = next(events)
    if first != "start_array":
        kind = "an object" if first == "start_map" else "one value"
        fix = "Put the articles in a list, [ … ], or name the file .jsonl if it holds one a line"
        raise InputError(name, f"{kind}, not a list", fix)
    depth, item = 0, builder()
    for event, value in events:
        if depth == 0 and event == "end_array":
            continue  # the parser still looks for what follows the list
        depth += event in {"start_map", "start_array"}
        if depth > _DEEPEST:
            raise InputError(name, f"nested more than {_DEEPEST} deep", "Export it again")
        # As json has them; ijson's floats stop a whole file at an integer over 64 bits.
        item.event(event, float(value) if isinstance(value, Decimal) else value)
        depth -= event in {"end_map", "end_array"}
        if depth == 0:
            yield item.value
            item = builder()


def _refuse_json(name: str, index: int, error: Exception) -> NoReturn:
    where = f"{name}[{index}]"
    said = error.args[0] if error.args else ""
    # Its first line alone: the others show the text around the fault.
    told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason = told.split("\n")[0].strip()
    if isinstance(error, UnicodeDecodeError) or "UTF8" in reason:
        raise InputError(where, "not UTF-8", _NOT_UTF8) from error
    raise InputError(where, f"not JSON ({reason})", "Mend or export the file again") from error


def _json_lines(file: BinaryIO, name: str, line: int, reject: Reject) -> Iterator[Row]:
    for number, text in enumerate(file, start=line):
        if not text.strip():
            continue
        where = f"{name}:{number}"
        try:
            yield where, json.loads(text.decode(), parse_constant=_no_constant)
        except UnicodeDecodeError:
            reject(InputError(where, "not UTF-8", _NOT_UTF8))
        except (ValueError, RecursionError) as error:
            reject(InputError(where, f"not JSON ({error})", "Give one object a line"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _csv(file: BinaryIO, name: str, line: int, reject: Reject) -> Iterator[Row]:
    csv.field_size_limit(_LARGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader)
        if not set(ID_KEYS) & set(header):
            found = ", ".join(header)[:60]
            fix = "Begin with a line of column names, id among them, separated by commas"
            raise InputError(f"{name}:{line}", f"no column id, but: {found}", fix)
        if len(set(header)) < len(header):
            twice = next(column for column in header if header.count(column) > 1)
            raise InputError(f"{name}:{line}", f"column '{twice}' stands twice", "Rename one")
        for cells in reader:
            where = f"{name}:{reader.line_num + line - 1}"
            if len(cells) == len(header):
                yield where, dict(zip(header, cells, strict=True))
            elif cells:
                what = f"{len(cells)} cells under a header of {len(header)}"
                reject(InputError(where, what, "Quote cells that hold commas or line breaks"))
    except UnicodeDecodeError as error:
        raise InputError(name, "not UTF-8", _NOT_UTF8) from error
    except csv.Error as error:
        where = f"{name}:{reader.line_num + line - 1}"
        fix = "Mend the quotes or export it again"
        raise InputError(where, f"not CSV ({error})", fix) from error
    finally:
        text.detach()  # whoever opened the file closes it
