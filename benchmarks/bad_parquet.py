"""Bad rows of a Parquet file, of every kind that is known, among good ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.planted import Kind, Planted, Row, plan

_GROUP = 10_000  # rows
_NAMES = ("id", "title", "content")


def _with(name: str, reason: str, **cells: str | bytes | None) -> Kind:
    return Kind(name=name, make=lambda row: {**row, **cells}, reason=reason)


KINDS = (
    _with("title null", "^title is null$", title=None),
    _with("content null", "^content is null$", content=None),
    _with("id null", "^no id$", id=None),
    _with("id empty", "^no id$", id=""),
    _with("id blank", "^no id$", id=" \u3000"),
    _with("all null", "^no id$", id=None, title=None, content=None),
    _with("a content of no encoding", "^'content' cannot be read$", content=b"\xff\xfe"),
    _with("a title in GB18030", "^'title' cannot be read$", title="标题".encode("gb18030")),
    _with("an id of no encoding", "^'id' cannot be read$", id=b"r\xff"),
)
ODD = (
    _with("no text at all", "", title="", content=""),
    _with("a NUL in the text", "", content="正\0文"),
)


def write_parquet(path: Path, rows: Iterable[Row], count: int) -> Planted:
    """Write ``count`` rows in groups of 10,000; positions are rows, from 0."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    planted, kinds = Planted(path=path, unit="row"), plan(count, KINDS, ODD)
    schema = pa.schema([(name, pa.string()) for name in _NAMES])
    numbered = enumerate(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while part := list(islice(numbered, _GROUP)):
            made = []
            for at, row in part:
                kind = kinds.get(at)
                planted.add(kind, row["id"], [at])
                made.append(kind.make(row) if kind else row)
            arrays = [_strings([row[name] for row in made]) for name in _NAMES]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return planted


def _strings(cells: Sequence[str | bytes | None]) -> Any:
    """A column of text into which bytes of no encoding come as well, as they do from elsewhere."""
    import pyarrow as pa

    data = [cell.encode() if isinstance(cell, str) else cell for cell in cells]
    column = pa.array(data, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(column), column.buffers(), column.null_count)
