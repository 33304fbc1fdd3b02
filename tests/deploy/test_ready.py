"""Asking whether the service is ready: an exit code for engines and units."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest


class Service(http.server.HTTPServer):
    """Says of itself what it is told to say."""

    status = 200
    asked: str = ""


class Answer(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked = self.path
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(host: str) -> Iterator[Service]:
    with Service((host, 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving("127.0.0.1") as server:
        yield server


def ask(
    deploy: Path, *arguments: str, port: int | None = None, host: str = "", wait: float = 10
) -> CompletedProcess[str]:
    settings = {"NEWSTAG_PORT": str(port), "NEWSTAG_HOST": host} if port else {}
    return subprocess.run(
        [sys.executable, deploy / "ready.py", *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=wait,
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_ready_service_is_asked_where_the_settings_say(deploy: Path, service: Service) -> None:
    done = ask(deploy, port=service.server_port)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert service.asked == "/readyz"


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost"])
def test_a_service_on_an_address_of_its_own_is_asked_there(deploy: Path, host: str) -> None:
    with serving(host) as service:
        done = ask(deploy, port=service.server_port, host=host)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1"])  # noqa: S104 - it is asked, not bound
def test_a_service_on_every_address_is_asked_on_this_machine(
    deploy: Path, host: str, service: Service
) -> None:
    assert ask(deploy, port=service.server_port, host=host).returncode == 0
    assert service.asked == "/readyz"


def test_a_service_on_every_address_of_ipv6_is_asked_by_it(deploy: Path) -> None:
    done = ask(deploy, port=free_port(), host="::")
    assert done.stderr.startswith("::1:")


def test_a_draining_service_is_not_ready(deploy: Path, service: Service) -> None:
    service.status = 503
    done = ask(deploy, port=service.server_port)
    where = f"127.0.0.1:{service.server_port}"
    assert (done.returncode, done.stderr) == (1, f"{where}: not ready (status 503)\n")


def test_where_nobody_listens_nothing_is_ready(deploy: Path) -> None:
    done = ask(deploy, "--port", str(free_port()))
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


def test_it_waits_until_the_service_is_ready(deploy: Path, service: Service) -> None:
    service.status = 503
    later = threading.Timer(0.5, setattr, (service, "status", 200))
    later.start()
    assert ask(deploy, "--wait", "9", port=service.server_port).returncode == 0
    later.join()


def test_it_waits_for_no_process_that_has_ended(deploy: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    done = ask(deploy, "--wait", "60", "--of", str(ended.pid), port=free_port())
    assert done.returncode == 1
    assert f"process {ended.pid} has ended" in done.stderr
