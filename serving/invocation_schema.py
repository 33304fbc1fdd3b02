"""The schema of an invocation, for OpenAPI: what is valid by it is answered.

It cannot say everything that is taken: columns of a split may stand in any order and beside others,
and lists by column may have up to ``MOST_ROWS`` values, as long as all of them have as many.
"""

from __future__ import annotations

from typing import Any

from serving.invocations import MEDIA_TYPES, MOST_ROWS

_BLANK = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_TEXT = {"type": "string"}
# A cell of CSV, as it is or between quotes.
_CELL = '(?:[^",\\r\\n]*|"(?:[^"]|"")*")'
_ID = {
    "anyOf": [
        {"type": "string", "pattern": f"[^{_BLANK}]"},
        {"type": "integer"},
    ],
    "description": "Without one the answer has the position of the row",
}
_REQUIRED = ["title", "content"]


def _row(title: object, content: object, id_: object, others: object = True) -> dict[str, Any]:
    """An object with these columns; others are not read."""
    return {
        "type": "object",
        "required": _REQUIRED,
        "properties": {"title": title, "content": content, "id": id_},
        "additionalProperties": others,
    }


_NO_LIST = {"not": {"type": "array"}}
_ROWS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MOST_ROWS,
    "items": _row(_TEXT, _TEXT, _ID),
}


def _lists(length: int) -> dict[str, Any]:
    """A list of so many values a column."""
    several = {"type": "array", "minItems": length, "maxItems": length}
    text, id_ = {**several, "items": _TEXT}, {**several, "items": _ID}
    return {**_row(text, text, id_), "title": f"{length} by column"}


def _split(columns: list[str], *cells: object) -> dict[str, Any]:
    row = {"type": "array", "prefixItems": cells, "minItems": len(cells), "maxItems": len(cells)}
    return {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"const": columns},
            "data": {"type": "array", "maxItems": MOST_ROWS, "items": row},
            "index": {"type": ["array", "null"], "description": "Not read"},
        },
        "additionalProperties": False,
    }


# JSON Schema has no word for lists of equal length: the first lengths stand for the others.
_BY_COLUMN = [_row(_TEXT, _TEXT, _ID, _NO_LIST), *map(_lists, range(4))]
_FORMS: dict[str, dict[str, Any]] = {
    "dataframe_split": {
        "anyOf": [
            _split(_REQUIRED, _TEXT, _TEXT),
            _split(["id", *_REQUIRED], _ID, _TEXT, _TEXT),
        ]
    },
    "dataframe_records": _ROWS,
    "inputs": {"anyOf": [_ROWS, *_BY_COLUMN]},
    "instances": {"anyOf": [_ROWS, *_BY_COLUMN]},
}


def _body(form: str) -> dict[str, Any]:
    return {
        "title": form,
        "type": "object",
        "required": [form],
        "properties": {
            form: _FORMS[form],
            "params": {"description": "Ignored: the model has no parameters"},
            **{other: False for other in _FORMS if other != form},
        },
    }


_EXAMPLE = [
    {
        "id": "a17",
        "title": "“元境”数字人开放平台公开测试",
        "content": "虚拟现实企业青禾元境今日开放其数字人平台的公开测试……",
    },
    {
        "id": "a18",
        "title": "松岭市发布人工智能产业扶持办法",
        "content": "办法提出，对新建智能算力中心的企业给予补助……",
    },
]
_COLUMNS = list(_EXAMPLE[0])
_LISTS = {name: [row[name] for row in _EXAMPLE] for name in _COLUMNS}
_VALUES: dict[str, object] = {
    "dataframe_split": {"columns": _COLUMNS, "data": [list(row.values()) for row in _EXAMPLE]},
    "dataframe_records": _EXAMPLE,
    "inputs": _EXAMPLE,
    "instances": _LISTS,
}
_TABLE = "".join(",".join(line) + "\n" for line in [_COLUMNS, *(r.values() for r in _EXAMPLE)])

_JSON, _CSV = MEDIA_TYPES


def _table(*columns: str) -> str:
    """The pattern of CSV with these columns."""
    return f"{','.join(columns)}(?:\\r?\\n{','.join([_CELL] * len(columns))})*"


_TABLES = f"^(?:{_table(*_REQUIRED)}|{_table('id', *_REQUIRED)})(?:\\r?\\n)?$"

# The route reads the raw body, so that nothing is parsed twice.
INVOCATION_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "At most 4 MiB of UTF-8; half an emoji is no text",
        "content": {
            _JSON: {
                "schema": {"oneOf": [_body(form) for form in _FORMS]},
                "examples": {form: {"value": {form: given}} for form, given in _VALUES.items()},
            },
            _CSV: {
                "schema": {
                    "type": "string",
                    "pattern": _TABLES,
                    "description": (
                        "A header line with title, content and perhaps id, then at most "
                        f"{MOST_ROWS} rows; columns may also stand in another order and beside "
                        "others, which are not read"
                    ),
                },
                "example": _TABLE,
            },
        },
    },
}
