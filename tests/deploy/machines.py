"""Machines that do what they are told, and a client that asks nginx in front of them."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

NAME = "newstag.example.org"


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running nginx: its port with TLS, that without, and the folder of its logs."""

    tls: int
    plain: int
    logs: Path


class Upstream(http.server.ThreadingHTTPServer):
    """A service that gives one status, 0 for no answer, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 200
        self.asked: list[tuple[str, str, int]] = []
        self.ids: list[str] = []


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece, or the other side waits 40 ms for the rest
    server: Upstream

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        self.server.asked.append((self.command, self.path, length))
        self.server.ids.append(self.headers["X-Request-ID"])
        if not self.server.status:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815 - the name is that of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Client(http.client.HTTPSConnection):
    """Trusts the certificate, and asks this machine whatever the name."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._trusted = ssl.create_default_context(cafile=certificate / "fullchain.pem")
        super().__init__(NAME, port, timeout=20, context=self._trusted)

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._trusted.wrap_socket(plain, server_hostname=NAME)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def problem(self) -> str:
        """The code of a problem, which says its own status."""
        assert self.headers["Content-Type"] == "application/problem+json"
        found = json.loads(self.body)
        assert found["status"] == self.status
        return str(found["code"])


def post(client: Client, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Reply:
    kind = {"Content-Type": "application/json"}
    client.request("POST", "/v1/predict", body, kind | (headers or {}))
    return reply(client)


def get(client: Client, path: str) -> Reply:
    client.request("GET", path)
    return reply(client)


def reply(client: Client) -> Reply:
    answer = client.getresponse()
    return Reply(answer.status, answer.headers, answer.read())


def free_ports() -> list[int]:
    """Those that take the place of 443, 80 and 5000."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def await_port(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return
