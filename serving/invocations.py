"""An invocation: articles as rows, in the forms that MLflow's scoring protocol has for them.

What ``mlflow models serve`` answers for the logged model is answered here, with the same articles.
It is stricter where MLflow guesses: a title that is a number or an object becomes ``"5"`` or
``"{…}"`` there in some of the forms; here it is refused in every one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import NoReturn

from pydantic_core import from_json

from labels.article import Article
from serving.body import LARGEST_BODY
from serving.problems import RefusedBody

MOST_ROWS = 5_000
MEDIA_TYPES = ("application/json", "text/csv")

_FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
_COLUMNS = ("title", "content", "id")
_MOST_FAULTS = 20
_BOM = b"\xef\xbb\xbf"

_ROW = '{"title": "…", "content": "…"}'
_EXAMPLE = f'{{"dataframe_records": [{_ROW}]}}'
_SPLIT = '{"columns": ["title", "content"], "data": [["…", "…"]]}'


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows, in whatever form they came, and the JSON pointer to a cell."""

    rows: Sequence[Mapping[str, object]]
    place: Callable[[int, str], str]


def parse_invocation(raw: bytes, media_type: str) -> list[Article]:
    """The articles of a body, in order; one without an id gets its position, ``"0"``, ``"1"``, ….

    CSV is read as it stands: where pandas makes an empty cell or ``NA`` a missing value, which the
    logged model refuses, an empty cell is an empty text here (or no id), and ``NA`` two letters.

    Raises:
        RefusedBody: not JSON (400), or not rows with title and content (422); neither repeats it.
    """
    raw = raw.removeprefix(_BOM)
    return _articles(_csv_table(raw) if media_type == "text/csv" else _json_table(raw))


