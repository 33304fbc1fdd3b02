"""Raw bytes over real sockets: no answer and no log repeats them, and the service lives."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from serving.body import LARGEST_BODY

ROOT = Path(__file__).parents[2]
SECRET = "松雾区绝密标记"  # noqa: S105 - what no answer and no log line may repeat
TOLD = (SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), quote(SECRET).encode())
PREDICT, INVOKE = "/v1/predict", "/invocations"
ARTICLE = json.dumps({"id": "a1", "title": f"{SECRET}甲", "content": f"{SECRET}乙"}).encode()
CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"
INVALID = b"Invalid HTTP request received."  # uvicorn's own words
DEADLINE = 2


def request(  # noqa: PLR0913 - a request has as many parts
    *headers: str,
    body: bytes = ARTICLE,
    method: str = "POST",
    path: str = PREDICT,
    version: str = "HTTP/1.1",
    length: object = None,
    media_type: str = "application/json",
) -> bytes:
    """A request with a length, which is that of the body unless another one or "" is given."""
    lines = [f"{method} {path} {version}", "Host: localhost", f"Content-Type: {media_type}"]
    if length != "":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n", last: str = CLOSE) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + end
    return request(CHUNKED, last, body=body, length="")


class _Bytes(BytesIO):
    """Bytes that several answers are read from, one after the other."""

    def close(self) -> None: ...

    def makefile(self, _: str) -> BytesIO:
        return self


def answers(raw: bytes, method: str = "POST") -> list[tuple[int, bytes]]:
    """Status and body of each answer; all of them are problems, or uvicorn's words, or right."""
    file, found = _Bytes(raw), []
    while file.tell() < len(raw):
        answer = HTTPResponse(file, method=method)  # type: ignore[arg-type] # it reads, no more
        answer.begin()
        body = answer.read()
        found.append((answer.status, body))
        media_type = answer.headers["content-type"]
        if answer.status == 400 and body == INVALID:
            assert media_type == "text/plain; charset=utf-8"
        elif answer.status >= 400:
            assert media_type == "application/problem+json"
            assert method == "HEAD" or json.loads(body)["status"] == answer.status
    return found


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running ``newstag serve``, and what it wrote."""

    address: tuple[str, int]
    log: Path
    answer: bytes

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=DEADLINE + 8)

    def ask(self, raw: bytes, method: str = "POST") -> list[int]:
        return [status for status, _ in answers(self.send(raw), method)]

    def send(self, raw: bytes) -> bytes:
        """What comes back until the connection ends; the service may end it before all is sent."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(raw)
            return received(connection)

    def check(self) -> None:
        """It is well, and told nothing."""
        assert self.send(request(CLOSE)).endswith(b"\r\n\r\n" + self.answer)
        assert self.ask(request(CLOSE, method="GET", path="/healthz", body=b"")) == [200]
        log = self.log.read_bytes()
        assert not [one for one in (*TOLD, b"internal error", b"Traceback") if one in log]


