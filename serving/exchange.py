"""An exchange: one request, and what is noted of it while it is answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

# What a log line and a header can hold as it is.
_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
OTHER = "other"


@dataclass(kw_only=True, slots=True)
class Exchange:
    """``route`` is a path that the service has, or "other"; ``key`` the name of the key used.

    ``began`` and ``deadline`` are on the clock of ``time.perf_counter``, in seconds. ``status``
    is 0 until an answer begins; ``shown`` says that it is for people, and ``lasts`` that it may be
    kept. ``read`` says that the body is there, and ``held`` are the bytes of body and answer that
    are in memory.
    """

    id: str
    method: str
    route: str
    began: float
    deadline: float
    entered: bool = False
    read: bool = False
    held: int = 0
    key: str = ""
    status: int = 0
    shown: bool = False
    lasts: bool = False
    code: str = ""
    articles: int = 0
    characters: int = 0
    review: int = 0
    model: str = ""


def exchange_of(
    scope: Scope,
    headers: Mapping[bytes, bytes],
    routes: frozenset[str],
    began: float,
    allowed: float,
) -> Exchange:
    """The exchange that a request opens; ``allowed`` seconds are its deadline.

    An X-Request-ID of at most 128 letters, digits and ``._:/+=@-`` is taken over; any other one,
    or none, gives way to one of our own.
    """
    given = headers.get(b"x-request-id", b"")
    method, path = scope["method"], scope["path"]
    return Exchange(
        id=given.decode("ascii") if _ID.fullmatch(given) else secrets.token_hex(8),
        method=method if method in _METHODS else OTHER,
        route=path if path in routes else OTHER,
        began=began,
        deadline=began + allowed,
    )
