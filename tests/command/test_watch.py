"""A folder that is watched, by the command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event

import pytest

from serving.current import Current

Newstag = Callable[..., CompletedProcess[str]]
Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started(installed: Path, trained: Path) -> Iterator[Started]:
    """Start watching ``in``; what still runs in the end is killed."""
    with ExitStack() as all_of_them:

        def start(*words: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [installed, "tag", "in", "--watch", "-o", "out", *words, "--store", trained],
                stderr=subprocess.PIPE,
                text=True,
            )
            all_of_them.enter_context(process)
            all_of_them.callback(process.kill)
            return process

        yield start


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in"], "--watch needs a folder for the results. Give one with -o."),
        (["-", "-o", "out"], "--watch cannot watch standard input. Give a folder."),
        (["in", "in2", "-o", "out"], "--watch watches one folder. Start it once for each."),
        (["in", "-o", "out", "--resume"], "--resume does not go with --watch. Leave it out."),
        (["in", "-o", "out", "--overwrite"], "--overwrite does not go with --watch. Leave it out."),
        (["in", "-o", "out", "--strict"], "--strict does not go with --watch. Leave it out."),
        (
            ["in", "-o", "out", "--compare-with", "labels"],
            "--compare-with does not go with --watch. Leave it out.",
        ),
        (
            ["in", "-o", "out", "--only-changed"],
            "--only-changed does not go with --watch. Leave it out.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_with_exit_code_2(
    newstag: Newstag, words: list[str], message: str
) -> None:
    done = newstag("tag", "--watch", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"Error: {message}"


def test_a_folder_is_watched_until_a_signal_ends_it_and_after_a_kill_nothing_is_done_twice(
    started: Started, command: Newstag, trained: Path, articles: Path
) -> None:
    Path("in").mkdir()
    Path("in", "a.jsonl").write_bytes(articles.read_bytes())
    first = started()
    assert first.stderr is not None
    assert first.stderr.readline().startswith("a.jsonl: 24 tagged, ")
    second = command("tag", "in", "--watch", "-o", "out", "--store", trained)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        "out: another watcher puts its results there. End it, or give another -o.\n"
    )
    first.kill()
    first.wait()
    Path("out", "a.jsonl.jsonl").rename("taken")
    Path("in", "b.jsonl").write_bytes(articles.read_bytes())
    again = started("--jobs", "2", "--explain", "1")
    assert again.stderr is not None
    assert again.stderr.readline().startswith("b.jsonl: 24 tagged, ")
    again.send_signal(signal.SIGTERM)
    assert (again.wait(), again.stderr.read()) == (0, "")
    assert sorted(os.listdir("out")) == [".newstag", "b.jsonl.jsonl"]  # noqa: PTH208 - names
    assert "explain" in json.loads(Path("out", "b.jsonl.jsonl").read_text().splitlines()[0])


def test_a_signal_that_comes_twice_ends_it_in_order_when_it_is_busy(started: Started) -> None:
    """And quiet says only what was not done."""
    Path("in").mkdir()
    Path("in", "a.jsonl").write_text('{"id": "a", "title": "x", "content": "y"}\n')
    os.utime(Path("in", "a.jsonl"), ns=(1, 1))
    Path("in", "b.txt").write_text("hello")
    Path("in", "large.jsonl").write_text('{"id": "a", "title": "x", "content": "y"}\n' * 999_999)
    process = started("--quiet", "--jobs", "1")
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("in/b.txt: left alone, for its ending is none of ours. ")
    while not Path("out", ".newstag", "large.jsonl.jsonl.journal.partial").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # as GNU timeout does, which tells the group as well
    assert (process.wait(), process.stderr.read()) == (0, "")
    assert sorted(os.listdir("out")) == [".newstag", "a.jsonl.jsonl"]  # noqa: PTH208 - names
    assert Path("out", ".newstag", "large.jsonl.jsonl.journal.partial").exists()


def test_a_later_signal_ends_it_at_once_and_one_within_a_second_is_the_same() -> None:
    code = (
        "import os, signal, time, newstag\n"
        "now = iter([0, 0.9, 1.1])\n"
        "time.monotonic = lambda: next(now)\n"
        "newstag._until_told()\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "while signal.SIGTERM in signal.sigpending(): pass\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "while signal.SIGINT in signal.sigpending(): pass\n"
        "print('goes on', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "signal.pause()\n"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (143, "goes on\n", "")


def test_a_link_for_a_model_counts_by_what_it_points_at_when_a_file_is_begun(
    newstag: Newstag, version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("in").mkdir()
    other = Path(shutil.copytree(version, version.with_name("other")))
    link = Path("link")
    models: list[str] = []

    def watch(_folder: Path, _outbox: Path, current: Current, *_: object) -> None:
        current.begin()
        for folder in (version, other):
            link.unlink()
            link.symlink_to(folder)
            models.append(current.job().work.model)

    link.symlink_to(version)
    monkeypatch.setattr("serving.inbox.watch", watch)
    monkeypatch.setattr("newstag._until_told", Event)
    done = newstag("tag", "in", "--watch", "-o", "out", "--model", "link")
    assert (done.returncode, done.stderr) == (0, "")
    assert models == [str(version.resolve()), str(other.resolve())]


def test_a_version_that_is_refused_at_the_start_ends_it(newstag: Newstag, version: Path) -> None:
    """In a process of its own it would end as well, but take its time."""
    Path("in").mkdir()
    (version / "weights.npy").write_bytes(b"damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newstag._until_told", lambda: None)
        done = newstag("tag", "in", "--watch", "-o", "out", "--store", version.parent)
    assert done.returncode == 1
    assert version.name in done.stderr
    assert not Path("out").exists()
