"""An article: one post as it was given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from labels.errors import InputError

# The newsroom's export beside our own names. The first key that a row has is taken.
_KEYS = {
    "id": ("id", "文章标识符aid"),
    "title": ("title", "标题title"),
    "content": ("content", "finalContent"),
    "url": ("url", "链接url"),
    "published": ("published", "时间time"),
    "account": ("account", "公众号名称"),
}
ID_KEYS = _KEYS["id"]
_ID_FIX = "Give each article an id of its own, text or a number"
_KNOWN = frozenset(key for keys in _KEYS.values() for key in keys)


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


def article_from(row: object, where: str) -> Article:
    """The article that a row of an export, JSON, JSONL or CSV file describes.

    Raises:
        InputError: not an object, no id, or title or content missing, null or not text.
    """
    if not isinstance(row, Mapping):
        raise InputError(where, "not an object", 'Give {"id": …, "title": …, "content": …}')
    return Article(
        id=read_id(_value(row, "id")[1], where, _ID_FIX),
        title=_required(row, "title", where),
        content=_required(row, "content", where),
        url=_optional(row, "url", where),
        published=_optional(row, "published", where),
        account=_optional(row, "account", where),
        extra={key: value for key, value in row.items() if key not in _KNOWN},
        where=where,
    )


def _value(row: Mapping[str, object], name: str) -> tuple[bool, object]:
    for key in _KEYS[name]:
        if key in row:
            return True, row[key]
    return False, None


def read_id(value: object, where: str, fix: str) -> str:
    """An id, given as text or as a number.

    Raises:
        InputError: none, or text that could not be written back.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise InputError(where, "no id", fix)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half an emoji could not be written back
        raise InputError(where, "id is not valid Unicode", "Export it again as UTF-8") from error
    return value


def _required(row: Mapping[str, object], name: str, where: str) -> str:
    given, value = _value(row, name)
    if not given:
        names = " or ".join(_KEYS[name])
        raise InputError(where, f"no {name}", f'Add {names}; "" where there is none')
    if not isinstance(value, str):
        what = f"{name} is null" if value is None else f"{name} is not text"
        raise InputError(where, what, f'Give {name} as text, "" where there is none')
    return value


def _optional(row: Mapping[str, object], name: str, where: str) -> str:
    _, value = _value(row, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(where, f"{name} is not text", f"Give {name} as text or leave it out")
    return value
