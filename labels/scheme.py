"""The scheme: the groups of labels that an article can get."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Literal, cast, get_args
from unicodedata import category

from labels.errors import InputError

Kind = Literal["exclusive", "multi"]

# Keys of an article row or of a prediction: a group of that name could not stand beside them.
_OF_ROWS = {"id", "title", "content", "url", "published", "account", "by"}
_OF_PREDICTIONS = {"review", "reasons", "scores", "explain", "model"}
RESERVED = frozenset(_OF_ROWS | _OF_PREDICTIONS)
_GROUP_ID = re.compile(r"[a-z][a-z0-9_]*")
_LABEL_ID = re.compile(r"[a-z0-9][a-z0-9_]*")
_BREAKING = {"Cc", "Zl", "Zp"}  # control characters and line breaks: a name is one line
_SHIPPED = Path(__file__).with_name("scheme.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One thing that an article can be called."""

    id: str
    zh: str
    en: str
    definition: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Labels of which an article carries exactly one (exclusive) or any number (multi)."""

    id: str
    kind: Kind
    zh: str
    en: str
    labels: tuple[Label, ...]

    @property
    def exclusive(self) -> bool:
        return self.kind == "exclusive"

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(label.id for label in self.labels)

    def parse(self, value: object, where: str) -> frozenset[str]:
        """The labels that a row's value names; for a multi group ``[]`` means none.

        Raises:
            InputError: an unknown label, not one string (exclusive), not a list of them (multi).
        """
        names = self._names(value, where)
        for name in names:
            if name not in self.ids:
                raise InputError(where, f"no {self.id} '{name}'", f"Use one of: {self._choices()}")
        return frozenset(names)

    def _names(self, value: object, where: str) -> list[str]:
        if self.exclusive:
            if isinstance(value, str):
                return [value]
            raise InputError(
                where, f"{self.id} is not one label", f"Give one of: {self._choices()}"
            )
        if isinstance(value, str):  # a CSV cell: labels joined by |
            return [] if value == "[]" else [name for name in value.split("|") if name]
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return value
        raise InputError(
            where,
            f"{self.id} is not a list of labels",
            f"Give a list, [] for none, of: {self._choices()}",
        )

    def _choices(self) -> str:
        return ", ".join(self.ids)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Groups in the order in which answers show them."""

    groups: tuple[Group, ...]

    @cached_property
    def outputs(self) -> tuple[tuple[str, str], ...]:
        """(group id, label id) of every score, in the order of the columns of a score matrix."""
        return tuple((group.id, label) for group in self.groups for label in group.ids)

    def columns(self, group: Group) -> slice:
        """The columns of ``group`` in a score matrix of shape (articles, outputs)."""
        return self._columns[group.id]

    @cached_property
    def _columns(self) -> dict[str, slice]:
        ends = accumulate(len(group.ids) for group in self.groups)
        return {
            group.id: slice(end - len(group.ids), end)
            for group, end in zip(self.groups, ends, strict=True)
        }

    def labels_where(self, chosen: Iterable[bool]) -> dict[str, list[str]]:
        """The labels of the chosen outputs, in their order, by the groups that have such."""
        found: dict[str, list[str]] = {}
        for (group, label), is_chosen in zip(self.outputs, chosen, strict=True):
            if is_chosen:
                found.setdefault(group, []).append(label)
        return found

    def labels_in(self, row: Mapping[str, object], where: str) -> dict[str, frozenset[str]]:
        """The groups that a row names; a missing, null or empty one is unknown and left out.

        An empty cell is how CSV writes null; none of a multi group is ``[]`` there too.
        """
        found = {}
        for group in self.groups:
            value = row.get(group.id)
            if value is None or value == "":
                continue
            found[group.id] = group.parse(value, where)
        return found

    def digest(self) -> str:
        """SHA-256 of the scheme's content, whatever the layout of its file."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@cache
def shipped_scheme() -> Scheme:
    """The scheme that ships with newstag: ``type`` and ``domains``."""
    return read_scheme(_SHIPPED)


def read_scheme(path: Path) -> Scheme:
    """Read ``scheme.toml``.

    Raises:
        InputError: not readable, not TOML, or not a scheme; says which group or label.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(str(path), error.strerror or "not readable", "Check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"not TOML ({error})", "Mend the scheme file") from error
    groups = raw.get("groups")
    if not isinstance(groups, dict) or not groups:
        raise InputError(str(path), "no groups", "Add at least one [groups.NAME] with labels")
    return Scheme(groups=tuple(_group(name, value, str(path)) for name, value in groups.items()))


def _group(name: str, raw: object, path: str) -> Group:
    where = f"{path}: groups.{name}"
    if not _GROUP_ID.fullmatch(name) or name in RESERVED:
        raise InputError(
            where,
            "not a usable group id",
            f"Use [a-z][a-z0-9_]* and none of: {' '.join(sorted(RESERVED))}",
        )
    if not isinstance(raw, dict) or raw.get("kind") not in get_args(Kind):
        raise InputError(where, "no kind", 'Give kind = "exclusive" or kind = "multi"')
    kind = cast("Kind", raw["kind"])
    labels = raw.get("labels")
    least = 2 if kind == "exclusive" else 1
    if not isinstance(labels, list) or len(labels) < least:
        raise InputError(where, f"fewer than {least} labels", f"Add [[groups.{name}.labels]]")
    parsed = tuple(_label(label, f"{where}.labels[{at}]") for at, label in enumerate(labels))
    _refuse_repeats((label.id for label in parsed), where)
    return Group(id=name, kind=kind, labels=parsed, **_names(raw, name, where))


def _label(raw: object, where: str) -> Label:
    name = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(name, str) or not _LABEL_ID.fullmatch(name):
        raise InputError(
            where, "no usable id", 'Give id = "…" of a-z, 0-9 and _; other names in zh'
        )
    definition = raw.get("definition", "")
    if not isinstance(definition, str):
        raise InputError(where, "definition is not text", "Put it in quotes")
    return Label(id=name, definition=definition, **_names(raw, name, where))


def _names(raw: Mapping[str, object], name: str, where: str) -> dict[str, str]:
    """The names for people, which default to the id."""
    zh, en = raw.get("zh", name), raw.get("en", name.replace("_", " "))
    if not isinstance(zh, str) or not isinstance(en, str):
        raise InputError(where, "zh or en is not text", "Put it in quotes")
    if any(category(one) in _BREAKING for one in zh + en):
        raise InputError(where, "zh or en has a line break or a control character", "Remove it")
    return {"zh": zh, "en": en}


def _refuse_repeats(names: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(where, f"label '{name}' stands twice", "Remove one")
        seen.add(name)
