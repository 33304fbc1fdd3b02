"""Bad records of a CSV file, of every kind that is known, among good ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.planted import Kind, Planted, Row, plan

NAMES = ("id", "title", "content", "url")
_RECORD = 4 * 1024 * 1024  # characters that a record may have


def _text(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _cells(row: Row, **others: str) -> list[str]:
    return [str({**row, **others}.get(name, "")) for name in NAMES]


def _flat(row: Row) -> dict[str, str]:
    """One line, nothing of it quoted."""
    text = {name: str(row[name]) for name in ("title", "content")}
    flat = {
        name: "".join(cell.split()).replace('"', "").replace(",", "") for name, cell in text.items()
    }
    return {"id": row["id"], **flat}


def _kind(name: str, reason: str, make: Callable[[Row], str], most: int = 1_000_000) -> Kind:
    return Kind(name=name, make=lambda row: make(row).encode(), reason=reason, most=most)


def _bytes(name: str, reason: str, more: bytes) -> Kind:
    """With these bytes as the last cell."""
    return Kind(name=name, make=lambda row: _text(_cells(row)).encode() + more, reason=reason)


def _in_lines(row: Row, last: bytes) -> bytes:
    """A record of three lines, of which the last has these bytes."""
    return f'{row["id"]},,"一\n二\n'.encode() + last + b'",'


KINDS = (
    _kind("too few cells", "^3 cells under a header of 4$", lambda row: _text(_cells(row)[:3])),
    _kind("one cell", "^1 cells under a header of 4$", lambda row: row["id"]),
    _kind(
        "too many cells", "^6 cells under a header of 4$", lambda row: _text(_cells(row)) + ",a,b"
    ),
    _kind(
        "a quote that is never closed",
        "^not CSV",
        lambda row: f'{row["id"]},"{_flat(row)["title"]},{_flat(row)["content"]},',
    ),
    _kind("text behind a closing quote", "^not CSV", lambda row: f'{row["id"]},"a"b,c,'),
    _kind("a quote in a quoted text", "^not CSV", lambda row: f'{row["id"]},"他说"好"了",c,'),
    _kind("no id", "^no id$", lambda row: _text(_cells(row, id=""))),
    _kind("a blank id", "^no id$", lambda row: _text(_cells(row, id="  "))),
    _kind(
        "a line of JSON", "cells under a header of 4$|^not CSV", lambda row: f"{{id: {row['id']}}}"
    ),
    _bytes("bytes of no encoding", "^not UTF-8$", b"\xff\xfe\xfa"),
    _bytes("a NUL", "^a NUL byte in it$", b"\0"),
    Kind(
        name="GB18030",
        make=lambda row: _text([row["id"], "标题", "正文", ""]).encode("gb18030"),
        reason="^not UTF-8$",
    ),
    Kind(
        name="bytes of no encoding in its third line",
        make=lambda row: _in_lines(row, b"\xff"),
        reason="^not UTF-8$",
    ),
    Kind(
        name="a NUL in its third line",
        make=lambda row: _in_lines(row, b"\0"),
        reason="^a NUL byte in it$",
    ),
    _kind(
        "more than 4 Mi characters",
        "^a record of more than 4 Mi characters$",
        lambda row: f"{row['id']},,{'x' * _RECORD},",
        most=2,
    ),
    _kind(
        "longer than 16 MiB",
        "^longer than 16 MiB$",
        lambda row: f"{row['id']},,{'x' * 5 * _RECORD},",
        most=1,
    ),
)

ODD = (
    _kind("a blank line before it", "", lambda row: "\n" + _text(_cells(row))),
    _kind(
        "everything quoted", "", lambda row: ",".join(f'"{cell}"' for cell in _cells(_flat(row)))
    ),
    _kind(
        "quotes, commas and lines",
        "",
        lambda row: _text(_cells(row, content='他说"好",\n\n然后,"')),
    ),
    _kind("CR LF in it", "", lambda row: _text(_cells(row, content="一\r\n二\r\n"))),
    _kind("no text at all", "", lambda row: _text(_cells(row, title="", content=""))),
    _kind(
        "line breaks of Unicode",
        "",
        lambda row: _text(_cells(row, content="一\u2028二\x85三\x0c四")),
    ),
    _kind("CR LF behind it", "", lambda row: _text(_cells(row)) + "\r"),
)


def write_csv(path: Path, rows: Iterable[Row], count: int) -> Planted:
    """Write ``count`` records, the first of them good.

    A position is the line where a record begins, from 1; the header has line 1.
    """
    planted, kinds, line = Planted(path=path, unit="line"), plan(count, KINDS, ODD), 2
    with path.open("wb") as file:
        file.write(",".join(NAMES).encode() + b"\n")
        for at, row in enumerate(rows):
            kind = kinds.get(at)
            data = kind.make(row) if kind else _text(_cells(row)).encode()
            planted.add(kind, row["id"], [line])
            file.write(data + b"\n")
            line += data.count(b"\n") + 1
    return planted
