"""Problems: every error over HTTP as RFC 9457 has it, and never a word of an article."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from labels.errors import InputError, NewstagError, StateError

MEDIA_TYPE = "application/problem+json"

# The one place where our errors get a status.
_STATUS: dict[type[NewstagError], HTTPStatus] = {
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StateError: HTTPStatus.SERVICE_UNAVAILABLE,
}
# Code and fix of what the framework raises. The phrases of http.HTTPStatus change with Python.
_HTTP = {
    400: ("bad_request", "Send one JSON article or a list of them, as UTF-8"),
    404: ("not_found", "See /openapi.json for the paths there are"),
    405: ("method_not_allowed", "See /openapi.json for the methods of this path"),
    413: ("body_too_large", "Send a body of at most 4 MiB: fewer articles at a time"),
    415: ("unsupported_media_type", "Send Content-Type: application/json"),
}
_TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_OTHER = ("refused", "See /openapi.json")
_SCHEMA_FIX = ("", "Mend what errors names; /openapi.json has the schema")


class RefusedBody(Exception):  # noqa: N818 - it names a problem, as HTTPException does
    """A request body that is not what the route takes; ``errors`` says where and why."""

    def __init__(self, status: HTTPStatus, code: str, errors: Sequence[dict[str, str]]) -> None:
        super().__init__(status, code, errors)
        self.status = status
        self.code = code
        self.errors = list(errors)


class NotReady(Exception):  # noqa: N818 - it names a problem, as HTTPException does
    """No model is loaded."""


def problem(status: int, code: str, fix: str, **more: object) -> JSONResponse:
    """A problem body: its ``code`` is for programs, ``fix`` for whoever reads the log."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "fix": fix,
        **more,
    }
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem body."""
    handlers: dict[Any, Any] = {
        RefusedBody: _refused,
        NotReady: _not_ready,
        NewstagError: _ours,
        HTTPException: _http,
        Exception: _unforeseen,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _refused(_: Request, error: RefusedBody) -> JSONResponse:
    fix = _HTTP.get(error.status, _SCHEMA_FIX)[1]
    return problem(error.status, error.code, fix, errors=error.errors)


async def _not_ready(_: Request, __: NotReady) -> JSONResponse:
    return problem(503, "not_ready", "Ask again in a second")


async def _ours(_: Request, error: NewstagError) -> JSONResponse:
    status = next(s for kind, s in _STATUS.items() if isinstance(error, kind))
    return problem(status, "refused", error.fix, detail=f"{error.where}: {error.what}")


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    answer = problem(error.status_code, *_HTTP.get(error.status_code, _OTHER))
    answer.headers.update(error.headers or {})
    return answer


async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    fix = "Try again; if it stays, tell the operator, whose log has the cause"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", fix)


def described() -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that a route with a body can answer."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {s: {"description": _TITLES[s], "content": content} for s in (400, 413, 415, 422, 503)}


_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "fix"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "fix": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, into the body"},
                    "parameter": {"type": "string", "description": "of the query, in its place"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
