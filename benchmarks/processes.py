"""Processes that a benchmark starts: a server on the loopback, its memory, and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

PROGRAMS = Path(sys.executable).parent  # newstag, mlflow and what they start
HOST = "127.0.0.1"
_POLL = 0.005  # seconds between two looks whether a server is ready
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server, the path that says it is ready, and the file of what it said."""

    process: subprocess.Popen[bytes]
    port: int
    probe: str
    said: IO[bytes]
    began: float

    def wait(self, seconds: float = 90) -> float:
        """Until the probe answers 200; the seconds since the process was started.

        Ends the benchmark where the process ends or takes longer.
        """
        while time.perf_counter() - self.began < seconds:
            if _answers(self.port, self.probe):
                return time.perf_counter() - self.began
            if self.process.poll() is not None:
                break
            time.sleep(_POLL)
        self.said.seek(0)
        last = self.said.read().decode("utf-8", "replace").splitlines()[-15:]
        sys.exit("\n".join([f"a server on port {self.port} did not get ready. It said:", *last]))

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def get(self, path: str) -> bytes:
        """Body of the answer."""
        return self.ask("GET", path)[1]

    def post(self, path: str, body: bytes, key: str = "") -> tuple[int, bytes]:
        """Status and body of the answer."""
        return self.ask("POST", path, body, key)

    def ask(
        self, method: str, path: str, body: bytes | None = None, key: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of the answer, over a connection of its own."""
        connection = HTTPConnection(HOST, self.port, timeout=60)
        headers = {**_JSON, "Authorization": f"Bearer {key}"} if key else _JSON
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def environment() -> dict[str, str]:
    """For what a benchmark starts: our programs first, and no setting of newstag's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NEWSTAG_")}
    return {**own, "PATH": f"{PROGRAMS}{os.pathsep}{own.get('PATH', os.defpath)}"}


def end_when_told() -> None:
    """Let SIGTERM end the benchmark as Ctrl-C does, with all that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def server(command: Sequence[str], probe: str, folder: Path) -> Iterator[Server]:
    """Start ``command`` in ``folder``, with ``{port}`` replaced by a free port.

    It ends with the context.
    """
    port = _free_port()
    filled = [word.replace("{port}", str(port)) for word in command]
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - no shell, and the command is the benchmark's
            filled,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=folder,
            env=environment(),
            start_new_session=True,  # so that its workers end with it
        )
        try:
            yield Server(process=process, port=port, probe=probe, said=said, began=began)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that leads a session, and whatever it started."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        if not _members(process.pid):
            break
    process.wait()


def _members(group: int) -> list[int]:
    """The processes of a process group."""
    return [pid for pid, _, of in _table() if of == group]


def _table() -> Iterator[tuple[int, int, int]]:
    """Process, parent and process group of all that run."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold blanks.
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if fields[0] != "Z":
            yield int(path.parent.name), int(fields[1]), int(fields[2])


def memory(process: int) -> float:
    """PSS of a process and all below it, in MB: shared pages count by their share."""
    total = 0
    for pid in tree_of(process):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def tree_of(root: int) -> list[int]:
    """A process and all below it."""
    table = list(_table())
    found = [root]
    for parent in found:
        found += [pid for pid, of, _ in table if of == parent]
    return found


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        port: int = bound.getsockname()[1]
        return port
