"""The codes of problems: when each comes, with the status and the fix that the service gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving.problems import _HTTP, _INTERNAL_FIX, _OTHER, _REFUSALS, _SCHEMA_FIX

# What a body or a query is refused with: status by code. A test holds it against the code.
REFUSED_BODIES = {
    "not_json": 400,
    "not_an_article": 422,
    "not_an_invocation": 422,
    "not_a_parameter": 422,
}
_WHEN = {
    "two_lengths": "Content-Length and Transfer-Encoding both came: a proxy may believe the other",
    "no_key": "keys are in force, and none came, or one that is unknown or revoked",
    "not_in_scope": "the key has not the scope of this route",
    "answer_too_large": "answer and body would take over 32 MiB: 64 long ones with `explain=100`",
    "slow_body": "the body did not come within `--deadline`",
    "not_ready": "no model is loaded yet",
    "draining": "the worker was told to stop",
    "full": "the worker has `--queue` requests under way, or holds 128 MiB of bodies and answers",
    "too_late": "the request was not answered within `--deadline`",
    "bad_request": "what came is no request that can be read",
    "not_found": "there is no such path",
    "method_not_allowed": "the path has not this method",
    "body_too_large": "the body is over 4 MiB",
    "unsupported_media_type": "the body is of another media type than the route takes",
    "not_json": "the body is not JSON in UTF-8; `errors` says where",
    "not_an_article": "an article or the list is not as it is taken; `errors` has up to 20 faults",
    "not_an_invocation": "the rows are not as they are taken; `errors` has up to 20 faults",
    "not_a_parameter": "an unknown or repeated parameter or a wrong value; `errors` says which",
    "internal_error": "nobody foresaw it; the log has where, never what was sent",
    "refused": "any other error of newstag, or of HTTP",
}
_TAGGING = ("/v1/predict", "/invocations")
# Where a code does not come on every route that has its status.
_ROUTES = {
    "answer_too_large": _TAGGING,
    "slow_body": _TAGGING,
    "draining": ("/readyz", "/ping"),
    "full": _TAGGING,
    "too_late": _TAGGING,
    "bad_request": (),
    "not_json": _TAGGING,
    "not_an_article": ("/v1/predict",),
    "not_an_invocation": ("/invocations",),
    "not_a_parameter": ("/v1/predict",),
}


@dataclass(frozen=True, slots=True)
class Code:
    """A code of problems, for programs."""

    status: int | str
    code: str
    when: str
    fix: str


def codes() -> Iterator[Code]:
    """Every code, by status."""
    found = [(status, code, fix) for code, (status, fix) in _REFUSALS.items()]
    found += [(status, code, fix) for status, (code, fix) in _HTTP.items()]
    for code, status in REFUSED_BODIES.items():
        found.append((status, code, _HTTP[400][1] if status == 400 else _SCHEMA_FIX))
    found.append((500, "internal_error", _INTERNAL_FIX))
    for status, code, fix in sorted(found, key=lambda one: one[0]):
        yield Code(status, code, _WHEN[code], fix)
    other, fix = _OTHER
    yield Code("other", other, _WHEN[other], fix)


def codes_of(path: str, status: str) -> list[str]:
    """The codes that a route answers with a status."""
    of_status = [one.code for one in codes() if str(one.status) == status]
    return [code for code in of_status if path in _ROUTES.get(code, (path,))]
