"""Schemas: what OpenAPI is told of bodies and answers."""

from __future__ import annotations

from typing import Any

from serving.body import MOST_ARTICLES, ArticleIn
from serving.problems import described
from serving.query import MOST_WORDS

_ARTICLE = {
    "id": "a17",
    "title": "“元境”数字人开放平台公开测试",
    "content": "记者获悉，虚拟现实企业青禾元境今日开放其数字人平台的公开测试……",
    "published": "2026-11-23",
    "account": "青禾观察",
    "url": "https://example.org/a17",
}
_PREDICTION = {
    "id": "a17",
    "type": {"label": "news", "score": 0.84},
    "domains": [{"label": "metaverse", "score": 0.97}],
    "review": False,
    "reasons": [],
    "scores": {
        "type": {
            "news": 0.84,
            "event": 0.11,
            "policy_notice": 0.03,
            "research_breakthrough": 0.02,
        },
        "domains": {
            "metaverse": 0.97,
            "ai": 0.22,
            "biomedicine": 0.05,
            "brain_computer_interface": 0.01,
        },
    },
    "model": "20261123T201500Z-1f3a9c2e",
}
_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
_SCORED = {
    "type": "object",
    "required": ["label", "score"],
    "properties": {"label": {"type": "string"}, "score": _PROBABILITY},
}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_WORD = {
    "type": "object",
    "required": ["text", "field", "spans", "weight"],
    "properties": {
        "text": {"type": "string"},
        "field": {"enum": ["title", "content"]},
        "spans": {
            "type": "array",
            "description": "Where it stands in the article as sent: [start, end) in code points",
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": {"type": "integer", "minimum": 0},
            },
        },
        "weight": {"type": "number", "description": "What it adds to the linear score"},
    },
}
_EXPLAINED = {
    "type": "object",
    "required": ["score", "intercept", "words"],
    "properties": {
        "score": {"type": "number"},
        "intercept": {"type": "number"},
        "words": {"type": "array", "maxItems": MOST_WORDS, "items": _WORD},
    },
}


def _nested(inner: object) -> dict[str, Any]:
    """Groups, and in each its labels."""
    by_label = {"type": "object", "additionalProperties": inner}
    return {"type": "object", "additionalProperties": by_label}


PREDICTION: dict[str, Any] = {
    "type": "object",
    "description": (
        "Beside the keys below, one key for each group of the scheme: of an exclusive group the "
        "label given, of another one a list of those given"
    ),
    "required": ["id", "review", "reasons", "scores", "model"],
    "properties": {
        "id": {"type": ["string", "null"], "description": "As sent; null where none was"},
        "review": {"type": "boolean", "description": "Whether a person should look"},
        "reasons": _TEXTS,
        "scores": _nested(_PROBABILITY),
        "model": {"type": "string", "description": "The version that answered"},
        "explain": _nested(_EXPLAINED),
    },
    "additionalProperties": {"oneOf": [_SCORED, {"type": "array", "items": _SCORED}]},
}


def _several(items: object) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": MOST_ARTICLES, "items": items}


def _one_or_several(schema: object, example: object) -> dict[str, Any]:
    return {
        "application/json": {
            "schema": {"oneOf": [schema, _several(schema)]},
            "examples": {"one": {"value": example}, "several": {"value": [example]}},
        }
    }


# The route reads the raw body, so that nothing is parsed twice.
PREDICT = {
    "parameters": [
        {
            "name": "explain",
            "in": "query",
            "description": "How many words to show that spoke for or against each label",
            "schema": {"type": "integer", "minimum": 0, "maximum": MOST_WORDS, "default": 0},
        },
        {
            "name": "truncate",
            "in": "query",
            "description": (
                "Read the first 20,000 characters of longer titles and contents, and say "
                "`truncated`, instead of refusing them: maxLength of both does not hold then"
            ),
            "schema": {"enum": ["true", "false"], "default": "false"},
        },
    ],
    "requestBody": {
        "required": True,
        "description": "At most 4 MiB of UTF-8; half an emoji is no text",
        "content": _one_or_several(ArticleIn.model_json_schema(), _ARTICLE),
    },
}
PREDICTED = {
    "description": "A prediction for an article, and as many in the same order for a list",
    "content": _one_or_several(PREDICTION, _PREDICTION),
}
INVOKED = {
    "description": "As many predictions as rows, in the same order",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["predictions"],
                "properties": {"predictions": {"type": "array", "items": PREDICTION}},
            },
            "example": {"predictions": [_PREDICTION]},
        }
    },
}
TAGGING_PROBLEMS = described(400, 408, 413, 415, 422, 500, 503)


def text(description: str) -> dict[str, Any]:
    """An answer in plain text."""
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {"description": description, "content": content}
