from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.exchange import Exchange, exchange_of

ROUTES = frozenset({"/v1/predict", "/metrics"})
OURS = re.compile("[0-9a-f]{16}")


def exchange(method: str = "GET", path: str = "/metrics", given: bytes | None = None) -> Exchange:
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path}
    headers = {} if given is None else {b"x-request-id": given}
    return exchange_of(scope, headers, ROUTES, 100.0, 7.5)


def test_an_exchange_begins_with_nothing_done() -> None:
    assert exchange("POST", "/v1/predict", b"a1") == Exchange(
        id="a1", method="POST", route="/v1/predict", began=100.0, deadline=107.5
    )


@pytest.mark.parametrize(
    "path", ["/nowhere", "/metrics/", "/METRICS", "", "other", "/v1/predict/x"]
)
def test_a_path_that_the_service_does_not_have_is_other(path: str) -> None:
    assert exchange(path=path).route == "other"


@pytest.mark.parametrize("method", ["BREW", "get", "", 'GET"'])
def test_a_method_that_nobody_knows_is_other(method: str) -> None:
    assert exchange(method).method == "other"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_a_known_method_is_itself(method: str) -> None:
    assert exchange(method).method == method


@pytest.mark.parametrize("given", [b"a", b"A-z_0.9:/+=@" * 9, b"a" * 128])
def test_a_well_formed_id_is_taken_over(given: bytes) -> None:
    assert exchange(given=given).id == given.decode()


@pytest.mark.parametrize("given", [None, b"", b"a" * 129, b"a b", b"a\n", b"\xff", "号".encode()])
def test_another_id_gives_way_to_one_of_our_own(given: bytes | None) -> None:
    assert OURS.fullmatch(exchange(given=given).id)


@given(st.binary(max_size=200))
def test_an_id_needs_no_escaping_whatever_was_sent(sent: bytes) -> None:
    assert re.fullmatch("[A-Za-z0-9._:/+=@-]{1,128}", exchange(given=sent).id)


def test_ids_of_our_own_differ() -> None:
    assert len({exchange().id for _ in range(100)}) == 100
