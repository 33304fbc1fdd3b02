"""Rows of a JSON, JSONL, CSV or Parquet file, read as a stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from types import MappingProxyType

from labels.article import KNOWN_KEYS
from labels.csv_rows import read_table
from labels.errors import InputError, UnreadableError
from labels.items import Item, Reject, Row, raise_it
from labels.json_lines import read_lines
from labels.json_list import read_list
from labels.opening import Opened, opened
from labels.parquet_rows import read_parquet

__all__ = ["Item", "Reject", "Row", "are_lines", "raise_it", "read_items", "read_rows"]

_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
_LINES = {".jsonl", ".ndjson"}


def read_rows(
    path: str,
    reject: Reject,
    *,
    columns: Mapping[str, str] = _NO_COLUMNS,
    wanted: Collection[str] | None = None,
) -> Iterator[Row]:
    """Rows of the file at ``path`` (``-`` is standard input), each with its place.

    The format follows from the ending, or else from the first character; what is packed with
    gzip is unpacked. A row that cannot be read is given to ``reject``, and reading goes on
    unless that raises. ``columns`` says where our names stand; of a Parquet file only the
    columns in ``wanted`` are read, and of a JSON list or a CSV file these and our names are
    kept; all where it is None.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    with opened(path) as file:
        for item in read_items(file, columns, wanted):
            if isinstance(item, InputError):
                reject(item)
            else:
                yield item


def read_items(
    file: Opened,
    columns: Mapping[str, str] = _NO_COLUMNS,
    wanted: Collection[str] | None = None,
    start: int = 0,
) -> Iterator[Item]:
    """The items of an opened file, without the first ``start`` of them.

    What ends the file counts as one of them.

    Raises:
        InputError: the file cannot be read further.
    """
    if file.parquet:
        yield from read_parquet(file, columns, wanted, start)
        return
    kept = None
    if wanted is not None and not are_lines(file):  # lines come whole
        kept = KNOWN_KEYS.union(columns.values(), wanted)
    count = 0
    try:
        for count, item in enumerate(_items(file, columns), start=1):
            if count > start:
                yield item if kept is None else _without_others(item, kept)
    except UnreadableError:
        raise
    except InputError:
        if count >= start:  # or else it is one of those left out
            raise
    if not count and not start:  # nobody means to give a file without anything in it
        raise InputError(file.name, "no row in it", "Export it again, or leave it out")


def _without_others(item: Item, kept: Set[str]) -> Item:
    if isinstance(item, InputError) or not isinstance(item[1], dict) or item[1].keys() <= kept:
        return item
    return item[0], {key: cell for key, cell in item[1].items() if key in kept}


def are_lines(file: Opened) -> bool:
    """Whether it holds JSON lines."""
    return file.ending in _LINES or (file.ending not in {".json", ".csv"} and file.first == b"{")


def _items(file: Opened, columns: Mapping[str, str]) -> Iterator[Item]:
    if are_lines(file):
        return read_lines(file)
    if file.ending == ".json" or (file.ending != ".csv" and file.first == b"["):
        return read_list(file)
    return read_table(file, columns)
