"""A JSON Schema in words: the fields of an object, and what each may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docs.reference.markdown import code, prose

Schema = Mapping[str, Any]

_PLURAL = {"array", "integer", "number", "object", "string"}
_BY_LENGTH = re.compile(r"\d+ by column")  # the same object, written down for a few lengths


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold, whether it must be there, and what is said of it."""

    kind: str
    needed: bool
    text: str

    def merged(self, other: Field) -> Field:
        """One field for two, of objects of which either may be there."""
        kinds = dict.fromkeys([*self.kind.split(" or "), *other.kind.split(" or ")])
        return Field(" or ".join(kinds), self.needed and other.needed, self.text or other.text)


def fields(schema: Schema, path: str = "") -> dict[str, Field]:
    """Every field below an object, or below the objects that it may be, by its path.

    Keys that are ids of the scheme are written GROUP and LABEL.
    """
    found: dict[str, Field] = {}
    for one in _objects(schema):
        for name, inner in _members(one, path):
            mine = Field(phrase(inner), name in one.get("required", ()), _told(inner))
            below = fields(inner, f"{path}{name}{_suffix(inner)}.")
            for key, value in {f"{path}{name}": mine, **below}.items():
                found[key] = found[key].merged(value) if key in found else value
    return found


def _members(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    for name, inner in schema.get("properties", {}).items():
        if inner is not False:  # what may not be there
            yield name, inner
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping) and "not" not in others:
        yield "LABEL" if path.endswith("GROUP.") else "GROUP", others


def _objects(schema: Schema) -> Iterator[Schema]:
    """The objects that a value may be, or may be an array of."""
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _objects(inner)
    if schema.get("type") == "array":
        yield from _objects(schema.get("items", {}))
    elif schema.get("type") == "object" and not _BY_LENGTH.fullmatch(schema.get("title", "")):
        yield schema


def _suffix(schema: Schema) -> str:
    return "[]" if schema.get("type") == "array" else ""


def _told(schema: Schema) -> str:
    return prose(schema.get("description", ""))


def phrase(schema: object) -> str:
    """What a value may be, on one line; the fields of an object are not told."""
    if not isinstance(schema, Mapping) or not set(schema) - {"description", "title"}:
        return "anything"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(map(phrase, schema[word])))
    if "not" in schema:
        return f"anything but {phrase(schema['not'])}"
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(code(json.dumps(value)) for value in values)
    return _by_type(schema)


def _by_type(schema: Schema) -> str:
    kind = schema["type"]
    if isinstance(kind, list):
        return " or ".join(phrase({**schema, "type": one}) for one in kind)
    match kind:
        case "array":
            return _array(schema)
        case "string":
            wanted = " not of blanks alone" if schema.get("pattern", "").startswith("[^") else ""
            size = _size(schema, "Length")
            return f"string{f' of {size} characters' if size else ''}{wanted}"
        case "integer" | "number":
            return f"{kind}{_bounds(schema)}"
        case "object" if _BY_LENGTH.fullmatch(schema.get("title", "")):
            return "object of arrays that are equally long"
    return str(kind)


def _array(schema: Schema) -> str:
    size = _size(schema, "Items")
    if "prefixItems" in schema:
        return f"array of ({', '.join(map(phrase, schema['prefixItems']))})"
    items = phrase(schema["items"]) if "items" in schema else ""
    kind, *rest = re.split(r"(?=[ ,])", items, maxsplit=1)
    several = f"{kind}s{''.join(rest)}" if kind in _PLURAL else items
    return " ".join(filter(None, ["array", "of" if size or items else "", size, several]))


def _size(schema: Schema, unit: str) -> str:
    low, high = schema.get(f"min{unit}", 0), schema.get(f"max{unit}")
    if high is None:
        return ""
    return f"{high:,}" if low == high else f"{low:,} to {high:,}"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        return ""
    return f", {low} or more" if high is None else f", {low} to {high}"
