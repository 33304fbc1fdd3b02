"""An inbox under fire: files that come in every way, watchers that are killed, a hasty consumer.

    python -m benchmarks.inbox --store D [--files 200] [--seconds 60] [--kills 2] [--seed N]

The files come over a minute: some are written in pieces under their own names, some as .part or
hidden and then renamed. The watcher is killed with SIGKILL so many times and started again, and
a consumer moves results away as soon as it sees them. In the end every file must have had exactly
one result, which says what "newstag tag" says of that file. Prints what came out; ends with 1
where anything is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commands import newstag
from benchmarks.processes import end_when_told, environment

_ARTICLES = Path(__file__).parents[1] / "tests" / "command" / "articles.jsonl"
_WAYS = ("pieces", "part", "hidden", "at once")
_PATIENCE = 120.0  # seconds for what is left when the last file has come


class Trial:
    """Two folders, one for files and one for results, and a third one for what was taken."""

    def __init__(self, folder: Path, store: str) -> None:
        self.inbox, self.outbox, self.taken = (folder / name for name in ("in", "out", "taken"))
        for made in (self.inbox, self.outbox, self.taken):
            made.mkdir()
        self.twice: list[str] = []
        self._folder = folder
        self._store = store
        self._ended = threading.Event()

    def watch(self) -> subprocess.Popen[bytes]:
        words = newstag("tag", "in", "--watch", "-o", "out", "--quiet", "--store", self._store)
        return subprocess.Popen(words, cwd=self._folder, env=environment())  # noqa: S603 - no shell

    def single(self, name: str) -> list[str]:
        """What the verb says of one file, line by line."""
        words = newstag("tag", f"in/{name}", "--quiet", "--store", self._store)
        done = subprocess.run(  # noqa: S603 - no shell
            words, cwd=self._folder, env=environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    def drop(self, name: str, text: str, way: str) -> None:
        """Let a file come, as slowly as its way is."""
        first = {"part": f"{name}.part", "hidden": f".{name}"}.get(way, name)
        pieces = 1 if way == "at once" else 4
        data = text.encode()
        size = len(data) // pieces + 1
        with (self.inbox / first).open("wb", buffering=0) as file:
            for start in range(0, len(data), size):
                file.write(data[start : start + size])
                time.sleep(0 if pieces == 1 else 0.3)
        (self.inbox / first).rename(self.inbox / name)

    def take(self) -> None:
        """Move away every result that is there."""
        for path in self.outbox.glob("[!.]*"):
            target = self.taken / path.name
            if target.exists():
                self.twice.append(path.name)
            path.rename(target)

    @contextmanager
    def consumer(self) -> Iterator[None]:
        def run() -> None:
            while not self._ended.is_set():
                self.take()
                self._ended.wait(0.005)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self.take()

    def faults(self, files: Mapping[str, str]) -> list[str]:
        """What is not as it must be in the end."""
        found = [f"{name} came twice" for name in self.twice]
        names = {path.name for path in self.taken.iterdir()}
        expected = {f"{name}.jsonl" for name in files}
        found += [f"{name} never came" for name in sorted(expected - names)]
        found += [f"{name} came as well" for name in sorted(names - expected)]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for name, alone in zip(files, threads.map(self.single, files), strict=True):
                path = self.taken / f"{name}.jsonl"
                if path.exists() and path.read_text("utf-8").splitlines() != alone:
                    found.append(f"{name} is tagged otherwise than alone")
        return found


def files_of(count: int, draw: random.Random) -> dict[str, str]:
    """Names and texts: a few articles each, under ids that no other file has."""
    rows = [json.loads(line) for line in _ARTICLES.read_text("utf-8").splitlines()]
    found = {}
    for number in range(count):
        some = draw.sample(rows, draw.randint(1, len(rows)))
        mine = [{**row, "id": f"{number}-{row['id']}"} for row in some]
        if number % 3:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in mine)
            found[f"{number}.jsonl"] = text
        else:
            found[f"{number}.json"] = json.dumps(mine, ensure_ascii=False)
    return found


def run(trial: Trial, files: Mapping[str, str], options: argparse.Namespace) -> dict[str, object]:
    """Let all come, kill the watcher meanwhile, and wait until nothing is left."""
    draw, ways = random.Random(options.seed), Counter[str]()  # noqa: S311 - moments, no secrets
    began = time.monotonic()
    moments = sorted(draw.uniform(0.2, 1.0) * options.seconds for _ in range(options.kills))
    killed = 0
    threads = []
    watcher = trial.watch()

    def kill(until: float) -> None:
        """One kill for each moment that has come, of a watcher that lives."""
        nonlocal watcher, killed
        while killed < len(moments) and moments[killed] <= until and watcher.poll() is None:
            watcher.kill()
            watcher.wait()
            killed += 1
            watcher = trial.watch()

    try:
        for number, (name, text) in enumerate(files.items()):
            due = began + options.seconds * number / len(files)
            time.sleep(max(0.0, due - time.monotonic()))
            way = draw.choice(_WAYS)
            ways[way] += 1
            threads.append(threading.Thread(target=trial.drop, args=(name, text, way)))
            threads[-1].start()
            kill(time.monotonic() - began)
        for thread in threads:
            thread.join()
        kill(options.seconds)
        last = time.monotonic()
        while len(os.listdir(trial.taken)) < len(files) and time.monotonic() - last < _PATIENCE:  # noqa: PTH208 - names
            time.sleep(0.1)
        took = time.monotonic() - last
        time.sleep(3)  # for results that must not come
        watcher.terminate()
        told = {"ways": dict(ways), "after the last": took, "kills": killed}
        return {**told, "exit": watcher.wait()}
    finally:
        watcher.kill()


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(description="Watch an inbox under fire.")
    parser.add_argument("--store", required=True)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261130)
    options = parser.parse_args()
    options.store = str(Path(options.store).resolve())
    files = files_of(options.files, random.Random(options.seed))  # noqa: S311 - no secrets
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        trial = Trial(Path(temporary), options.store)
        with trial.consumer():
            told = run(trial, files, options)
        found = trial.faults(files)
        if told["exit"] != 0:
            found.append(f"the watcher ended with {told['exit']}")
        if told["kills"] != options.kills:
            found.append(f"{told['kills']} kills were made, not {options.kills}")
        results = len(list(trial.taken.iterdir()))
    ways = ", ".join(f"{count} {way}" for way, count in sorted(Counter(told["ways"]).items()))  # type: ignore[call-overload]
    print(f"{len(files)} files ({ways}), {told['kills']} kills: {results} results")
    print(f"the last result came {told['after the last']:.1f} s after the last byte")
    print("\n".join(found) or "each file had one result, and it says what it says alone")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
