"""What every request passes: an id, headers, a line, and problems that tell nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message

from serving.app import create_app
from serving.edge import Edge
from serving.keys import KeyFile
from serving.live import Loaded
from serving.settings import Settings

ARTICLE = {"title": "青石", "content": "湖水清澈"}
SECRET = "松雾区绝密标记"  # noqa: S105 - what no answer and no log line may repeat

Lines = list[dict[str, Any]]
Read = Callable[[], Lines]


@pytest.fixture
def edge(tmp_path: Path, loaded: Loaded) -> Edge:
    return create_app(Settings(store=tmp_path, model=str(loaded.folder)), loaded)


@pytest.fixture
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Read:
    """The lines of the requests since the last time."""

    def read() -> Lines:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def break_endpoint(edge: Edge, path: str, error: BaseException) -> None:
    async def fail(_: Request) -> Response:
        raise error

    edge.endpoints = {**edge.endpoints, ("GET", path): fail}


# Its id


@pytest.mark.parametrize(
    "given", ["a", "4f1c-77", "Root=1-67891233-abcdef012345678912345678", "._:/+=@-", "a" * 128]
)
def test_a_well_formed_request_id_is_echoed_and_logged(
    client: TestClient, lines: Read, given: str
) -> None:
    answer = client.get("/v1/model", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == given
    assert [line["request_id"] for line in lines()] == [given]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a" * 129,
        "a b",
        "a\tb",
        '"',
        "\\",
        "a,b",
        "<b>",
        "{}",
        "é",
        SECRET,
        "\u2028",
        "a\nb",
        "a\r\nSet-Cookie: b=1",
        "a\0",
    ],
)
def test_another_request_id_is_replaced(client: TestClient, lines: Read, given: str) -> None:
    headers = [(b"x-request-id", given.encode())]
    first = client.get("/v1/model", headers=headers).headers["x-request-id"]
    second = client.get("/v1/model", headers=headers).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert first != second
    assert [line["request_id"] for line in lines()] == [first, second]


def test_without_a_request_id_each_gets_its_own(client: TestClient) -> None:
    given = {client.get("/healthz").headers["x-request-id"] for _ in range(9)}
    assert len(given) == 9


# Its headers

SECURE = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
ASKED = {
    "200": ("GET", "/v1/model", 200),
    "a probe": ("GET", "/healthz", 200),
    "another probe": ("GET", "/readyz", 200),
    "a ping": ("GET", "/ping", 200),
    "metrics": ("GET", "/metrics", 200),
    "OpenAPI": ("GET", "/openapi.json", 200),
    "a slash too many": ("GET", "/v1/model/", 404),
    "404": ("GET", "/nowhere", 404),
    "405": ("DELETE", "/v1/predict", 405),
    "400": ("POST", "/v1/predict", 400),
    "422": ("POST", "/v1/predict?fly=1", 422),
    "500": ("GET", "/v1/labels", 500),
}


@pytest.mark.parametrize(("method", "path", "status"), ASKED.values(), ids=ASKED)
def test_every_answer_has_the_headers_that_protect_it(
    client: TestClient, edge: Edge, method: str, path: str, status: int
) -> None:
    break_endpoint(edge, "/v1/labels", RuntimeError())
    answer = client.request(method, path, follow_redirects=False)
    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in SECURE} == {
        name: [value] for name, value in SECURE.items()
    }
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert {"connection", "set-cookie", "server"}.isdisjoint(answer.headers)


def test_a_refused_key_gets_them_too(client: TestClient, edge: Edge) -> None:
    KeyFile(edge.service.settings.keys).add("desk", ["predict"])
    edge.service.access.look()
    answer = client.get("/v1/model")
    assert answer.status_code == 401
    assert SECURE.items() <= dict(answer.headers).items()


def test_the_page_of_openapi_may_load_what_it_shows(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; ")
    assert policy.endswith("; frame-ancestors 'none'")
    allowed = set(re.findall(r"https://[^ ;]+", policy))
    loaded = set(re.findall(r'(?:src|href)="(https://[^/"]+)', answer.text))
    assert loaded == allowed


def test_other_sites_may_not_ask_through_a_browser(client: TestClient) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    asked = client.options("/v1/predict", headers=headers)
    answered = client.post("/v1/predict", json=ARTICLE, headers=headers)
    assert (asked.status_code, answered.status_code) == (405, 200)
    for answer in (asked, answered):
        assert not any(name.startswith("access-control") for name in answer.headers)


# Its line


def test_an_answer_is_logged_with_what_was_done(
    client: TestClient, lines: Read, loaded: Loaded
) -> None:
    client.post("/v1/predict", json=[ARTICLE, ARTICLE])
    (line,) = lines()
    assert line.pop("seconds") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert re.fullmatch("[0-9a-f]{16}", line.pop("request_id"))
    assert line == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "route": "/v1/predict",
        "status": 200,
        "articles": 2,
        "characters": 12,
        "review": 2,
        "model": loaded.manifest.version,
    }


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (f"GET /{SECRET}", "GET other 404 not_found"),
        ("GET /v1/predict", "GET /v1/predict 405 method_not_allowed"),
        ("BREW /v1/predict", "other /v1/predict 405 method_not_allowed"),
        (f"POST /v1/predict?{SECRET}=1", "POST /v1/predict 422 not_a_parameter"),
        ("POST /v1/predict", "POST /v1/predict 400 not_json"),
    ],
)
def test_a_problem_is_logged_and_counted_by_its_code(
    client: TestClient, lines: Read, counted: Callable[..., float], sent: str, expected: str
) -> None:
    method, path = sent.split(" ")
    code = client.request(method, path).json()["code"]
    (line,) = lines()
    assert f"{line['method']} {line['route']} {line['status']} {line.get('code')}" == expected
    assert code == line["code"]
    page = client.get("/metrics").content
    assert counted(page, "newstag_refused_requests_total", code=code) == 1


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/ping", "/metrics"])
def test_a_probe_is_logged_when_it_says_no_only(
    client: TestClient, edge: Edge, lines: Read, path: str
) -> None:
    client.get(path)
    assert lines() == []
    break_endpoint(edge, path, RuntimeError())
    client.get(path)
    assert [(line["route"], line["status"]) for line in lines()] == [(path, 500)]


# Draining


@pytest.fixture
def draining(edge: Edge, client: TestClient) -> TestClient:
    """A client of the service after it was told to stop."""
    edge.service.live.draining = True
    return client


@pytest.mark.parametrize("path", ["/readyz", "/ping"])
def test_while_draining_it_is_not_ready(draining: TestClient, path: str) -> None:
    answer = draining.get(path)
    assert answer.status_code == 503
    assert answer.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "code": "draining",
        "fix": "Ask another worker or machine: this one was told to stop",
    }
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/model", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/v1/predict", 200),
    ],
)
def test_while_draining_it_answers_and_closes_each_connection(
    draining: TestClient, method: str, path: str, status: int
) -> None:
    answer = draining.request(method, path, json=ARTICLE if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers["connection"] == "close"


# Errors


def test_an_unforeseen_error_is_logged_with_its_trace_and_without_its_message(
    client: TestClient, edge: Edge, lines: Read, logged: Lines
) -> None:
    break_endpoint(edge, "/v1/model", RuntimeError(SECRET))
    answer = client.get("/v1/model", headers={"X-Request-ID": "a1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    (error,) = logged
    assert (error["level"], error["event"], error["error"]) == (
        "error",
        "internal error",
        "RuntimeError",
    )
    assert [place.rsplit(" ", 1)[1] for place in error["trace"]] == ["_answer", "fail"]
    assert re.fullmatch(r".*/tests/serving/test_edge\.py:\d+ fail", error["trace"][-1])
    asked = lines()
    assert [(line["status"], line["code"]) for line in asked if line["event"] == "request"] == [
        (500, "internal_error")
    ]
    told = answer.text + str(answer.headers) + json.dumps([logged, asked], ensure_ascii=False)
    assert SECRET not in told


def test_an_error_behind_another_one_tells_nothing_either(
    client: TestClient, edge: Edge, lines: Read, logged: Lines
) -> None:
    error = ValueError(SECRET)
    error.__cause__ = KeyError(SECRET)
    break_endpoint(edge, "/v1/model", error)
    answer = client.get("/v1/model")
    assert answer.status_code == 500
    assert [line["error"] for line in logged] == ["ValueError"]
    assert SECRET not in answer.text + json.dumps([logged, lines()], ensure_ascii=False)


def test_an_error_that_fastapi_answers_is_a_problem_too(
    client: TestClient, edge: Edge, lines: Read, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(edge.app, "openapi", fail)
    answer = client.get("/openapi.json")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"
    assert SECRET not in answer.text
    assert [line["error"] for line in logged] == ["RuntimeError"]
    assert [line["code"] for line in lines() if line["event"] == "request"] == ["internal_error"]


def ask(edge: Edge, *messages: Message, path: str = "/v1/predict") -> list[Message]:
    """What is sent to a client that sends these messages and nothing after."""
    sent: list[Message] = []
    rest = list(messages)

    async def receive() -> Message:
        return rest.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(edge(scope, receive, send))
    return sent


def test_a_client_that_goes_away_is_logged_and_counted_and_no_error(
    edge: Edge, lines: Read, logged: Lines, counted: Callable[..., float]
) -> None:
    body: Message = {"type": "http.request", "body": b'{"title', "more_body": True}
    assert ask(edge, body, {"type": "http.disconnect"}) == []
    (line,) = lines()
    assert (line["route"], line["status"], line.get("code")) == ("/v1/predict", 499, None)
    assert logged == []
    page, name = edge.service.metrics.page(), "newstag_request_duration_seconds_count"
    assert counted(page, name, route="/v1/predict", code="499") == 1


def test_what_a_client_held_is_freed_when_it_goes_away(edge: Edge) -> None:
    body: Message = {"type": "http.request", "body": b" " * 4_000_000, "more_body": True}
    for _ in range(10):  # more than may be held at once
        assert ask(edge, body, {"type": "http.disconnect"}) == []


def test_a_request_that_is_cancelled_is_logged_as_one_that_nobody_waits_for(
    edge: Edge, lines: Read
) -> None:
    break_endpoint(edge, "/v1/model", asyncio.CancelledError())
    edge.endpoints = {("POST", "/v1/model"): edge.endpoints["GET", "/v1/model"]}
    with pytest.raises(asyncio.CancelledError):
        ask(edge, path="/v1/model")
    assert [line["status"] for line in lines()] == [499]


def test_the_problem_of_a_request_is_not_that_of_the_next(
    client: TestClient, lines: Read, counted: Callable[..., float]
) -> None:
    client.post("/v1/predict", json={"title": 1, "content": ""})
    client.post("/v1/predict", json=ARTICLE)
    client.post("/v1/predict", content=b"")
    found = [(line["status"], line.get("code"), line.get("articles")) for line in lines()]
    assert found == [(422, "not_an_article", None), (200, None, 1), (400, "not_json", None)]
    page = client.get("/metrics").content
    codes = ("not_an_article", "not_json", "internal_error")
    counts = [counted(page, "newstag_refused_requests_total", code=code) for code in codes]
    assert counts == [1, 1, 0]