def _refuse(*faults: tuple[str, str]) -> NoReturn:
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in faults[:_MOST_FAULTS]]
    # The cause would carry the input.
    raise RefusedBody(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_invocation", errors) from None


def _refuse_json() -> NoReturn:
    detail = "not valid JSON in UTF-8; half an emoji is none"
    errors, fix = [{"pointer": "", "detail": detail}], f"Send {_EXAMPLE} as UTF-8"
    raise RefusedBody(HTTPStatus.BAD_REQUEST, "not_json", errors, fix) from None


def _refuse_many(pointer: str, count: int) -> None:
    """More rows than one request may have: told before any of them is looked at."""
    if count > MOST_ROWS:
        _refuse((pointer, f"{count} rows; send at most {MOST_ROWS} at a time"))


def _articles(table: _Table) -> list[Article]:
    articles, faults = [], list[tuple[str, str]]()
    for at, row in enumerate(table.rows):
        title, content, given = row.get("title"), row.get("content"), _id(row, at)
        if isinstance(title, str) and isinstance(content, str) and given:
            articles.append(Article(id=given, title=title, content=content))
        elif len(faults) < _MOST_FAULTS:
            faults += _faults(table, at)
    if faults:
        _refuse(*faults)
    return articles


def _id(row: Mapping[str, object], at: int) -> str:
    """The id, or else the position; empty where what is given is no id."""
    given = row.get("id", at)
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given if isinstance(given, str) and given.strip() else ""


def _faults(table: _Table, at: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, cell by cell."""
    row = table.rows[at]
    for name in ("title", "content"):
        if not isinstance(row.get(name), str):
            what = "missing" if name not in row else "null" if row[name] is None else "not text"
            yield table.place(at, name), f'{what}; send text, "" where there is none'
    if not _id(row, at):
        yield table.place(at, "id"), "not an id; send text that is not blank or a whole number"


# --- JSON ---


def _json_table(raw: bytes) -> _Table:
    try:
        # MLflow's client writes NaN where a frame misses a number, in ignored columns too.
        body = from_json(raw, allow_inf_nan=True, cache_strings="keys")
    except ValueError:
        _refuse_json()
    if not isinstance(body, dict):
        _refuse(("", f"not an object; send {_EXAMPLE}"))
    forms = [form for form in _FORMS if form in body]
    if len(forms) != 1:
        found = " and ".join(forms) or "none"
        _refuse(("", f"send exactly one of {', '.join(_FORMS)}, not {found}: {_EXAMPLE}"))
    form, value = forms[0], body[forms[0]]
    if form == "dataframe_split":
        return _split(value)
    if isinstance(value, dict) and form != "dataframe_records":
        return _by_column(form, value)
    return _records(form, value)


def _records(form: str, rows: object) -> _Table:
    if not isinstance(rows, list):
        _refuse((f"/{form}", f"not a list; send [{_ROW}]"))
    if not rows:
        _refuse((f"/{form}", f"an empty list; send at least one row: [{_ROW}]"))
    _refuse_many(f"/{form}", len(rows))
    strange = [at for at, row in enumerate(rows) if not isinstance(row, dict)]
    if strange:
        _refuse(*((f"/{form}/{at}", f"not an object; send {_ROW}") for at in strange))
    return _Table(rows, lambda at, name: f"/{form}/{at}/{name}")


def _by_column(form: str, columns: Mapping[str, object]) -> _Table:
    """A list of values a column, or of each column the one value of the one row."""
    known = {name: columns[name] for name in _COLUMNS if name in columns}
    lists = {name: values for name, values in known.items() if isinstance(values, list)}
    absent = [name for name in ("title", "content") if name not in known]
    if absent:
        _refuse(*((f"/{form}/{name}", "missing; send a list of texts") for name in absent))
    if not lists:
        _refuse_listed(form, columns)
        return _Table([known], lambda _, name: f"/{form}/{name}")
    if len(lists) < len(known):
        detail = "not a list, as another column is; send lists of one value a row"
        _refuse(*((f"/{form}/{name}", detail) for name in known if name not in lists))
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        _refuse((f"/{form}", f"lists of different lengths ({told}); send one value a row in each"))
    _refuse_many(f"/{form}", lengths["title"])
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return _Table(rows, lambda at, name: f"/{form}/{name}/{at}")


def _refuse_listed(form: str, columns: Mapping[str, object]) -> None:
    """MLflow would repeat the one row for every value of a list beside it."""
    if any(isinstance(values, list) for values in columns.values()):
        _refuse((f"/{form}", "title and content are single values beside a list; send lists"))


def _split(value: object) -> _Table:
    pointer = "/dataframe_split"
    if not isinstance(value, dict) or "data" not in value or not _SPLIT_KEYS.issuperset(value):
        _refuse((pointer, f"send columns, data and no other key but index: {_SPLIT}"))
    columns, data = value.get("columns"), value["data"]
    if not isinstance(columns, list) or any(isinstance(name, list | dict) for name in columns):
        _refuse((f"{pointer}/columns", 'not a list of names; send ["title", "content"]'))
    if not isinstance(data, list):
        _refuse((f"{pointer}/data", f"not a list of rows; send {_SPLIT}"))
    if not isinstance(value.get("index"), list | None):
        _refuse((f"{pointer}/index", "not a list; leave it out, it is not read"))
    found = _found(columns, f"{pointer}/columns")
    _refuse_many(f"{pointer}/data", len(data))
    strange = [
        (f"{pointer}/data/{at}", f"not a list of {len(columns)} values, one a column")
        for at, row in enumerate(data)
        if not isinstance(row, list) or len(row) != len(columns)
    ]
    if strange:
        _refuse(*strange)
    rows = [{name: row[place] for name, place in found.items()} for row in data]
    return _Table(rows, lambda at, name: f"{pointer}/data/{at}/{found[name]}")


_SPLIT_KEYS = frozenset({"columns", "data", "index"})


def _found(columns: Sequence[object], pointer: str) -> dict[str, int]:
    """Where title, content and perhaps id stand."""
    faults = [
        (pointer, f"column {name} twice" if times else f"no column {name}; send title and content")
        for name in _COLUMNS
        if (times := columns.count(name)) > 1 or (not times and name != "id")
    ]
    if faults:
        _refuse(*faults)
    return {name: columns.index(name) for name in _COLUMNS if name in columns}


# --- CSV ---


def _csv_table(raw: bytes) -> _Table:
    # The limit is the process's, and others may need more than its 128 KiB, or than ours.
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_BODY))
    try:
        reader = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
        # One more than may be, and as many blank ones again, are enough to refuse.
        read = islice(reader, 2 * MOST_ROWS + 1)
        lines = [(reader.line_num, cells) for cells in read if not _blank(cells)]
        if next(reader, None) is not None:
            _refuse(("", f"over {2 * MOST_ROWS} lines; send at most {MOST_ROWS} rows at a time"))
    except UnicodeDecodeError:
        _refuse(("", "not UTF-8; send the text as UTF-8"))
    except csv.Error:
        _refuse(("", 'not CSV; quote cells that hold commas, quotes or lines, and write " as ""'))
    if not lines:
        _refuse(("", "empty; send a header line with title and content, then one line a row"))
    (_, header), *body = lines
    found = _found(header, "")
    _refuse_many("", len(body))
    ragged = [
        ("", f"line {line}: {len(cells)} cells under a header of {len(header)}")
        for line, cells in body
        if len(cells) != len(header)
    ]
    if ragged:
        _refuse(*ragged)
    rows = [
        {name: cells[at] for name, at in found.items() if name != "id" or cells[at].strip()}
        for _, cells in body
    ]
    return _Table(rows, lambda _, __: "")


def _blank(cells: Sequence[str]) -> bool:
    """An empty line, or one of blanks, which pandas skips too."""
    return len(cells) < 2 and not "".join(cells).strip()