def received(connection: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            found += part
    assert not [one for one in TOLD if one in found]
    return found


@pytest.fixture(scope="module")
def running(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("serve") / "log"
    command = [sys.executable, "-m", "newstag", "serve", "--store", str(trained), "--port", "0"]
    settings = {key: value for key, value in os.environ.items() if not key.startswith("NEWSTAG_")}
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [*command, "--deadline", str(DEADLINE), "--drain", "0"],
            cwd=ROOT,
            env=settings,
            stderr=stderr,
        ) as process,
    ):
        try:
            while not (lines := log.read_bytes().splitlines(keepends=True)):
                assert process.poll() is None
                time.sleep(0.02)
            url = urlsplit(json.loads(lines[0])["url"])
            service = Service(address=(str(url.hostname), int(url.port or 0)), log=log, answer=b"")
            ((status, body),) = answers(service.send(request(CLOSE)))
            assert (status, json.loads(body)["id"]) == (200, "a1")
            yield Service(address=service.address, log=log, answer=body)
        finally:
            process.terminate()


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The running service, which is well after every test."""
    yield running
    running.check()


# A content as JSON, and the status of each route.
CONTENTS: dict[str, tuple[bytes, int, int]] = {
    "NaN": (b"NaN", 422, 422),
    "Infinity": (b"Infinity", 422, 422),
    "-Infinity": (b"-Infinity", 422, 422),
    "1e400": (b"1e400", 422, 422),
    "5,000 digits": (b"9" * 5_000, 400, 400),
    "GBK": (f'"{SECRET}"'.encode("gbk"), 400, 400),
    "a raw surrogate": (b'"\xed\xa0\x80"', 400, 400),
    "half an emoji": (b'"\\ud83d"', 400, 400),
    "halves of an emoji turned round": (b'"\\ude00\\ud83d"', 400, 400),
    "an overlong NUL": (b'"\xc0\x80"', 400, 400),
    "beyond Unicode": (b'"\xf4\x90\x80\x80"', 400, 400),
    "a raw NUL": (b'"\0"', 400, 400),
    "an escaped NUL": (b'"\\u0000"', 200, 200),
    "a raw line feed": (b'"\n"', 400, 400),
    "1 MiB of one character": (b'"' + b"a" * (1 << 20) + b'"', 422, 200),
    "100,000 combining marks": (('"e' + "\u0301" * 100_000 + '"').encode(), 422, 200),
    "20,000 combining marks": (('"' + "\u0301" * 20_000 + '"').encode(), 200, 200),
    "20,000 emoji": (('"' + "😀" * 20_000 + '"').encode(), 200, 200),
    "20,000 emoji, escaped": (b'"' + b"\\ud83d\\ude00" * 20_000 + b'"', 200, 200),
    "20,001 characters": (('"' + "绝" * 20_001 + '"').encode(), 422, 200),
    "100,000 arrays": (b"[" * 100_000 + b"]" * 100_000, 400, 400),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, 400),
    "twice": (b'"", "content": ""', 200, 200),
    "a comma after it": (b'"",', 400, 400),
    "a comment": (b'"" // ' + SECRET.encode(), 400, 400),
}


@pytest.mark.parametrize(("content", "predicted", "invoked"), CONTENTS.values(), ids=CONTENTS)
def test_any_content_is_answered_or_refused(
    service: Service, content: bytes, predicted: int, invoked: int
) -> None:
    body = b'{"title": "%b", "content": %b}' % (SECRET.encode(), content)
    assert service.ask(request(CLOSE, body=body)) == [predicted]
    rows = b'{"inputs": [%b]}' % body
    assert service.ask(request(CLOSE, body=rows, path=INVOKE)) == [invoked]


# A whole body, and the status of each route.
BODIES: dict[str, tuple[bytes, int, int]] = {
    "nothing": (b"", 400, 400),
    "a BOM": (b"\xef\xbb\xbf" + ARTICLE, 400, 422),
    "GBK": (SECRET.encode("gbk"), 400, 400),
    "UTF-16": (ARTICLE.decode().encode("utf-16"), 400, 400),
    "UTF-32": (ARTICLE.decode().encode("utf-32"), 400, 400),
    "NaN": (b"NaN", 422, 422),
    "NUL": (b"\0", 400, 400),
    "1 MiB of one character": (b"a" * (1 << 20), 400, 400),
    "1 MiB of zeros": (b"0" * (1 << 20), 400, 400),
    "1 MiB of digits": (b"9" * (1 << 20), 400, 400),
    "100,000 open brackets": (b"[" * 100_000, 400, 400),
    "100,000 open objects": (b'{"a":' * 100_000, 400, 400),
    "no article": (b"[]", 422, 422),
    "64 articles": (b"[" + b",".join([ARTICLE] * 64) + b"]", 200, 422),
    "65 articles": (b"[" + b",".join([ARTICLE] * 65) + b"]", 422, 422),
    "65 rows": (b'{"inputs": [' + b",".join([ARTICLE] * 65) + b"]}", 422, 200),
    "5,001 rows": (b'{"inputs": [' + b",".join([b"{}"] * 5_001) + b"]}", 422, 422),
    "20,000 unknown keys": (
        json.dumps({f"{SECRET}{at}": at for at in range(20_000)}).encode(),
        422,
        422,
    ),
    "4 MiB": (ARTICLE.rjust(LARGEST_BODY), 200, 422),
}


@pytest.mark.parametrize(("body", "predicted", "invoked"), BODIES.values(), ids=BODIES)
def test_any_body_is_answered_or_refused(
    service: Service, body: bytes, predicted: int, invoked: int
) -> None:
    assert service.ask(request(CLOSE, body=body)) == [predicted]
    assert service.ask(request(CLOSE, body=body, path=INVOKE)) == [invoked]


@pytest.mark.parametrize("path", [PREDICT, INVOKE])
def test_what_is_left_of_a_body_that_is_too_large_is_no_request(
    service: Service, path: str
) -> None:
    large = request(body=ARTICLE.rjust(LARGEST_BODY + 1), path=path)
    assert service.ask(large + request(CLOSE)) == [413]


@pytest.mark.parametrize(
    "content", ["绝" * 20_001, "e" + "\u0301" * 100_000, "a" * (1 << 20), "\0" * 20_001]
)
def test_a_long_text_is_cut_where_that_is_asked_for(service: Service, content: str) -> None:
    body = json.dumps({"title": SECRET, "content": content}).encode()
    path = f"{PREDICT}?truncate=true"
    ((status, answer),) = answers(service.send(request(CLOSE, body=body, path=path)))
    assert status == 200
    assert "truncated" in json.loads(answer)["reasons"]


@pytest.mark.parametrize(
    ("media_type", "predicted", "invoked"),
    [
        ("text/plain", 415, 415),
        ("text/csv", 415, 422),
        ("application/x-www-form-urlencoded", 415, 415),
        ("multipart/form-data; boundary=x", 415, 415),
        ("APPLICATION/JSON ; charset=gbk", 200, 422),
        ("application/json, text/plain", 415, 415),
        ("", 415, 415),
        (";", 415, 415),
        (SECRET.encode().decode("latin-1"), 415, 415),
        ("a" * 60_000, 415, 415),
    ],
)
def test_any_content_type_is_taken_or_refused(
    service: Service, media_type: str, predicted: int, invoked: int
) -> None:
    assert service.ask(request(CLOSE, media_type=media_type)) == [predicted]
    assert service.ask(request(CLOSE, media_type=media_type, path=INVOKE)) == [invoked]


HALF = len(ARTICLE) // 2
FRAMES: dict[str, tuple[bytes, list[int]]] = {
    "chunks": (chunked(ARTICLE[:HALF], ARTICLE[HALF:]), [200]),
    "a byte a chunk": (chunked(*(ARTICLE[at : at + 1] for at in range(len(ARTICLE)))), [200]),
    "trailers": (chunked(ARTICLE, end=f"0\r\nX-A: {SECRET}\r\n\r\n".encode()), [200]),
    "a chunk with a word": (
        request(
            CHUNKED,
            CLOSE,
            length="",
            body=b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(ARTICLE), ARTICLE),
        ),
        [200],
    ),
    "chunks that are too large": (
        chunked(*[b" " * (1 << 20)] * 5, last="X-A: b") + request(CLOSE),
        [413],
    ),
    "chunks and a length": (request(CHUNKED, body=b"0\r\n\r\n" + request(), length=5), [400]),
    "no size of a chunk": (request(CHUNKED, length="", body=SECRET.encode() + b"\r\n"), [400]),
    "a negative size": (request(CHUNKED, length="", body=b"-5\r\n" + ARTICLE), [400]),
    "a huge size": (request(CHUNKED, length="", body=b"f" * 30 + b"\r\n" + ARTICLE), [400]),
    "a chunk beyond its size": (request(CHUNKED, length="", body=b"5\r\n" + ARTICLE), [400]),
    "another coding": (request("Transfer-Encoding: gzip", length=""), [400]),
    "two codings": (request("Transfer-Encoding: gzip, chunked", length=""), [400]),
    "no coding": (request(f"Transfer-Encoding: {TOLD[0].decode('latin-1')}", length=""), [400]),
    "a negative length": (request(length=-1), [400]),
    "a length in words": (request(length=TOLD[0].decode("latin-1")), [400]),
    "a length with a sign": (request(length=f"+{len(ARTICLE)}"), [400]),
    "a hexadecimal length": (request(length="0x10"), [400]),
    "a length of 5,000 digits": (request(length="9" * 5_000), [400]),
    "two lengths": (request(f"Content-Length: {len(ARTICLE) + 1}"), [400]),
    "one length twice": (request(f"Content-Length: {len(ARTICLE)}", CLOSE), [200]),
    "a length of 10^20 - 1": (request(CLOSE, length="9" * 20), [413]),
    # The rest is taken for the next request, which is none.
    "a length that is too short": (request(length=10) + b"\r\n\r\n", [400, 400]),
    "HTTP/1.0": (request(version="HTTP/1.0"), [200]),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", [400]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), [400]),
    "words": (SECRET.encode() + b"\r\n\r\n", [400]),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", [400]),
    "two hosts": (request("Host: elsewhere"), [400]),
    "an upgrade": (request(CLOSE + ", Upgrade", "Upgrade: h2c"), [200]),
    "a websocket": (
        request(CLOSE + ", Upgrade", "Upgrade: websocket", method="GET", body=b""),
        [405],
    ),
    "a header of 60,000 characters": (request(CLOSE, "X-A: " + "a" * 60_000), [200]),
    "1,000 headers": (request(CLOSE, *(f"X-{at}: a" for at in range(1_000))), [200]),
    "NUL in a header": (request("X-A: \0"), [400]),
    "a header without a value": (request(TOLD[2].decode()), [400]),
    "a folded header": (request(CLOSE, "X-A: a\r\n b"), [200]),
    "a key of 60,000 characters": (request(CLOSE, "Authorization: Bearer " + "a" * 60_000), [200]),
    "three requests at once": (request() * 2 + request(CLOSE), [200, 200, 200]),
    "a wrong one between": (request() + request(body=b"x") + request(CLOSE), [200, 400, 200]),
    "a body where none is read": (
        request(method="GET", path="/healthz")
        + request(path="/nowhere")
        + request(method="PUT")
        + request(path=f"{PREDICT}?x")
        + request(media_type="text/plain")
        + request(CLOSE),
        [200, 404, 405, 422, 415, 200],
    ),
}


@pytest.mark.parametrize(("raw", "statuses"), FRAMES.values(), ids=FRAMES)
def test_any_frame_is_read_or_refused(service: Service, raw: bytes, statuses: list[int]) -> None:
    assert service.ask(raw) == statuses


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /" + b"a" * (1 << 20),
        b"GET / HTTP/1.1\r\nX-A: " + b"a" * (1 << 20),
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100_000,
        request(CHUNKED, length="", body=b"1;" + b"a" * (1 << 20)),
    ],
    ids=["a path", "a header", "headers", "a chunk's size"],
)
def test_what_has_no_end_is_cut_off(service: Service, raw: bytes) -> None:
    # The connection may be reset before the answer is read.
    assert service.ask(raw) in ([400], [])


METHODS = ["HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT", "post", "BREW", "M" * 5_000]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method[:9])
@pytest.mark.parametrize("path", [PREDICT, INVOKE])
def test_another_method_is_refused(service: Service, method: str, path: str) -> None:
    raw = request(CLOSE, method=method, path=path, body=b"")
    assert service.ask(raw, method) == [405]


PATHS = {
    "/" + "a" * 60_000: 404,
    f"/{quote(SECRET)}": 404,
    f"{PREDICT}/{quote(SECRET)}": 404,
    f"{PREDICT}/?{quote(SECRET)}": 404,
    f"{PREDICT}?{quote(SECRET)}={quote(SECRET)}": 422,
    f"{PREDICT}?explain={quote(SECRET)}": 422,
    f"{PREDICT}?explain=" + "9" * 5_000: 422,
    f"{PREDICT}?explain=%EF%BC%91": 422,  # a full-width 1
    f"{PREDICT}?explain=1&explain=2": 422,
    f"{PREDICT}?truncate=%00": 422,
    f"{PREDICT}?%00=%ff%fe": 422,
    f"{PREDICT}?" + "&".join("a=b" for _ in range(10_000)): 422,
    f"{PREDICT}%00": 404,
    f"{PREDICT}\0": 400,
    "/v1%2Fpredict": 200,  # the same by ASGI, which hands paths over decoded
    "/%ff%fe%zz%": 404,
    "/\x80\xff": 400,
    "/a b": 400,
    "//v1/predict": 404,
    "/v1/../v1/predict": 404,
    f"http://localhost{PREDICT}": 404,
    "*": 404,
    "": 400,
}


@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=lambda given: str(given)[:30])
def test_any_path_is_found_or_not(service: Service, path: str, status: int) -> None:
    assert service.ask(request(CLOSE, path=path)) == [status]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.b:c/d_e-1+f=@g", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        ("a b", False),
        ('a","status":"200', False),
        (SECRET.encode().decode("latin-1"), False),
    ],
)
def test_an_odd_request_id_gives_way_to_one_of_ours(
    service: Service, given: str, kept: bool
) -> None:
    raw = service.send(request(CLOSE, f"X-Request-ID: {given}"))
    assert (f"\r\nx-request-id: {given}\r\n".encode() in raw) is kept
    assert len(re.findall(rb"\r\nx-request-id: [!-~]+\r\n", raw)) == 1


def test_a_body_is_asked_for_where_the_client_waits_for_that(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(request(CLOSE, "Expect: 100-continue")[: -len(ARTICLE)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ARTICLE)
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_does_not_come_is_waited_for_until_the_deadline(service: Service) -> None:
    with service.connect() as less, service.connect() as cut:
        less.sendall(request(length=len(ARTICLE) + 1))
        cut.sendall(chunked(ARTICLE, end=b"5\r\n"))
        for connection in (less, cut):
            assert [status for status, _ in answers(received(connection))] == [408]


@pytest.mark.parametrize("raw", [request(), chunked(ARTICLE)], ids=["a length", "chunks"])
def test_a_client_may_go_at_any_time(service: Service, raw: bytes) -> None:
    for stop in range(0, len(raw), 7):
        with service.connect() as connection:  # closed, half of it first
            connection.sendall(raw[:stop])
            connection.shutdown(socket.SHUT_WR)
            assert {status for status, _ in answers(received(connection))} <= {400}
        with service.connect() as connection:  # reset
            connection.sendall(raw[:stop])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for _ in range(20):  # gone before the answer
        with service.connect() as connection:
            connection.sendall(raw)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_what_is_left_of_a_body_that_nobody_reads_is_not_read(service: Service) -> None:
    """A connection that went on would swallow gigabytes, and needs no key for that."""
    large = {"length": 100_000, "body": b"", "media_type": "text/plain"}
    assert service.ask(request(**large)) == [415]  # type: ignore[arg-type] # as above
    endless = chunked(ARTICLE, end=b"", last="X-A: b").replace(b"application/json", b"text/plain")
    assert service.ask(endless) == [415]
    assert service.ask(request(CHUNKED, length="", body=b"", method="GET", path="/healthz")) == [
        200
    ]


def test_a_large_answer_reaches_who_takes_it(service: Service) -> None:
    body = json.dumps([{"title": "甲", "content": "，" * 20_000}] * 2).encode()
    raw = request(CLOSE, path=f"{PREDICT}?explain=100", body=body)
    ((status, answer),) = answers(service.send(raw))
    assert (status, len(json.loads(answer)), len(answer) > 1_000_000) == (200, 2, True)
