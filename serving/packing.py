"""Packing: rows that were written as they came become a Parquet or a gzip file."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from labels.scheme import Scheme
from models.files import sync_file
from serving.output import Rows, column_names

_ROW_GROUP = 20_000  # rows; always as many, so that equal rows make equal files
_LARGEST_CELL = 64 * 1024 * 1024  # an id can be as long as a line of the input
_KINDS: dict[str, Rows] = {
    "": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "csv",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
    ".csv.gz": "csv",
}


def kind_of(path: str) -> str:
    """The ending of an output, small; with the one before it where that is .gz."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    last = suffixes[-1:] or [""]
    return "".join(suffixes[-2:]) if last == [".gz"] else last[0]


def rows_for(kind: str) -> Rows | None:
    """How rows of such an output are written as they come; None for an unknown kind."""
    return _KINDS.get(kind)


def is_packed(kind: str) -> bool:
    """Whether an output of this kind is made of its rows when all are there."""
    return kind == ".parquet" or kind.endswith(".gz")


def pack(rows: Path, kind: str, scheme: Scheme, packed: Path) -> bool:
    """Make of the rows what the kind of output is, on disk; False where they are it already."""
    if kind == ".parquet":
        _pack_parquet(rows, scheme, packed)
    elif kind.endswith(".gz"):
        _pack_gzip(rows, packed)
    else:
        return False
    sync_file(packed)
    return True


def _pack_gzip(rows: Path, packed: Path) -> None:
    with (
        rows.open("rb") as source,
        packed.open("wb") as raw,
        # Without name and time, so that equal rows make equal files.
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)


def _pack_parquet(rows: Path, scheme: Scheme, packed: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    csv.field_size_limit(_LARGEST_CELL)
    with (
        rows.open(encoding="utf-8", newline="") as file,
        pq.ParquetWriter(packed, _parquet_schema(scheme), compression="zstd") as writer,
    ):
        reader = csv.reader(file)
        next(reader)
        while part := list(islice(reader, _ROW_GROUP)):
            table = pa.Table.from_arrays(list(_arrays(part, scheme)), schema=writer.schema)
            writer.write_table(table, row_group_size=_ROW_GROUP)


def _parquet_schema(scheme: Scheme) -> Any:
    import pyarrow as pa

    single = {f"{group.id}_score" for group in scheme.groups if group.exclusive}
    kinds = {"review": pa.bool_(), **dict.fromkeys(single, pa.float64())}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in column_names(scheme)])


def _arrays(rows: Sequence[Sequence[str]], scheme: Scheme) -> Iterator[Any]:
    import pyarrow as pa

    schema = _parquet_schema(scheme)
    for field, cells in zip(schema, zip(*rows, strict=True), strict=True):
        values: Any = cells
        if pa.types.is_boolean(field.type):
            values = [cell == "true" for cell in cells]
        elif pa.types.is_floating(field.type):
            values = [float(cell) for cell in cells]
        yield pa.array(values, field.type)
