"""The body of a request: one article or a list of them, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from labels.article import Article
from models.text import LONGEST
from serving.problems import RefusedBody

MOST_ARTICLES = 64
MOST_WORDS = 100  # that an explanation shows for a label
LARGEST_BODY = 4 * 1024 * 1024  # bytes


class ArticleIn(BaseModel):
    """An article to tag."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "a17",
                    "title": "“元境”数字人开放平台公开测试",
                    "content": "记者获悉，虚拟现实企业青禾元境今日开放其数字人平台的公开测试……",
                }
            ]
        },
    )

    id: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    title: Annotated[str, Field(max_length=LONGEST)]
    content: Annotated[str, Field(max_length=LONGEST)]
    published: Annotated[str, Field(max_length=500)] | None = None
    account: Annotated[str, Field(max_length=500)] | None = None
    url: Annotated[str, Field(max_length=10_000)] | None = None

    def as_article(self) -> Article:
        return Article(id=self.id or "", title=self.title, content=self.content)


_ONE = TypeAdapter(ArticleIn)
_Articles = Annotated[list[ArticleIn], Field(min_length=1, max_length=MOST_ARTICLES)]
_MANY: TypeAdapter[_Articles] = TypeAdapter(_Articles)


# For OpenAPI: the route reads the raw body, so that nothing is parsed twice.
SCHEMA = {
    "parameters": [
        {
            "name": "explain",
            "in": "query",
            "description": "How many words to show that spoke for or against each label",
            "schema": {"type": "integer", "minimum": 0, "maximum": MOST_WORDS, "default": 0},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        ArticleIn.model_json_schema(),
                        {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_ARTICLES,
                            "items": ArticleIn.model_json_schema(),
                        },
                    ]
                }
            }
        },
    },
}


def read_explain(request: Request) -> int:
    """How many words of each label the request asks to see, 0 for none.

    Raises:
        RefusedBody: no whole number from 0 to 100.
    """
    given = request.query_params.get("explain", "0") if request.scope["query_string"] else "0"
    if given.isascii() and given.isdecimal() and len(given) <= 3 and int(given) <= MOST_WORDS:
        return int(given)
    fault = {"parameter": "explain", "detail": f"not a whole number from 0 to {MOST_WORDS}"}
    raise RefusedBody(HTTPStatus.UNPROCESSABLE_ENTITY, "not_a_parameter", [fault])


async def read_body(request: Request) -> bytes:
    """The whole body, at most 4 MiB, whether its length was declared or it came in chunks.

    Starlette's own limit answers in plain text, and the service answers problems.

    Raises:
        HTTPException: 413, before more than the limit was read.
    """
    body = bytearray()
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) <= LARGEST_BODY:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                break
        else:
            return bytes(body)
    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def parse_body(raw: bytes) -> tuple[list[Article], bool]:
    """The articles of a body, and whether they came as a list.

    Raises:
        RefusedBody: not JSON (400), or not articles (422), with a pointer to each fault.
    """
    many = raw.lstrip()[:1] == b"["
    try:
        parsed: Sequence[ArticleIn] = (
            _MANY.validate_json(raw) if many else [_ONE.validate_json(raw)]
        )
    except ValidationError as error:
        raise _refusal(error) from None  # the cause would carry the input
    return [article.as_article() for article in parsed], many


def _refusal(error: ValidationError) -> RefusedBody:
    # Without input and context: an answer never repeats a word of an article.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        detail = "not valid JSON in UTF-8"
        return RefusedBody(HTTPStatus.BAD_REQUEST, "not_json", [{"pointer": "", "detail": detail}])
    described = [_described(fault["type"], fault["loc"], fault["msg"]) for fault in faults[:20]]
    return RefusedBody(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_article", described)


def _pointer(place: tuple[int | str, ...]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _described(kind: str, place: tuple[int | str, ...], message: str) -> dict[str, str]:
    if kind != "extra_forbidden":
        return {"pointer": _pointer(place), "detail": message}
    # The unknown key itself is the sender's text: the pointer stops before it.
    known = ", ".join(ArticleIn.model_fields)
    return {"pointer": _pointer(place[:-1]), "detail": f"an unknown key; an article has {known}"}
