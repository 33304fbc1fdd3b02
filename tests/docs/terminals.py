"""The terminals that a reader of a page has open.

The blocks of a page share one shell, in a copy of the repository. A block in a terminal of its
own starts anew in that copy, and does not see what the others have set. Where it serves, the
next block waits until it answers; another one on the same port ends it first, as a reader does
with Ctrl-C.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.docs.blocks import Block

_PATIENCE = 900.0  # seconds for a block; the machine may be busy
_READY = 60.0  # seconds for a service to answer
_PORT = re.compile(r"((?:127\.0\.0\.1|localhost):|--port[ =])(\d+)")
_SERVES = re.compile(r"\bnewstag\b.*\bserve\b")
_UI = re.compile(r"\bnewstag\b.*\bui\b")

# The shell reads the files of blocks from its input and writes their exit codes beside them.
# A block that must fail runs below it, so that its end is not that of the page.
_SHELL = """
exec 8<&0 </dev/null
while read -r __kind __file <&8; do
  set -euo pipefail
  if [ "$__kind" = fails ]; then
    set +e; (set -e; . "$__file") >"$__file.out" 2>&1 8<&-; __code=$?; set -e
  else
    set -E; trap 'echo "$LINENO" >"$__file.line"' ERR
    . "$__file" >"$__file.out" 2>&1 8<&-
    trap - ERR; __code=0
  fi
  echo "$__code" >"$__file.partial"; mv "$__file.partial" "$__file.code"
