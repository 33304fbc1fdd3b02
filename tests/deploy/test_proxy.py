"""nginx as it ships, in front of two services that do what they are told."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, Tool

NAME = "newstag.example.org"
FILES = ("nginx.conf", "nginx-mlflow.conf")


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, tool: Tool) -> Path:
    """A folder with a certificate of our own."""
    folder = tmp_path_factory.mktemp("certificate")
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    done = tool("openssl", *made, *files, *names)
    assert done.returncode == 0, done.stderr
    (folder / "mlflow.users").write_text("ann:{PLAIN}secret\n")
    return folder


@pytest.fixture(scope="module")
def upstreams() -> Iterator[list[Upstream]]:
    both = [Upstream(), Upstream()]
    for one in both:
        threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True).start()
    yield both
    for one in both:
        one.shutdown()
        one.server_close()


def free_ports() -> list[int]:
    """Those that take the place of 443, 80 and 5000."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def proxy(
    tmp_path_factory: pytest.TempPathFactory, certificate: Path, upstreams: list[Upstream]
) -> Iterator[int]:
    """The port of nginx, with TLS; it runs the shipped files but for ports, paths, machines."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("no nginx is installed")
    folder = tmp_path_factory.mktemp("nginx")
    tls, plain, mlflow = free_ports()
    for name in FILES:
        text = (ROOT / "deploy" / name).read_text("utf-8")
        text = re.sub(r" *listen \[::\].*\n", "", text)
        for before, after in {
            "listen 443": f"listen 127.0.0.1:{tls}",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "127.0.0.1:5000": f"127.0.0.1:{mlflow}",
            "10.0.0.11:8000": f"127.0.0.1:{upstreams[0].server_port}",
            "10.0.0.12:8000": f"127.0.0.1:{upstreams[1].server_port}",
            "/etc/ssl/newstag": str(certificate),
            "/etc/nginx/mlflow.users": str(certificate / "mlflow.users"),
            "/var/log/nginx": str(folder),
        }.items():
            text = text.replace(before, after)
        (folder / name).write_text(text, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    included = "".join(f"include {folder}/{name};" for name in FILES)
    whole = folder / "whole.conf"
    # Or its workers may not write to a folder of the tests.
    user = "user root;" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ access_log off; {temporary} {included} }}"
    )
    checked = subprocess.run(
        [program, "-t", "-q", "-c", whole], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    running = subprocess.Popen([program, "-c", whole])
    _await(tls)
    yield tls
    running.terminate()
    running.wait()


def _await(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return


class Client(http.client.HTTPSConnection):
    """Trusts the certificate, and asks this machine whatever the name."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._trusted = ssl.create_default_context(cafile=certificate / "fullchain.pem")
        super().__init__(NAME, port, timeout=20, context=self._trusted)

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._trusted.wrap_socket(plain, server_hostname=NAME)


@pytest.fixture
def client(proxy: int, certificate: Path, upstreams: list[Upstream]) -> Iterator[Client]:
    for one in upstreams:
        one.status = 200
        one.asked.clear()
        one.ids.clear()
    client = Client(proxy, certificate)
    yield client
    client.close()


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
    answer = client.getresponse()
    return Reply(answer.status, answer.headers, answer.read())


def test_a_request_goes_through_with_its_id(client: Client, upstreams: list[Upstream]) -> None:
    answer = post(client, headers={"X-Request-ID": "abc-1"})
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert [name for one in upstreams for name in one.ids] == ["abc-1"]


@pytest.mark.parametrize("bad", ["", "a b", "x" * 129])
def test_an_id_that_newstag_would_not_take_is_made_anew(
    bad: str, client: Client, upstreams: list[Upstream]
) -> None:
    post(client, headers={"X-Request-ID": bad})
    (made,) = (name for one in upstreams for name in one.ids)
    assert re.fullmatch("[0-9a-f]{32}", made)


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics/"])
def test_counts_stay_inside(path: str, client: Client, upstreams: list[Upstream]) -> None:
    client.request("GET", path)
    assert client.getresponse().status == 404
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


def test_what_one_machine_refuses_another_one_answers(
    client: Client, upstreams: list[Upstream]
) -> None:
    upstreams[0].status = 503
    assert [post(client).status for _ in range(8)] == [200] * 8
    assert len(upstreams[1].asked) == 8
    assert upstreams[0].asked


def test_where_all_are_full_their_word_is_handed_on(
    client: Client, upstreams: list[Upstream]
) -> None:
    for one in upstreams:
        one.status = 503
    answer = post(client)
    assert (answer.status, answer.body) == (503, b"{}")
    for one in upstreams:
        one.status = 200
    assert post(client).status == 200  # none was left out for having been full


def test_an_error_is_not_sent_to_another_machine(client: Client, upstreams: list[Upstream]) -> None:
    for one in upstreams:
        one.status = 500
    assert post(client).status == 500
    assert sum(len(one.asked) for one in upstreams) == 1


def test_where_nobody_answers_a_problem_says_when_to_come_back(
    client: Client, upstreams: list[Upstream]
) -> None:
    for one in upstreams:
        one.status = 0
    answer = post(client)
    assert (answer.status, answer.problem()) == (503, "not_ready")
    assert answer.headers["Retry-After"] == "2"


def test_another_name_gets_no_connection(proxy: int) -> None:
    asking = ssl.create_default_context()
    plain = socket.create_connection(("127.0.0.1", proxy), 5)
    with plain, pytest.raises(ssl.SSLError, match="unrecognized name"):
        asking.wrap_socket(plain, server_hostname="other.example.org")


def test_who_asks_too_often_is_told_so(client: Client) -> None:
    answers = [post(client) for _ in range(80)]
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 429}
    last = answers[-1]
    assert (last.status, last.problem()) == (429, "too_many")
    assert last.headers["Retry-After"] == "1"
    assert len(last.headers["X-Request-ID"]) == 32
