"""Rows of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from labels.article import id_keys
from labels.errors import InputError
from labels.items import Item
from labels.json_lines import NOT_UTF8
from labels.opening import Opened

# A cell holds a whole article; the csv module stops at 128 KiB unless told otherwise.
_LARGEST_CELL = 64 * 1024 * 1024


def read_table(opened: Opened, columns: Mapping[str, str]) -> Iterator[Item]:
    """Each row under the header, with the line where it begins.

    Raises:
        InputError: no column of ids, or a column twice.
    """
    file, name, line = opened.file, opened.name, opened.line
    csv.field_size_limit(_LARGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader)
        if not set(id_keys(columns)) & set(header):
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
                yield InputError(where, what, "Quote cells that hold commas or line breaks")
    except UnicodeDecodeError as error:
        raise InputError(name, "not UTF-8", NOT_UTF8) from error
    except csv.Error as error:
        where = f"{name}:{reader.line_num + line - 1}"
        fix = "Mend the quotes or export it again"
        raise InputError(where, f"not CSV ({error})", fix) from error
    finally:
        text.detach()  # whoever opened the file closes it
