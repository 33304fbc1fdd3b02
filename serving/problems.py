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
_FIXES = {
    HTTPStatus.NOT_FOUND: "See /docs for the paths there are",
    HTTPStatus.METHOD_NOT_ALLOWED: "See /docs for the methods of this path",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Send a body of at most 4 MiB: fewer articles at a time",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send Content-Type: application/json",
    HTTPStatus.BAD_REQUEST: "Send one JSON article or a list of them, as UTF-8",
}


class RefusedBody(Exception):  # noqa: N818 - it names a problem, as HTTPException does
    """A request body that is not what the route takes; ``errors`` says where and why."""

    def __init__(self, status: HTTPStatus, code: str, errors: Sequence[dict[str, str]]) -> None:
        super().__init__(status, code, errors)
        self.status = status
        self.code = code
        self.errors = list(errors)


def problem(status: int, code: str, fix: str, **more: object) -> JSONResponse:
    """A problem body: its ``code`` is for programs, ``fix`` for whoever reads the log."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
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
        NewstagError: _ours,
        HTTPException: _http,
        Exception: _unforeseen,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _refused(_: Request, error: RefusedBody) -> JSONResponse:
    fix = _FIXES.get(error.status, "Mend what errors names; /docs has the schema")
    return problem(error.status, error.code, fix, errors=error.errors)


async def _ours(_: Request, error: NewstagError) -> JSONResponse:
    status = next(s for kind, s in _STATUS.items() if isinstance(error, kind))
    return problem(status, "refused", error.fix, detail=f"{error.where}: {error.what}")


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    fix = _FIXES.get(status, "See /docs")
    answer = problem(status, status.phrase.lower().replace(" ", "_"), fix)
    answer.headers.update(error.headers or {})
    return answer


async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    fix = "Try again; if it stays, tell the operator, whose log has the cause"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", fix)


def described() -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that a route with a body can answer."""
    statuses = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {int(s): {"description": s.phrase, "content": content} for s in statuses}


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
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
