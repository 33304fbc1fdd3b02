"""The query of a request: what is asked for beside the labels."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request

from serving.problems import RefusedBody

MOST_WORDS = 100  # that an explanation shows for a label


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """``explain`` is how many words of each label to show, 0 for none."""

    explain: int = 0
    truncate: bool = False


_NONE = Query()
_TRUTH = {"true": True, "false": False}
_EXPLAIN = f"not a whole number from 0 to {MOST_WORDS}"


def read_query(request: Request) -> Query:
    """What the query asks for.

    Raises:
        RefusedBody: an unknown parameter, a repeated one, or one with a wrong value.
    """
    if not request.scope["query_string"]:
        return _NONE
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    for name in names:
        if name not in {"explain", "truncate"}:  # its name is the sender's text
            raise _refused("", "an unknown parameter; there are explain and truncate")
        if names.count(name) > 1:
            raise _refused(name, "given more than once")
    values = dict(given)
    explain, truncate = values.get("explain", "0"), values.get("truncate", "false")
    if not (explain.isascii() and explain.isdecimal() and len(explain) <= 3):
        raise _refused("explain", _EXPLAIN)
    if int(explain) > MOST_WORDS:
        raise _refused("explain", _EXPLAIN)
    if truncate not in _TRUTH:
        raise _refused("truncate", "neither true nor false")
    return Query(explain=int(explain), truncate=_TRUTH[truncate])


def _refused(name: str, detail: str) -> RefusedBody:
    return RefusedBody(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "not_a_parameter",
        [{"parameter": name, "detail": detail}],
    )