done
"""


class Terminals:
    """The shell that a page's blocks share, and the terminals beside it."""

    def __init__(self, page: Path, folder: Path, stack: ExitStack, commands: Path) -> None:
        self._page, self._stack, self._commands = page, stack, commands
        self._copy, self._blocks = folder / "newstag", folder / "blocks"
        self._home = folder / "home"
        self._blocks.mkdir()
        self._home.mkdir()
        self._ports: dict[str, int] = {}
        self._beside: dict[int, tuple[Block, Path, subprocess.Popen[str]]] = {}  # by port
        self._printed: Callable[[], str] = str
        self._waits = False
        self._shell = self._process(["bash", "-c", _SHELL], self.port("8000"))

    def port(self, named: str) -> int:
        """The free port that takes the place of one that the page names."""
        if named not in self._ports:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._ports[named] = free.getsockname()[1]
        return self._ports[named]

    def run(self, block: Block) -> None:
        """Run a block in the shell of the page."""
        file = self._file(block)
        code = file.with_name(f"{file.name}.code")
        assert self._shell.stdin is not None
        print("fails" if block.fails else "runs", file, file=self._shell.stdin, flush=True)
        self._watch(_output(file), waits=False)
        end = time.monotonic() + _PATIENCE
        while not code.exists() and self._shell.poll() is None:
            if time.monotonic() > end:
                raise self._failure(block, f"not done after {_PATIENCE:g} s")
            time.sleep(0.02)
        if not code.exists():
            raise self._failure(block, f"exit code {self._shell.returncode}", _failed_line(file))
        if block.fails and code.read_text().strip() == "0":
            raise self._failure(block, "exit code 0, and the page says that it fails")

    def start(self, block: Block) -> None:
        """Start a block in a terminal of its own; where it serves, until it answers."""
        file = self._file(block)
        serves = _SERVES.search(_one_line(block.text))
        port = self._port_of(block)
        if serves and port in self._beside:
            _end(self._beside.pop(port)[2], signal.SIGINT)
        process = self._process(["bash", "-euo", "pipefail", str(file)], port, file)
        self._beside[port if serves else -block.line] = block, file, process
        self._watch(_output(file), waits=True)
        if serves:
            self._await_service(block, port, process)

    def check_printed(self, block: Block) -> None:
        """The last block printed these lines and no others, but where one of … stands for some."""
        end = time.monotonic() + (_READY if self._waits else 0)
        while fault := _fault(self._with_ports(block.text), self._printed()):
            if time.monotonic() >= end:
                where = f"{self._page.name}:{block.line + fault[0]}"
                raise AssertionError(f"{where}: {fault[1]}\n--- printed was\n{self._printed()}")
            time.sleep(0.1)

    def check_background(self) -> None:
        """What still runs in a terminal of its own is as it should be; what failed is told."""
        for block, file, process in self._beside.values():
            if process.poll():
                self._watch(_output(file), waits=False)
                raise self._failure(block, f"ended by itself with {process.returncode}")

    def _await_service(self, block: Block, port: int, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + _READY
        while not _is_ready(port):
            if process.poll() is not None:
                raise self._failure(block, f"ended with {process.returncode} before it answered")
            if time.monotonic() > end:
                raise self._failure(block, f"/readyz does not answer after {_READY:g} s")
            time.sleep(0.05)

    def _watch(self, printed: Callable[[], str], *, waits: bool) -> None:
        self._printed, self._waits = printed, waits

    def _file(self, block: Block) -> Path:
        """The block as a file in which every line has the number that it has in the page."""
        file = self._blocks / str(block.line) / self._page.name
        file.parent.mkdir()
        file.write_text("\n" * (block.line - 1) + self._with_ports(block.text), "utf-8")
        return file

    def _with_ports(self, text: str) -> str:
        return _PORT.sub(lambda found: f"{found[1]}{self.port(found[2])}", text)

    def _port_of(self, block: Block) -> int:
        """Where what a block starts will listen."""
        text = _one_line(block.text)
        given = re.search(r"--port[ =](\d+)", text)
        return self.port(given[1] if given else "5000" if _UI.search(text) else "8000")

    def _process(
        self, command: list[str], port: int, file: Path | None = None
    ) -> subprocess.Popen[str]:
        """A process that is ended with the page, and whatever it started with it."""
        output = file.with_name(f"{file.name}.out").open("w") if file else None
        process = subprocess.Popen(
            command,
            cwd=self._copy,
            env=_environment(self._home, port, self._commands),
            stdin=subprocess.DEVNULL if file else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT if file else None,
            text=True,
            start_new_session=True,
        )
        self._stack.callback(_end, process, signal.SIGTERM)
        if output:
            output.close()
        return process

    def _failure(self, block: Block, what: str, line: int | None = None) -> AssertionError:
        where = f"{self._page.name}:{line or block.line}"
        return AssertionError(f"{where}: {what}\n{block.text}--- printed was\n{self._printed()}")


def _environment(home: Path, port: int, commands: Path) -> dict[str, str]:
    """That of a new user: no settings, and nothing of what is kept between runs."""
    ours = re.compile("NEWSTAG_|MLFLOW_|XDG_|PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    ours_first = [commands, Path(sys.executable).parent, kept.get("PATH", os.defpath)]
    path = os.pathsep.join(map(str, ours_first))
    # Threads of BLAS only wait for each other where every core already has a process.
    kept["OPENBLAS_NUM_THREADS"] = "1"
    return {**kept, "PATH": path, "HOME": str(home), "NEWSTAG_PORT": str(port)}


def _output(file: Path) -> Callable[[], str]:
    def read() -> str:
        with suppress(FileNotFoundError):
            return file.with_name(f"{file.name}.out").read_text("utf-8", "replace")
        return ""

    return read


def _failed_line(file: Path) -> int | None:
    with suppress(FileNotFoundError):
        return int(file.with_name(f"{file.name}.line").read_text())
    return None


def _fault(expected: str, printed: str) -> tuple[int, str] | None:
    """What is wrong with the lines of a page, and the number of the first that is.

    A line of … stands for any number of lines, none included; blank ones do not count.
    """
    lines = [line.rstrip() for line in re.split(r"[\r\n]", printed) if line.strip()]
    above = {0}  # how many of them the lines so far may stand for
    number = 0
    for number, line in enumerate(expected.splitlines()):
        if line.strip() in {"", "…"}:
            above = set(range(min(above), len(lines) + 1)) if line.strip() else above
            continue
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
        found = {at + 1 for at in above if pattern.fullmatch("".join(lines[at : at + 1]))}
        if not found:
            if any(map(pattern.fullmatch, lines[min(above) :])):
                return number, _left_out(lines[min(above)])
            return number, f"not printed (after the lines above it):\n{line}"
        above = found
    return None if len(lines) in above else (number, _left_out(lines[min(above)]))


def _left_out(line: str) -> str:
    return f"printed, and left out without a line of …:\n{line}"


def _is_ready(port: int) -> bool:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def _one_line(text: str) -> str:
    return text.replace("\\\n", " ")


def _end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """End it and all that it started, the slow ones by force."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        process.stdin.close()
    process.wait()
