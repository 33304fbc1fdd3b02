"""The position of an item in its file, as the ``where`` of an error names it."""

from __future__ import annotations

import re

_PLACE = re.compile(r"(?P<source>.+)(?::(?P<line>\d+)|\[(?P<item>\d+)\])", re.DOTALL)
_PARQUET = ".parquet"


class FileName(str):
    """Names a whole file, even where it looks like a position."""

    __slots__ = ()


class RowPlace(str):
    """Names a row, even where the file does not end like a table of rows."""

    __slots__ = ()


def row_place(name: str, row: int) -> str:
    """The ``where`` of a row of a Parquet file."""
    where = f"{name}[{row}]"
    return where if name.lower().endswith(_PARQUET) else RowPlace(where)


def place_of(where: str) -> tuple[str, str, int | None]:
    """The source, the unit and the position that the ``where`` of an item names.

    Lines are counted from 1, the items of a JSON list and the rows of a Parquet file from 0.
    A whole file has no position.
    """
    found = None if isinstance(where, FileName) else _PLACE.fullmatch(where)
    if not found:
        return str(where), "file", None
    source = found["source"]
    if found["line"] is not None:
        return source, "line", int(found["line"])
    is_row = isinstance(where, RowPlace) or source.lower().endswith(_PARQUET)
    return source, "row" if is_row else "item", int(found["item"])
