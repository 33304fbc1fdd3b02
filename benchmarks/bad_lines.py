"""Bad JSON lines, of every kind that is known, among good ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.planted import Kind, Planted, Row, plan

_NO_ID, _NO_JSON, _NO_OBJECT, _NO_UTF8 = "^no id$", "^not JSON", "^not an object$", "^not UTF-8$"
_LINE = 16 * 1024 * 1024  # bytes that a line may have


def _text(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


def _cells(name: str, reason: str = "", **cells: object) -> Kind:
    return Kind(name=name, make=lambda row: _text({**row, **cells}).encode(), reason=reason)


def _without(name: str, key: str, reason: str) -> Kind:
    def make(row: Row) -> bytes:
        return _text({key_: value for key_, value in row.items() if key_ != key}).encode()

    return Kind(name=name, make=make, reason=reason)


def _always(name: str, data: bytes, reason: str) -> Kind:
    return Kind(name=name, make=lambda _row: data, reason=reason)


def _behind(name: str, more: bytes, reason: str) -> Kind:
    return Kind(name=name, make=lambda row: _text(row).encode() + more, reason=reason)


def _inside(name: str, cell: bytes, reason: str = "", most: int = 1_000_000) -> Kind:
    """With one more key, whose value is these bytes."""

    def make(row: Row) -> bytes:
        return _text(row).encode()[:-1] + b', "more": ' + cell + b"}"

    return Kind(name=name, make=make, reason=reason, most=most)


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def _as_long(row: Row, size: int) -> bytes:
    """A line of so many bytes."""
    short = _text({**row, "content": ""}).encode()
    return _text({**row, "content": "x" * (size - len(short))}).encode()


def _utf16(row: Row, encoding: str) -> bytes:
    """Without a byte that looks like a line feed."""
    return _text({"id": row["id"], "title": "标题", "content": "正文"}).encode(encoding)


KINDS = (
    _always("not JSON at all", b"this is not JSON", _NO_JSON),
    Kind(
        name="cut in the middle",
        make=lambda row: _text(row)[: len(_text(row)) // 2].encode(),
        reason=_NO_JSON,
    ),
    Kind(
        name="cut within a character",
        make=lambda row: (
            _text({**row, "content": "正文"}).encode().partition("文".encode())[0]
            + "文".encode()[:2]
        ),
        reason=_NO_UTF8,
    ),
    _always("a list", b'["r1", "title", "content"]', _NO_OBJECT),
    _always("a number", b"17", _NO_OBJECT),
    _always("a string", b'"text"', _NO_OBJECT),
    _always("true", b"true", _NO_OBJECT),
    _always("null", b"null", _NO_OBJECT),
    _always("an empty object", b"{}", _NO_ID),
    _inside("NaN", b"NaN", _NO_JSON),
    _inside("-Infinity", b"-Infinity", _NO_JSON),
    _inside("an integer of 5,000 digits", b"9" * 5000, _NO_JSON),
    _inside("a NUL in a text", b'"\0"', _NO_JSON),
    _inside("a tab in a text", b'"\t"', _NO_JSON),
    _inside("an unknown escape", b'"\\x"', _NO_JSON),
    _inside("nested 1,000 deep", _nested(1_000), "^nested more than 100 deep$"),
    _inside("nested 100,000 deep", _nested(100_000), "^nested more than 100 deep$", most=10),
    _inside("a line feed in a text: two lines", b'"\n"', _NO_JSON),
    _always("NULs alone", b"\0" * 40, _NO_JSON),
    _without("no id", "id", _NO_ID),
    _cells("id null", _NO_ID, id=None),
    _cells("id true", _NO_ID, id=True),
    _cells("id a float", "^id is a number with a decimal point$", id=1.5),
    _cells("id an object", _NO_ID, id={"a": 1}),
    _cells("id a list", _NO_ID, id=["r1"]),
    _cells("id empty", _NO_ID, id=""),
    _cells("id blank", _NO_ID, id=" \u3000"),
    Kind(
        name="half an emoji in the id",
        make=lambda row: json.dumps({**row, "id": "r\ud83d"}).encode(),
        reason="^id is not valid Unicode$",
    ),
    _without("no title", "title", "^no title"),
    _without("no content", "content", "^no content"),
    _cells("title null", "^title is null$", title=None),
    _cells("content null", "^content is null$", content=None),
    _cells("title a number", "^title is not text$", title=17),
    _cells("content a list", "^content is not text$", content=["正文"]),
    _inside("bytes of no encoding", b'"\xff\xfe\xfa"', _NO_UTF8),
    Kind(name="GB18030", make=lambda row: _text(row).encode("gb18030"), reason=_NO_UTF8),
    Kind(name="UTF-16", make=lambda row: _utf16(row, "utf-16-le"), reason=_NO_UTF8),
    Kind(name="UTF-16, with BOM", make=lambda row: _utf16(row, "utf-16"), reason=_NO_UTF8),
    Kind(
        name="a BOM in the middle of the file",
        make=lambda row: b"\xef\xbb\xbf" + _text(row).encode(),
        reason=_NO_JSON,
    ),
    _always("a line of CSV", "r1,标题,正文".encode(), _NO_JSON),
    _always("a row of Python", b"{'id': 'r1', 'title': '', 'content': ''}", _NO_JSON),
    _always("a bracket of a list", b"[", _NO_JSON),
    _behind("two objects", b'{"id": "r1", "title": "", "content": ""}', _NO_JSON),
    _behind("a comma behind it", b",", _NO_JSON),
    Kind(
        name="longer than 16 MiB",
        make=lambda row: _as_long(row, _LINE + 1),
        reason="^longer than 16 MiB$",
        most=2,
    ),
    Kind(
        name="much longer than 16 MiB",
        make=lambda row: _as_long(row, 3 * _LINE),
        reason="^longer than 16 MiB$",
        most=1,
    ),
)

ODD = (
    Kind(name="blank lines before it", make=lambda row: b"\n \t\r\n" + _text(row).encode()),
    _behind("a carriage return behind it", b"\r", ""),
    _behind("blanks behind it", b"  \t", ""),
    Kind(name="blanks before it", make=lambda row: b"   " + _text(row).encode()),
    Kind(
        name="a key twice, of which the last counts",
        make=lambda row: b'{"id": "other", "title": null, ' + _text(row).encode()[1:],
    ),
    _cells("no text at all", title="", content=""),
    _cells("url null", url=None),
    _cells("url a number", url=17),
    _inside("half an emoji elsewhere", b'"\\ud83d"'),
    _inside("a number beyond all floats", b"1e999"),
    _inside("nested 100 deep", _nested(99)),  # in the row itself
    Kind(
        name="half an emoji and a NUL in the text, escaped",
        make=lambda row: json.dumps({**row, "content": "正\ud83d文\0。"}).encode(),
    ),
    Kind(name="escaped throughout", make=lambda row: json.dumps(row).encode()),
    Kind(name="16 MiB long", make=lambda row: _as_long(row, _LINE), most=1),
)


def write_lines(path: Path, rows: Iterable[Row], count: int) -> Planted:
    """Write ``count`` records, the first of them good; each position is a line, from 1."""
    planted, kinds, line = Planted(path=path, unit="line"), plan(count, KINDS, ODD), 1
    with path.open("wb") as file:
        for at, row in enumerate(rows):
            kind = kinds.get(at)
            data = kind.make(row) if kind else _text(row).encode()
            lines = data.count(b"\n") + 1
            planted.add(kind, row["id"], range(line, line + lines))
            file.write(data + b"\n")
            line += lines
    return planted
