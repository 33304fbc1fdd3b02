"""The installed command in a process of its own: exit codes, streams, signals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

import pytest

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]


def test_a_command_that_is_done_exits_0(command: Newstag, trained: Path, articles: Path) -> None:
    done = command("tag", articles, "--store", trained, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 24


def test_a_wrong_state_exits_1_with_one_line(command: Newstag) -> None:
    done = command("models", "list")
    message = "models/store: no model version yet. Run: newstag train.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_a_wrong_input_exits_1_with_one_line(command: Newstag, trained: Path) -> None:
    done = command("tag", "gone.json", "--store", trained)
    message = "gone.json: no such file or directory. Check the path and its permissions.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_wrong_usage_exits_2(command: Newstag) -> None:
    done = command("fly")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "Error: No such command 'fly'."


def test_articles_are_read_from_a_pipe(command: Newstag, trained: Path, rows: Rows) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    done = command("tag", "-", "--store", trained, stdin=lines)
    assert len(done.stdout.splitlines()) == 24


def test_both_processes_and_calls_give_the_same_answers(
    command: Newstag, newstag: Newstag, trained: Path, articles: Path
) -> None:
    given = ("tag", articles, "--store", trained)
    outside = command(*given)
    assert outside.stdout == newstag(*given).stdout
    assert len(outside.stdout.splitlines()) == 24


@pytest.mark.parametrize("quiet", [["--quiet"], []], ids=["quiet", "talking"])
def test_a_reader_that_has_enough_ends_the_command_without_a_traceback(
    installed: Path, trained: Path, rows: Rows, write: Write, quiet: list[str]
) -> None:
    many = write("many.jsonl", rows * 30)  # far more than a pipe holds
    words: list[str | Path] = [installed, "tag", many, "--store", trained, *quiet]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert json.loads(first)["id"] == "p1"
    assert said == b""


def test_serve_answers_on_a_port_until_it_is_interrupted(
    installed: Path, trained: Path, rows: Rows
) -> None:
    words: list[str | Path] = [installed, "serve", "--port", "0", "--store", trained]
    pipe, joined = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(words, stdout=pipe, stderr=joined, text=True) as process:
        assert process.stdout is not None
        said, port = read_until_ready(process.stdout)
        article = {key: rows[0][key] for key in ("id", "title", "content")}
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/v1/predict", json.dumps(article))
        answer = connection.getresponse()
        prediction = json.load(answer)
        connection.close()
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
    assert (answer.status, prediction["id"]) == (200, "p1")
    assert '"method":"POST","route":"/v1/predict","status":200' in said
    assert "Traceback" not in said
    assert str(article["title"]) not in said
    assert process.returncode == 0


def read_until_ready(stream: IO[str]) -> tuple[str, int]:
    said = ""
    for line in stream:
        said += line
        if found := re.search(r'"url": "http://127\.0\.0\.1:(\d+)"', line):
            return said, int(found[1])
    pytest.fail(said)
