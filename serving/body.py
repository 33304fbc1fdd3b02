"""The body of a request: one article or a list of them, checked at the door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from labels.article import Article
from models.text import LONGEST
from serving.capacity import Capacity
from serving.exchange import Exchange
from serving.problems import Refused, RefusedBody

MOST_ARTICLES = 64
_MOST_FAULTS = 1000  # that are worth looking at; the first 20 are told
LARGEST_BODY = 4 * 1024 * 1024  # bytes


def _text(most: int, least: int = 0) -> Any:
    return Field(min_length=least or None, max_length=most)


class ArticleIn(BaseModel):
    """An article to tag."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: Annotated[str, _text(500, 1)] | None = None
    title: Annotated[str, _text(LONGEST)]
    content: Annotated[str, _text(LONGEST)]
    published: Annotated[str, _text(500)] | None = None
    account: Annotated[str, _text(500)] | None = None
    url: Annotated[str, _text(10_000)] | None = None

    def as_article(self) -> Article:
        return Article(id=self.id or "", title=self.title, content=self.content)


class LongArticleIn(ArticleIn):
    """An article of which the first 20,000 characters are to be read."""

    title: str
    content: str


_Articles = Annotated[list[ArticleIn], Field(min_length=1, max_length=MOST_ARTICLES)]
_LongArticles = Annotated[list[LongArticleIn], Field(min_length=1, max_length=MOST_ARTICLES)]
_ONE = TypeAdapter(ArticleIn)
_MANY: TypeAdapter[_Articles] = TypeAdapter(_Articles)
_ONE_LONG = TypeAdapter(LongArticleIn)
_MANY_LONG: TypeAdapter[_LongArticles] = TypeAdapter(_LongArticles)


async def read_body(request: Request, exchange: Exchange, capacity: Capacity) -> bytes:
    """The whole body, at most 4 MiB, whether its length was declared or it came in chunks.

    Starlette's own limit answers in plain text, and the service answers problems.

    Raises:
        HTTPException: 413, before more than the limit was read.
        Refused: too many bodies are held, or this one did not come within the deadline.
        ClientDisconnect: the sender is gone.
    """
    declared = request.scope["sent"].get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > LARGEST_BODY:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    with _Within(exchange.deadline - perf_counter()):
        return await _read(request.receive, exchange, capacity)


async def _read(receive: Receive, exchange: Exchange, capacity: Capacity) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        capacity.hold(len(chunk), exchange)
        if exchange.held > LARGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        chunks.append(chunk)
        if not message.get("more_body"):
            exchange.read = True
            return b"".join(chunks)


class _Within:
    """``asyncio.timeout`` for one use, at a fifth of its price; the body is mostly there already.

    Raises:
        Refused: the time is over.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._end)

    def _end(self) -> None:
        self._over = True
        if self._task:
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        cancelled = self._over and self._task and self._task.uncancel() == 0
        if cancelled and kind is asyncio.CancelledError:
            raise Refused("slow_body") from None


def parse_body(raw: bytes, *, truncate: bool = False) -> tuple[list[Article], bool]:
    """The articles of a body, and whether they came as a list.

    With ``truncate`` they may be of any length; what is too long is not read when they are
    tagged.

    Raises:
        RefusedBody: not JSON (400), or not articles (422), with a pointer to each fault.
    """
    many = raw.lstrip()[:1] == b"["
    one: TypeAdapter[Any] = _ONE_LONG if truncate else _ONE
    several: TypeAdapter[Any] = _MANY_LONG if truncate else _MANY
    try:
        parsed = several.validate_json(raw) if many else [one.validate_json(raw)]
    except ValidationError as error:
        raise _refusal(error) from None  # the cause would carry the input
    return [article.as_article() for article in parsed], many


def _refusal(error: ValidationError) -> RefusedBody:
    if error.error_count() > _MOST_FAULTS:  # telling them one by one would take seconds
        detail = f"{error.error_count()} faults; send one article, or a list of 1 to 64"
        fault = {"pointer": "", "detail": detail}
        return RefusedBody(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_article", [fault])
    # Without input and context: an answer never repeats a word of an article.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        # Where the parser stopped and why, in words of its own.
        reason = faults[0]["msg"].removeprefix("Invalid JSON: ")
        detail = f"not valid JSON in UTF-8: {reason}"
        return RefusedBody(HTTPStatus.BAD_REQUEST, "not_json", [{"pointer": "", "detail": detail}])
    described = [_described(fault["type"], fault["loc"], fault["msg"]) for fault in faults[:20]]
    return RefusedBody(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_article", described)


def pointer(place: Iterable[int | str]) -> str:
    """A place in JSON as RFC 6901 has it."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _described(kind: str, place: tuple[int | str, ...], message: str) -> dict[str, str]:
    if kind == "extra_forbidden":
        # The unknown key itself is the sender's text: the pointer stops before it.
        known = ", ".join(ArticleIn.model_fields)
        return {
            "pointer": pointer(place[:-1]),
            "detail": f"an unknown key; an article has {known}",
        }
    if kind == "string_too_long" and place[-1] in {"title", "content"}:
        message += "; cut it, or ask with ?truncate=true"
    return {"pointer": pointer(place), "detail": message}
