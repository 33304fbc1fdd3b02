"""Load made by wrk, which sends one article a request, in turn."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# One request is written in advance for each line of the file of bodies. Every answer is looked
# at, since wrk itself counts only those from 400 on.
_SCRIPT = """
local requests, at, other = {}, 0, 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(arguments)
  local headers = {["Content-Type"] = "application/json"}
  for name, value in pairs(wrk.headers) do headers[name] = value end
  for line in io.lines(arguments[1]) do
    table.insert(requests, wrk.format("POST", wrk.path, headers, line))
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
not200 = 0
function response(status) if status ~= 200 then not200 = not200 + 1 end end
function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("not200") end
  local e = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %f, "p99": %f, "not200": %d, ' ..
    '"connect": %d, "read": %d, "write": %d, "timeout": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), bad,
    e.connect, e.read, e.write, e.timeout))
end
"""
# The same with answers looked at: one of status 200 must be, byte for byte, the line of the file of
# answers that begins with the same id. Told apart are also those of status 503.
_CHECKS = """
local expected = {}
local plain = init
function init(arguments)
  plain(arguments)
  for line in io.lines(arguments[2]) do expected[line:match('^{"id":".-",')] = line end
end
wrong, refused = 0, 0
function response(status, headers, body)
  if status == 503 then refused = refused + 1
  elseif status ~= 200 then not200 = not200 + 1
  elseif expected[body:match('^{"id":".-",')] ~= body then wrong = wrong + 1 end
end
local finish = done
function done(summary, latency)
  local w, r = 0, 0
  for _, thread in ipairs(threads) do w = w + thread:get("wrong"); r = r + thread:get("refused") end
  print(string.format('CHECKED {"wrong": %d, "refused": %d, "slowest": %f}', w, r, latency.max))
  finish(summary, latency)
end
"""
_ERRORS = ("not200", "connect", "read", "write", "timeout")


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Requests a second, and milliseconds within which half and 99 % were answered."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedLoad:
    """A load whose answers were looked at.

    ``answered`` and ``refused_rate`` are per second, right answers and 503; ``wrong``,
    ``refused`` and ``failed`` are counts, and times are in milliseconds.
    """

    answered: float
    refused_rate: float
    wrong: int
    refused: int
    failed: int
    p50: float
    p99: float
    slowest: float


class LoadError(Exception):
    """Something else than answers with status 200."""


class Wrk:
    """wrk with its script and bodies in a folder of the benchmark's."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        (folder / "load.lua").write_text(_SCRIPT, "utf-8")
        (folder / "check.lua").write_text(_SCRIPT + _CHECKS, "utf-8")

    def bodies(self, name: str, bodies: Sequence[bytes]) -> Path:
        """Write the bodies to be sent, JSON without line feeds, into one file."""
        path = self._folder / f"{name}.jsonl"
        path.write_bytes(b"".join(body + b"\n" for body in bodies))
        return path

    def run(self, url: str, bodies: Path, connections: int, seconds: float, key: str = "") -> Load:
        """Send for some seconds, with an API key where one is given.

        Raises:
            LoadError: an answer was no 200, or a connection failed.
        """
        options = _options(connections, seconds)
        options += ["-H", f"Authorization: Bearer {key}"] if key else []
        said = self._said("load.lua", url, [bodies], options)
        return load_from(_line(said, "RESULT"))

    def check(
        self, url: str, files: Sequence[Path], connections: int, seconds: float
    ) -> CheckedLoad:
        """Send for some seconds, and compare what comes back; files of bodies and of answers.

        Raises:
            LoadError: wrk itself failed.
        """
        said = self._said("check.lua", url, files, _options(connections, seconds))
        return checked_load_from({**_line(said, "RESULT"), **_line(said, "CHECKED")})

    def _said(self, script: str, url: str, files: Sequence[Path], options: Sequence[str]) -> str:
        command = [self._program, *options, "-s", str(self._folder / script)]
        command += [url, "--", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and the command is the benchmark's
        if done.returncode or "RESULT " not in done.stdout:
            raise LoadError(f"wrk failed: {(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout


def _options(connections: int, seconds: float) -> list[str]:
    sent = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    return [*sent, "--latency", "--timeout", "30s"]


def _line(said: str, name: str) -> dict[str, float]:
    (found,) = [line for line in said.splitlines() if line.startswith(f"{name} ")]
    parsed: dict[str, float] = json.loads(found.removeprefix(f"{name} "))
    return parsed


def checked_load_from(said: dict[str, float]) -> CheckedLoad:
    """What wrk's script printed, both of its lines."""
    seconds = said["microseconds"] / 1e6
    failed = sum(int(said[name]) for name in _ERRORS)
    right = said["requests"] - said["refused"] - said["wrong"] - said["not200"]
    return CheckedLoad(
        answered=right / seconds,
        refused_rate=said["refused"] / seconds,
        wrong=int(said["wrong"]),
        refused=int(said["refused"]),
        failed=failed,
        p50=said["p50"] / 1e3,
        p99=said["p99"] / 1e3,
        slowest=said["slowest"] / 1e3,
    )


def load_from(said: dict[str, float]) -> Load:
    """What wrk's script printed.

    Raises:
        LoadError: an answer was no 200, a connection failed, or nothing was answered.
    """
    wrong = {name: int(said[name]) for name in _ERRORS if said[name]}
    if wrong or not said["requests"]:
        raise LoadError(f"of {int(said['requests'])} answers: {wrong or 'none'}")
    rate = said["requests"] / said["microseconds"] * 1e6
    return Load(rate=rate, p50=said["p50"] / 1e3, p99=said["p99"] / 1e3)
