"""Answers whose fields OpenAPI leaves open, as schemas; a test holds them against the service."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_NUMBERS = {"type": "object", "description": "Numbers by name"}


def _object(**properties: object) -> dict[str, Any]:
    """An object of exactly these fields."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _said(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {**schema, "description": text}


def _several(items: object) -> dict[str, Any]:
    return {"type": "array", "items": items}


_LABEL = _object(
    id=_TEXT,
    zh=_TEXT,
    en=_TEXT,
    definition=_TEXT,
    threshold={
        "type": "number",
        "description": "The probability from which it is given; of an exclusive group the most "
        "probable label is, whatever this says",
    },
    trained={"type": "boolean", "description": "Whether there were articles enough to learn it"},
)
_GROUP = _object(
    id=_TEXT,
    kind={"enum": ["exclusive", "multi"]},
    zh=_TEXT,
    en=_TEXT,
    labels=_several(_LABEL),
)
_VERSION = _said(_TEXT, "The id of the version that answers")

# By path: what stands in the place of an empty schema, and an example where there is one.
ANSWERS: dict[str, dict[str, Any]] = {
    "/healthz": {
        "schema": _object(status={"const": "ok"}),
        "example": {"status": "ok"},
    },
    "/readyz": {
        "schema": _object(status={"const": "ready"}, model=_VERSION),
        "example": {"status": "ready", "model": "20261123T201500Z-1f3a9c2e"},
    },
    "/v1/labels": {"schema": _object(groups=_several(_GROUP), model=_VERSION)},
    "/v1/model": {
        "schema": _object(
            version=_VERSION,
            created=_said(_TEXT, "UTC, ISO 8601"),
            recipe={"type": "object", "description": "What was decided before it was trained"},
            counts=_said(_NUMBERS, "How many articles it was trained on, by where they came from"),
            metrics=_said(
                _NUMBERS, "Its figures, each judged by models that had not seen the article"
            ),
            libraries={"type": "object", "description": "Versions of libraries, by name"},
        )
    },
}
