"""Rows of a Parquet file, read a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.csv_rows import check_header
from labels.errors import BrokenOffError, InputError, UnreadableError
from labels.items import Item
from labels.opening import Opened
from labels.positions import row_place

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

AT_ONCE = 256  # read at a time
_BUFFER = 1024 * 1024  # bytes of a column that are read at a time
_FIX = "Copy or export it again"
REFUSED = (ValueError, OverflowError, NotImplementedError)  # Arrow's own are some of these


def read_parquet(
    opened: Opened, columns: Mapping[str, str], wanted: Collection[str] | None, start: int
) -> Iterator[Item]:
    """Each row from number ``start`` on, with the columns in ``wanted``; all where it is None.

    Times come as ISO text, bytes as text where they are UTF-8.

    Raises:
        InputError: no Parquet file, a damaged one, or one without a column of ids.
        UnreadableError: the system does not give it, or no more of it.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    row = 0  # of the batch that is read next
    try:
        with ParquetFile(
            opened.whole(), pre_buffer=False, buffer_size=_BUFFER, memory_map=False
        ) as file:
            names = names_of(file, opened.name, columns, wanted)
            first, row = _first_group(file, start)
            for batch in _batches(file, names, first):
                end = row + len(batch)
                opened.note_read(_bytes_until(file, opened.path, end))
                if end > start:
                    skipped = max(start - row, 0)
                    yield from rows_of(batch.slice(skipped), opened.name, row + skipped)
                row = end
    except UnreadableError:
        raise
    except (pa.ArrowException, OSError, InputError, *REFUSED) as error:
        if row >= start:  # or else it was told the last time
            raise fault_of(opened.name, row, error) from error


def fault_of(name: str, row: int, error: Exception) -> InputError:
    """Of the system where it has a number, or else of the file: Arrow raises OSError for both."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.errno:
        what = f"cannot be read ({error.strerror})"
        return UnreadableError(name, what, "Check the disk or the connection")
    said = str(error).split("\n")[0].split(". ")[0].strip(" .")
    if row == 0:
        return InputError(name, f"not Parquet that can be read ({said})", _FIX)
    return BrokenOffError(row_place(name, row), f"damaged Parquet ({said})", _FIX)


def names_of(
    file: ParquetFile, name: str, columns: Mapping[str, str], wanted: Collection[str] | None
) -> list[str]:
    """The columns to read of a file: those that are wanted, or all of them."""
    found = file.schema_arrow.names
    check_header(found, name, columns, "Export it with a column {} of ids")
    if not file.metadata.num_rows:
        raise InputError(name, "no row in it", "Export it again, or leave it out")
    return [column for column in found if wanted is None or column in wanted]


def _first_group(file: ParquetFile, start: int) -> tuple[int, int]:
    """The row group to begin with, and its first row: those that end before ``start`` are not read.

    One that ends just there is: what ended the reading may have been its last row.
    """
    row = 0
    for group in range(file.num_row_groups):
        end = row + file.metadata.row_group(group).num_rows
        if end >= start:
            return group, row
        row = end
    return file.num_row_groups, row


def _batches(file: ParquetFile, names: list[str], first: int) -> Iterator[pa.RecordBatch]:
    """They begin anew with each group, so that a damage is met at the same row from anywhere."""
    for group in range(first, file.num_row_groups):
        yield from file.iter_batches(AT_ONCE, row_groups=[group], columns=names, use_threads=False)


def _bytes_until(file: ParquetFile, path: str, row: int) -> int:
    """Where about the file was read to; its columns do not lie row by row."""
    rows: int = file.metadata.num_rows
    return Path(path).stat().st_size * row // rows


def rows_of(batch: pa.RecordBatch, name: str, first: int) -> Iterator[Item]:
    names = batch.schema.names
    values = [_values(column) for column in batch.columns]
    for index in range(len(batch)):
        where = row_place(name, first + index)
        cells = {key: column[index] for key, column in zip(names, values, strict=True)}
        bad = next((key for key, cell in cells.items() if isinstance(cell, _Unreadable)), None)
        if bad is not None:
            yield InputError(where, f"'{bad}' cannot be read", "Export it again as UTF-8 text")
        else:
            yield where, cells


class _Unreadable:
    """Stands for a value that is none of Python's."""


def _values(column: pa.Array) -> list[Any]:
    try:
        return _plain(column)
    except REFUSED:  # one of them: which?
        return [_value(column.slice(index, 1)) for index in range(len(column))]


def _value(column: pa.Array) -> object:
    for read in (_plain, _written):
        try:
            return read(column)[0]
        except REFUSED:
            pass
    return _Unreadable()


def _plain(column: pa.Array) -> list[Any]:
    import pyarrow as pa

    kind = pa.types
    if kind.is_timestamp(column.type):  # Python's times have no nanoseconds
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif kind.is_time(column.type) or kind.is_duration(column.type):
        return _written(column)
    values: list[Any] = column.to_pylist()
    if kind.is_temporal(column.type):
        return [v.isoformat() if isinstance(v, (date, datetime)) else v for v in values]
    return [_text(v) if isinstance(v, bytes) else v for v in values]


def _written(column: pa.Array) -> list[Any]:
    """As Arrow writes them, times that Python does not have too."""
    import pyarrow as pa

    values: list[Any] = column.cast(pa.string()).to_pylist()
    return values


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
