"""Problems: every error over HTTP as RFC 9457 has it, and never a word of an article."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from labels.errors import InputError, NewstagError, StateError
from serving.logs import trace

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 1  # seconds

_log = logging.getLogger("newstag")

# The one place where our errors get a status.
_STATUS: dict[type[NewstagError], int] = {InputError: 422, StateError: 503}
# What the service refuses by itself, by code.
_REFUSALS = {
    "two_lengths": (400, "Send Content-Length or Transfer-Encoding, not both"),
    "no_key": (401, "Send Authorization: Bearer KEY, with a key that the operator made"),
    "not_in_scope": (403, "Use a key with the scope that the operator gave this path"),
    "answer_too_large": (422, "Ask for fewer articles at a time, or with a smaller explain"),
    "slow_body": (408, "Send the whole body within the deadline"),
    "not_ready": (503, "Ask again in a second"),
    "draining": (503, "Ask another worker or machine: this one was told to stop"),
    "full": (503, "Ask again after the seconds of Retry-After"),
    "too_late": (503, "Ask again after the seconds of Retry-After, or for fewer articles at once"),
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
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="newstag"'},
    # What is left of the body would be taken for the next request.
    408: {"Connection": "close"},
    413: {"Connection": "close"},
    503: {"Retry-After": str(RETRY_AFTER)},
}
# A proxy that believes the other length would take the rest for somebody else's request.
_CLOSING = {"two_lengths": {"Connection": "close"}}
_OTHER = ("refused", "See /openapi.json")
_SCHEMA_FIX = "Mend what errors names; /openapi.json has the schema"
_INTERNAL_FIX = "Try again; if it stays, tell the operator, whose log has the cause"


class Refused(Exception):  # noqa: N818 - it names a problem, as HTTPException does
    """A request that is not answered, by a code of those that the service knows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.fix = _REFUSALS[code]


class RefusedBody(Exception):  # noqa: N818 - it names a problem, as HTTPException does
    """A request that is not what the route takes; ``errors`` says where and why."""

    def __init__(
        self, status: int, code: str, errors: Sequence[dict[str, str]], fix: str = ""
    ) -> None:
        super().__init__(status, code, errors)
        self.status = int(status)
        self.code = code
        self.errors = list(errors)
        self.fix = fix or (_HTTP[400][1] if status == 400 else _SCHEMA_FIX)


class Problem(JSONResponse):
    """A problem body: its ``code`` is for programs, ``fix`` for whoever reads the log."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        code: str,
        fix: str,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        self.code = code
        title = _TITLES.get(status, "Refused")
        body = {"type": "about:blank", "title": title, "status": status, "code": code, "fix": fix}
        given = {**_HEADERS.get(status, {}), **(headers or {})}
        super().__init__({**body, **more}, status, given)


def problem_of(error: Exception) -> Problem:
    """The answer to an error, whatever it is; one that nobody foresaw is logged."""
    match error:
        case Refused():
            return Problem(error.status, error.code, error.fix, _CLOSING.get(error.code))
        case RefusedBody():
            return Problem(error.status, error.code, error.fix, errors=error.errors)
        case NewstagError():
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            return Problem(status, "refused", error.fix, detail=f"{error.where}: {error.what}")
        case HTTPException():
            code, fix = _HTTP.get(error.status_code, _OTHER)
            return Problem(error.status_code, code, fix, error.headers)
        case _:
            _log.error("internal error", extra=trace(error))
            return internal_problem()


def internal_problem() -> Problem:
    """The answer to an error that nobody foresaw."""
    return Problem(500, "internal_error", _INTERNAL_FIX)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that a route can answer."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    headers = {
        status: {name: {"schema": {"type": "string"}} for name in named}
        for status, named in _HEADERS.items()
    }
    return {
        status: {
            "description": _TITLES[status],
            "content": content,
            **({"headers": headers[status]} if status in headers else {}),
        }
        for status in statuses
    }


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
