"""What nginx as it ships refuses by itself, in the form of a problem, and what it logs."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time

import pytest

from tests.deploy.machines import NAME, Client, Proxy, Reply, Upstream, get, post, reply


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics/"])
def test_counts_stay_inside(path: str, client: Client, upstreams: list[Upstream]) -> None:
    answer = get(client, path)
    assert (answer.status, answer.problem()) == (404, "not_found")
    assert [one.asked for one in upstreams] == [[], []]


def test_a_body_of_4_mib_passes_and_a_byte_more_does_not(
    client: Client, upstreams: list[Upstream]
) -> None:
    size = 4 * 1024 * 1024
    assert post(client, b" " * size).status == 200
    assert [length for one in upstreams for _, _, length in one.asked] == [size]
    # Without the body: who sends it anyway may see a reset before the answer.
    answer = post(client, headers={"Content-Length": str(size + 1)})
    assert (answer.status, answer.problem()) == (413, "body_too_large")


def test_where_nobody_answers_a_problem_says_when_to_come_back(
    client: Client, upstreams: list[Upstream]
) -> None:
    for one in upstreams:
        one.status = 0
    answer = post(client)
    assert (answer.status, answer.problem()) == (503, "not_ready")
    assert answer.headers["Retry-After"] == "2"


def test_another_name_gets_no_connection(proxy: Proxy) -> None:
    asking = ssl.create_default_context()
    plain = socket.create_connection(("127.0.0.1", proxy.tls), 5)
    with plain, pytest.raises(ssl.SSLError, match="unrecognized name"):
        asking.wrap_socket(plain, server_hostname="other.example.org")


def test_another_name_after_the_handshake_gets_no_answer(
    client: Client, upstreams: list[Upstream]
) -> None:
    client.request("GET", "/", headers={"Host": "other.example.org"})
    with pytest.raises(http.client.RemoteDisconnected):
        client.getresponse()
    assert [one.asked for one in upstreams] == [[], []]


RAW = {
    "two names": f"GET / HTTP/1.1\r\nHost: {NAME}\r\nHost: {NAME}\r\n\r\n".encode(),
    "no HTTP": b"good day to you\r\n\r\n",
}


@pytest.mark.parametrize("sent", ["long path", "long header", "two names", "no HTTP", "no TLS"])
def test_what_is_not_understood_is_a_problem_too(sent: str, client: Client, proxy: Proxy) -> None:
    if sent == "no TLS":
        asking = http.client.HTTPConnection("127.0.0.1", proxy.tls, timeout=5)
        asking.request("GET", "/", headers={"Host": NAME})
        plain = asking.getresponse()
        answer = Reply(plain.status, plain.headers, plain.read())
        asking.close()
    elif sent in RAW:
        client.connect()
        client.sock.sendall(RAW[sent])
        raw = http.client.HTTPResponse(client.sock)
        raw.begin()
        answer = Reply(raw.status, raw.headers, raw.read())
    elif sent == "long path":
        answer = get(client, "/" + "a" * 9_000)
    else:
        answer = post(client, headers={"X-Long": "a" * 9_000})
    assert (answer.status, answer.problem()) == (400, "bad_request")
    assert answer.headers["X-Request-ID"]


# The last ones use up what an address may ask.


def test_who_asks_too_often_is_told_so(client: Client) -> None:
    answers = [post(client) for _ in range(80)]
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 429}
    last = answers[-1]
    assert (last.status, last.problem()) == (429, "too_many")
    assert last.headers["Retry-After"] == "1"
    assert len(last.headers["X-Request-ID"]) == 32


def test_no_log_has_a_query_or_a_body(
    client: Client, proxy: Proxy, upstreams: list[Upstream]
) -> None:
    for one in upstreams:
        one.status = 0  # what nginx would complain of with the whole line of the request
    client.request("POST", "/v1/predict?key=in-the-query", b'{"title": "in-the-body"}')
    assert reply(client).status in {429, 503}
    for number in range(60):
        client.request("GET", f"/v1/model?key=in-the-query&{number}")
        reply(client)
    plain = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=5)
    plain.request("GET", "/over-http?key=in-the-query", headers={"Host": NAME})
    answer = plain.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"] == f"https://{NAME}/over-http?key=in-the-query"
    plain.close()
    end = time.monotonic() + 10  # a line is written after the answer
    while "/over-http" not in (proxy.logs / "newstag.log").read_text("utf-8"):
        assert time.monotonic() < end
    logs = {path.name: path.read_text("utf-8") for path in proxy.logs.glob("*.log")}
    assert {"newstag.log", "newstag.error.log"} <= set(logs)
    lines = [json.loads(line) for line in logs["newstag.log"].splitlines()]
    assert {"/over-http", "/v1/model"} <= {line["path"] for line in lines}
    assert 429 in {line["status"] for line in lines}
    assert [name for name, text in logs.items() if "in-the-" in text] == []
