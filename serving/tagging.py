"""Tagging over HTTP: the routes that answer with predictions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from labels.article import Article
from serving.answer import MEDIA_TYPE, Answer
from serving.body import parse_body, read_body
from serving.exchange import Exchange
from serving.invocations import parse_invocation
from serving.live import Loaded
from serving.query import read_query
from serving.service import Service

Parse = Callable[[bytes], tuple[list[Article], bool]]

# What takes 4 ms, in characters to read: others wait for as long.
_PART = 20_000
_ARTICLE = 1_500  # characters that an article costs whatever its length
_EXPLAINED = 5  # times as many, where words are shown


class Tagging:
    """The routes that answer with predictions."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def predict(self, request: Request) -> Response:
        """Tag one article, or a list of 1 to 64."""
        _media_type(request, MEDIA_TYPE)
        query = read_query(request)
        parse = partial(parse_body, truncate=query.truncate)
        parts, many = await self._tag(request, parse, query.explain)
        return Answer([b"[", *_listed(parts), b"]"] if many else parts)

    async def invoke(self, request: Request) -> Response:
        """Tag the rows of a request in MLflow's scoring protocol."""
        media_type = _media_type(request, MEDIA_TYPE, "text/csv")

        def parse(body: bytes) -> tuple[list[Article], bool]:
            return parse_invocation(body, media_type), True

        parts, _ = await self._tag(request, parse, 0)
        return Answer([b'{"predictions":[', *_listed(parts), b"]}"])

    async def _tag(self, request: Request, parse: Parse, explain: int) -> tuple[list[bytes], bool]:
        """The predictions as JSON with commas between them, in parts, and whether they are a list.

        All parts are of the version that answers when the articles have been read. Their bytes
        are held until the answer has left.
        """
        capacity = self._service.capacity
        exchange: Exchange = request.scope["exchange"]
        capacity.check()
        try:
            body = await read_body(request, exchange, capacity)
            capacity.enter(exchange)
            await capacity.turn(exchange)
            with capacity:
                articles, many = parse(body)
                loaded = self._service.live.current()
                first, *others = _parts(articles, explain)
                found = [self._predict(loaded, first, explain, exchange, many=many)]
            for part in others:
                await asyncio.sleep(0)  # to the end of the queue
                await capacity.turn(exchange)
                with capacity:
                    found.append(self._predict(loaded, part, explain, exchange, many=many))
            return found, many
        finally:
            capacity.leave(exchange)

    def _predict(
        self,
        loaded: Loaded,
        articles: list[Article],
        explain: int,
        exchange: Exchange,
        *,
        many: bool,
    ) -> bytes:
        predictions = loaded.predictor.predict(articles, explain)
        # The id is optional over HTTP; without one the answer says null.
        answers = [{**one.as_json(), "id": one.id or None} for one in predictions]
        # Several times as fast as json.dumps, which an explanation would feel.
        part = to_json(answers)[1:-1] if many else to_json(answers[0])
        self._service.capacity.hold(len(part), exchange)
        characters = sum(len(one.title) + len(one.content) for one in articles)
        exchange.model = loaded.manifest.version
        exchange.articles += len(articles)
        exchange.characters += characters
        exchange.review += sum(one.review for one in predictions)
        self._service.metrics.predicted(predictions, characters)
        return part


def _parts(articles: list[Article], explain: int) -> list[list[Article]]:
    """The articles in parts that each take some milliseconds; at least one part."""
    parts: list[list[Article]] = [[]]
    work = 0
    for article in articles:
        if work >= _PART:
            parts.append([])
            work = 0
        parts[-1].append(article)
        characters = len(article.title) + len(article.content)
        work += (characters + _ARTICLE) * (_EXPLAINED if explain else 1)
    return parts


def _media_type(request: Request, *allowed: str) -> str:
    """The media type of the body; without one it is the first of those that are allowed.

    Raises:
        HTTPException: 415.
    """
    given = request.scope["sent"].get(b"content-type")
    if given is None:
        return allowed[0]
    found: str = given.split(b";")[0].strip().lower().decode("latin-1")
    if found not in allowed:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return found


def _listed(parts: list[bytes]) -> Iterator[bytes]:
    """The parts with commas between them."""
    for number, part in enumerate(parts):
        if number:
            yield b","
        yield part
