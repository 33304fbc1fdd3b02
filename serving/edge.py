"""The edge: what every request passes on its way in, and every answer on its way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from time import perf_counter

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from serving.exchange import OTHER, Exchange, exchange_of
from serving.logs import RequestLog
from serving.pages import told
from serving.problems import Problem, Refused, problem_of
from serving.rendering import POLICY, Asset, Page
from serving.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]

_CLOSE = (b"connection", b"close")
_SMALL = 64 * 1024  # bytes of a body that may come although nobody reads it
GONE = 499  # nobody waited for the answer; nginx has the same number for it
_JSON_ONLY = b"default-src 'none'; frame-ancestors 'none'"
# The page of OpenAPI comes with FastAPI, which takes what it shows from a content network.
_DOCS = (
    b"default-src 'none'; connect-src 'self'; img-src data: https://fastapi.tiangolo.com; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net; frame-ancestors 'none'"
)
_KEPT = b"public, max-age=31536000, immutable"  # of what has another address when it changes
_QUIET = frozenset({"/healthz", "/readyz", "/ping", "/metrics"})  # asked every few seconds


class Edge:
    """An ASGI app around that of FastAPI.

    It checks keys, gives requests an id, adds headers, counts, logs, and turns errors into
    problems. Endpoints that need nothing of FastAPI's are called from here; its own way to them
    takes a sixth of the time that an article does.
    """

    def __init__(
        self, app: FastAPI, service: Service, endpoints: Mapping[tuple[str, str], Endpoint]
    ) -> None:
        self.app = app
        self.service = service
        self.endpoints = endpoints
        self._log = RequestLog()
        self._routes = frozenset(getattr(route, "path", "") for route in app.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        headers = dict(scope["headers"])
        deadline = self.service.settings.deadline
        exchange = exchange_of(scope, headers, self._routes, began, deadline)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(exchange)]
                if self.service.live.draining or _is_unread(headers, exchange):
                    _close(message["headers"])
            await send(message)

        try:
            await self._answer(scope, receive, sent, exchange, headers)
        finally:
            self.service.capacity.release(exchange)
            self._end(exchange, perf_counter() - began)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        exchange: Exchange,
        headers: Mapping[bytes, bytes],
    ) -> None:
        scope["exchange"], scope["sent"] = exchange, headers
        try:
            _check_lengths(headers)
            path = scope["path"]
            self.service.access.check(exchange, path, headers.get(b"authorization", b""))
            endpoint = self.endpoints.get((scope["method"], path))
            if endpoint is not None:
                answer = await endpoint(Request(scope, receive))
            elif exchange.route == OTHER:
                # Routes match paths that end in a line feed as well, which no key is made for.
                raise HTTPException(HTTPStatus.NOT_FOUND)  # noqa: TRY301 - told below, as all are
            else:
                await self.app(scope, receive, send)
                return
        except ClientDisconnect:
            exchange.status = GONE
            return
        except Exception as error:  # noqa: BLE001 - this is the rim, where all become problems
            answer = problem_of(error)
        if isinstance(answer, Problem):
            exchange.code = answer.code
            answer = await told(answer, Request(scope), exchange)
        exchange.shown = isinstance(answer, Page | Asset)
        exchange.lasts = isinstance(answer, Asset) and answer.lasts
        if exchange.status:  # FastAPI has answered already
            return
        await answer(scope, receive, send)

    def _headers(self, exchange: Exchange) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-request-id", exchange.id.encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", _KEPT if exchange.lasts else b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-security-policy", _policy(exchange)),
        ]

    def _end(self, exchange: Exchange, seconds: float) -> None:
        exchange.status = exchange.status or GONE
        self.service.metrics.answered(exchange, seconds)
        if exchange.route not in _QUIET or exchange.status != 200:
            self._log.add(exchange, seconds)


def _policy(exchange: Exchange) -> bytes:
    if exchange.shown:
        return POLICY
    return _DOCS if exchange.route == "/docs" else _JSON_ONLY


def _is_unread(headers: Mapping[bytes, bytes], exchange: Exchange) -> bool:
    """Whether much of a body may come still: uvicorn would read all of it, to no end."""
    if exchange.read:
        return False
    return b"transfer-encoding" in headers or int(headers.get(b"content-length", 0)) > _SMALL


def _close(headers: list[tuple[bytes, bytes]]) -> None:
    if _CLOSE not in headers:
        headers.append(_CLOSE)


def _check_lengths(headers: Mapping[bytes, bytes]) -> None:
    """One length of the body at most, as RFC 9112 has it.

    Raises:
        Refused: there are two, and a proxy may believe the other one.
    """
    if b"transfer-encoding" in headers and b"content-length" in headers:
        raise Refused("two_lengths")
