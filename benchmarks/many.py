"""Many articles: recombined ones, as a file of any kind that newstag reads."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.recombined import recombined

KINDS = ("jsonl", "jsonl.gz", "json", "csv", "csv.gz", "parquet")
Row = dict[str, Any]

_CHUNK = 25_000  # articles of one seed; always as many, so that processes change nothing
_ROW_GROUP = 20_000  # rows


def write_many(path: Path, count: int, processes: int = 2) -> None:
    """Write recombined articles r0, r1, … as JSONL, whole or not at all.

    Every 25,000 of them have a seed of their own, so that processes can share the work; the first
    25,000 are those of ``recombined``.
    """
    from joblib import Parallel, delayed

    beside = path.with_name(f"{path.name}.part")
    calls = (delayed(_lines)(first, min(_CHUNK, count - first)) for first in firsts(count))
    with beside.open("wb") as file:
        for lines in Parallel(processes, return_as="generator", pre_dispatch=processes)(calls):
            file.write(lines)
    beside.replace(path)


def firsts(count: int) -> range:
    """The number of the first article of each chunk."""
    return range(0, count, _CHUNK)


def _lines(first: int, count: int) -> bytes:
    return "".join(map(line_of, numbered(first, count))).encode()


def numbered(first: int, count: int) -> Iterator[Row]:
    """The articles of a chunk, numbered on from the chunks before it."""
    for at, row in enumerate(recombined(count, first // _CHUNK), start=first):
        yield {**row, "id": f"r{at}"}


def rows_made(count: int) -> Iterator[Row]:
    """The articles that ``write_many`` writes, made here."""
    for first in firsts(count):
        yield from numbered(first, min(_CHUNK, count - first))


def line_of(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a JSONL file of ours."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write them as the kind of file that the name of ``path`` asks for."""
    kind = path.name.partition(".")[2]
    if kind == "parquet":
        _write_parquet(path, rows)
    elif kind.endswith(".gz"):
        with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
            _write_text(file, kind, rows)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            _write_text(file, kind, rows)


def _write_text(file: Any, kind: str, rows: Iterable[Row]) -> None:
    if kind.startswith("csv"):
        names, rows = _names(rows)
        table = csv.DictWriter(file, names, lineterminator="\n")
        table.writeheader()
        table.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    elif kind == "json":
        for at, row in enumerate(rows):
            file.write(("," if at else "[") + line_of(row))
        file.write("]\n")
    else:
        file.writelines(map(line_of, rows))


def _names(rows: Iterable[Row]) -> tuple[list[str], Iterator[Row]]:
    """Those of the first row, and all rows."""
    left = iter(rows)
    first = next(left)
    return list(first), _from(first, left)


def _from(first: Row, left: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from left


def _cell(value: object) -> object:
    return "|".join(value) if isinstance(value, list) else value


def _write_parquet(path: Path, rows: Iterable[Row], group: int = _ROW_GROUP) -> None:
    """Groups of 20,000 rows, zstd."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    left = iter(rows)
    part: Sequence[Row] = list(islice(left, group))
    with pq.ParquetWriter(path, pa.Table.from_pylist(part).schema, compression="zstd") as writer:
        while part:
            writer.write_table(pa.Table.from_pylist(part, writer.schema), row_group_size=group)
            part = list(islice(left, group))
