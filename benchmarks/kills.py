"""Trainings and promotions killed at random moments, and what the store is then.

    python -m benchmarks.kills [--kills 20] [--seed N]

Every kill is a SIGKILL of the whole process group at a moment drawn from the time that the same
verb takes undisturbed, so that some come before anything was written and some after all of it.
After each the store must open as it is, its champion must be a whole version, and the ledger,
replayed, must end at the pointer. At the end the registry must agree once it was synced. Ends
with 1 where anything is not so.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.commands import newstag
from benchmarks.processes import end_when_told, environment
from labels.errors import NewstagError
from models.store import Store
from models.version import load_predictor

_ARTICLES = Path(__file__).parents[1] / "tests" / "command" / "articles.jsonl"
_TRAIN = ("train", "--no-starter", "--jobs", "1", "--articles", str(_ARTICLES))
_FORCED = ("--force", "--why", "a trial of kills")


class Trial:
    """A store and its database in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.store = Store(folder / "store")

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - no shell, and the command is the benchmark's
            newstag(*words, "--store", str(self.store.root)),
            cwd=self._folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *words: str) -> float:
        """Seconds that it takes; ends the benchmark where it fails."""
        began = time.perf_counter()
        if self.begin(*words).wait():
            sys.exit(f"newstag {' '.join(words)} failed")
        return time.perf_counter() - began

    def kill(self, after: float, *words: str) -> bool:
        """Begin it and kill it after so many seconds; whether it was still at work."""
        process = self.begin(*words)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    def faults(self) -> list[str]:
        """What is not as it must be after a kill, with nothing mended but by opening."""
        try:
            for version in self.store.versions():
                load_predictor(self.store.root / version)
            if self.store.champion() not in self.store.versions():
                return [f"the champion {self.store.champion()} is no version"]
        except NewstagError as error:
            return [str(error)]
        listed = self.begin("models", "list").wait()
        last = self.store.history()[-1].after
        if listed or last != self.store.champion():
            return [f"list ended with {listed}; {last} in the ledger, {self.store.champion()} live"]
        return []

    def other(self) -> str:
        """A version that is not champion."""
        return next(v for v in self.store.versions() if v != self.store.champion())


def main() -> None:
    end_when_told()
    parser = argparse.ArgumentParser(description="Kill trainings and promotions.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261130)
    options = parser.parse_args()
    draw = random.Random(options.seed)  # noqa: S311 - moments, no secrets
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        trial = Trial(Path(temporary))
        seconds = {"train": max(trial.run(*_TRAIN) for _ in range(2))}
        seconds["promote"] = trial.run("models", "promote", trial.other(), *_FORCED)
        found, killed = list[str](), Counter[str]()
        for number in range(options.kills):
            verb = ("train", "promote")[number % 2]
            words = _TRAIN if verb == "train" else ("models", "promote", trial.other(), *_FORCED)
            killed[verb] += trial.kill(draw.uniform(0, seconds[verb]), *words)
            found += [f"kill {number}, of {verb}: {fault}" for fault in trial.faults()]
        trial.run("models", "sync")
        listed = subprocess.run(  # noqa: S603 - no shell, and the command is the benchmark's
            newstag("models", "list", "--store", str(trial.store.root)),
            cwd=temporary,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if "store and registry agree" not in listed:
            found.append(f"after syncing: {listed}")
        told = ", ".join(f"{count} of {verb}" for verb, count in killed.items())
        versions = len(trial.store.versions())
        print(f"{options.kills} kills, met at work: {told}; {versions} versions at the end")
    print("\n".join(found) or "every store opened, every champion whole, every ledger at its end")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
