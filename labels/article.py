"""An article: one post as it was given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isnan
from types import MappingProxyType

from labels.errors import InputError

Keys = tuple[str, ...]

# The newsroom's export beside our own names. The first key that a row has is taken.
_KEYS: Mapping[str, Keys] = {
    "id": ("id", "文章标识符aid"),
    "title": ("title", "标题title"),
    "content": ("content", "finalContent"),
    "url": ("url", "链接url"),
    "published": ("published", "时间time"),
    "account": ("account", "公众号名称"),
}
_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
NAMES = tuple(_KEYS)
_ID_FIX = "Give each article an id of its own, text or a number"
KNOWN_KEYS = frozenset(key for keys in _KEYS.values() for key in keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """One post. ``title`` and ``content`` are as given; normalising comes later.

    ``extra`` holds the keys of the row that newstag does not know, labels among them;
    ``where`` is the file and line or index that it came from.
    """

    id: str
    title: str
    content: str
    url: str = ""
    published: str = ""
    account: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    where: str = ""

    def text_digest(self) -> str:
        """SHA-256 of title and content: equal exactly for equal texts."""
        text = f"{len(self.title)}:{self.title}{self.content}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def article_from(row: object, where: str, columns: Mapping[str, str] = _NO_COLUMNS) -> Article:
    """The article that a row of an export or of a file describes.

    ``columns`` says under which key of the row one of our names, or the id of a group of
    labels, stands; a name that it holds is looked for under that key alone.

    Raises:
        InputError: not an object, no id, or title or content missing, null or not text.
    """
    if not isinstance(row, Mapping):
        raise InputError(where, "not an object", 'Give {"id": …, "title": …, "content": …}')
    keys = _keys(columns)
    return Article(
        id=read_id(_value(row, keys["id"])[1], where, _ID_FIX),
        title=_required(row, "title", keys, where),
        content=_required(row, "content", keys, where),
        url=_optional(row, "url", keys),
        published=_optional(row, "published", keys),
        account=_optional(row, "account", keys),
        extra=_extra(row, columns),
        where=where,
    )


def id_keys(columns: Mapping[str, str] = _NO_COLUMNS) -> Keys:
    """The keys under which a row may have its id."""
    return _keys(columns)["id"]


def _keys(columns: Mapping[str, str]) -> Mapping[str, Keys]:
    if not columns:
        return _KEYS
    return {name: (columns[name],) if name in columns else keys for name, keys in _KEYS.items()}


def _extra(row: Mapping[str, object], columns: Mapping[str, str]) -> dict[str, object]:
    """What is no name of ours; a mapped group of labels stands under its id."""
    taken = KNOWN_KEYS.union(columns.values()) if columns else KNOWN_KEYS
    extra = {key: value for key, value in row.items() if key not in taken}
    for name, key in columns.items():
        if name not in _KEYS:
            extra.pop(name, None)
            if key in row:
                extra[name] = row[key]
    return extra


def _value(row: Mapping[str, object], keys: Keys) -> tuple[bool, object]:
    for key in keys:
        if key in row:
            return True, row[key]
    return False, None


def read_id(value: object, where: str, fix: str) -> str:
    """An id, given as text or as a number.

    Raises:
        InputError: none, or text that could not be written back.
    """
    if isinstance(value, float | Decimal) and not isnan(value):
        value = _whole(value, where)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise InputError(where, "no id", fix)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half an emoji could not be written back
        raise InputError(where, "id is not valid Unicode", "Export it again as UTF-8") from error
    return value


def _whole(value: float | Decimal, where: str) -> int:
    """A float is none even without a fraction: it may have lost the last digits of the id."""
    if isinstance(value, float) or value != value.to_integral_value():
        what = "id is a number with a decimal point"
        raise InputError(where, what, "Export it as text or as a whole number")
    return int(value)


def _required(row: Mapping[str, object], name: str, columns: Mapping[str, Keys], where: str) -> str:
    keys = columns[name]
    given, value = _value(row, keys)
    if not given:
        called = name if name in keys else f"{keys[0]} ({name})"
        names = " or ".join(keys)
        raise InputError(where, f"no {called}", f'Add {names}; "" where there is none')
    if not isinstance(value, str):
        what = f"{name} is null" if value is None else f"{name} is not text"
        raise InputError(where, what, f'Give {name} as text, "" where there is none')
    return value


def _optional(row: Mapping[str, object], name: str, columns: Mapping[str, Keys]) -> str:
    """Nothing depends on it: what is no text costs no row."""
    _, value = _value(row, columns[name])
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
