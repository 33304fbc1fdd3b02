"""Runs of ``newstag tag`` killed at random moments and gone on with, and what comes out then.

    python -m benchmarks.kills_of_tag [--kills 20] [--kind csv] [--output-kind parquet]
    python -m benchmarks.kills_of_tag --compare-with labels

Every kill is a SIGKILL: of the process group, and in turn of the parent alone, whose workers must
then end by themselves. The next run goes on with ``--resume`` at once, with one process where the
last had two. A run is killed up to four times before it may end; output, rejects and, with
``--compare-with``, changed articles and summary must then have the bytes of a run that nobody
disturbed, and nothing else may be left. Afterwards blocks of other sizes must make the same bytes.
Ends with 1 where anything is not so.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.many import KINDS, Row, rows_of, write_many, write_rows
from benchmarks.processes import end, end_when_told, tree_of
from benchmarks.subject import starter_corpus, trained_version
from benchmarks.tagging import Tagging
from models.store import Store
from serving.batch import tag
from serving.job import Job
from serving.packing import kind_of, rows_for
from serving.work import Work

_KILLS_OF_A_RUN = 4
_TRIES = 3  # kills that are tried for each that meets a run at work
_BLANK = 97  # every so many articles one has no id, and is rejected
_BLOCKS = (1, 1000, 256 * 1024, 10 * 1024 * 1024)  # bytes
_STARTS = 1.0  # seconds until the first article, about
_WORKERS_END = 5.0  # seconds that a worker may outlive its parent
_OUTPUTS = ("jsonl", "csv", "parquet", "jsonl.gz", "csv.gz")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """``share`` is how far the journal was when the run was killed at work, None when it was not.

    The output was being put together where ``share`` is 1.
    """

    number: int
    jobs: int
    alone: bool
    share: float | None

    def __str__(self) -> str:
        whom = "the parent alone" if self.alone else "the group"
        met = "ended before" if self.share is None else f"at {self.share:.0%} of the articles"
        return f"kill {self.number}, {self.jobs} jobs, {whom}: {met}"


@dataclass(kw_only=True)
class Trial:
    """Runs of one tagging, of which ``reference`` has the files of one that nobody disturbed."""

    tagging: Tagging
    articles: int
    seconds: Mapping[int, float]  # of a whole run, by its jobs
    reference: Mapping[str, bytes]
    draw: random.Random
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    outlived: list[float] = field(default_factory=list)  # seconds that workers outlived a parent
    _watches: list[threading.Thread] = field(default_factory=list)

    @property
    def met(self) -> int:
        """How many kills met a run at work."""
        return sum(kill.share is not None for kill in self.kills)

    def run(self, kills: int) -> None:
        """One run, killed up to so many times, then let go on to its end."""
        self.tagging.forget()
        for _ in range(kills):
            self._kill()
            if self.kills[-1].share is None:
                break  # it is whole: there is nothing left to kill
        jobs = str(1 + len(self.kills) % 2)
        said = self.tagging.run("--resume", "--jobs", jobs)
        if said.code:
            self.faults.append(f"after {self.kills[-1]}: it ended with {said.code}: {said.text}")
        self.faults += [f"after {self.kills[-1]}: {fault}" for fault in self._unlike()]
        for watch in self._watches:
            watch.join()

    def _kill(self) -> None:
        """Half of the kills of two processes are of the parent alone."""
        number = len(self.kills)
        jobs, alone = 1 + number % 2, number % 4 == 1
        # A run that goes on begins its processes and reads its model anew.
        left = _STARTS + self.seconds[jobs] * (1 - self.tagging.done() / self.articles)
        process = self.tagging.begin("--resume", "--jobs", str(jobs))
        share = None
        try:
            if process.wait(self.draw.uniform(0, left)):
                said = self.tagging.told.read_text("utf-8", "replace")
                self.faults.append(f"before kill {number}: it failed: {said}")
        except subprocess.TimeoutExpired:
            self._end(process, alone=alone)
            share = self.tagging.done() / self.articles
        kill = Kill(number=number, jobs=jobs, alone=alone, share=share)
        self.kills.append(kill)
        print(kill, flush=True)

    def _end(self, process: subprocess.Popen[bytes], *, alone: bool) -> None:
        if not alone:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return
        workers = set(tree_of(process.pid)) - {process.pid}
        process.kill()
        process.wait()
        watch = threading.Thread(target=self._outlive, args=(process, workers))
        watch.start()
        self._watches.append(watch)

    def _outlive(self, process: subprocess.Popen[bytes], workers: set[int]) -> None:
        """How long workers do; those that do not end are a fault, and ended here."""
        began = time.monotonic()
        while any(map(_lives, workers)) and time.monotonic() - began < _WORKERS_END:
            time.sleep(0.05)
        left = [pid for pid in workers if _lives(pid)]
        if left:
            self.faults.append(f"{len(left)} workers live {_WORKERS_END} s after their parent")
            end(process)
        self.outlived.append(time.monotonic() - began)

    def _unlike(self) -> Iterator[str]:
        yield from unlike(self.reference, files(self.tagging))


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"


def files(tagging: Tagging) -> dict[str, bytes]:
    """What a run has made, by name; the times in a journal are nobody's result."""
    found = {name: (tagging.output.parent / name).read_bytes() for name in tagging.left_behind()}
    return {name: b"" if name.endswith(".journal") else data for name, data in found.items()}


def unlike(wanted: Mapping[str, bytes], found: Mapping[str, bytes]) -> Iterator[str]:
    """A line for each file that is missing, too many, or has other bytes."""
    for name in sorted({*wanted, *found}):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is left behind"
        elif wanted[name] != found[name]:
            yield f"{name} has {len(found[name])} other bytes, not {len(wanted[name])}"


def some_without_id(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; the id of each 97th is blank, so that there is something to reject."""
    for at, row in enumerate(rows):
        yield {**row, "id": " "} if at % _BLANK == _BLANK // 2 else row


def of_blocks(tagging: Tagging, reference: Mapping[str, bytes], against: str) -> Iterator[str]:
    """Faults of runs in this process whose blocks have other sizes."""
    rows = rows_for(kind_of(tagging.output.name)) or "jsonl"
    model = tagging.store / str(Store(tagging.store).champion())
    work = Work(model=str(model), rows=rows, against=against)
    inputs = [str(path) for path in tagging.inputs]
    for size in _BLOCKS:
        tagging.forget()
        job = Job(inputs=inputs, work=work, output=str(tagging.output), jobs=1, block=size)
        began = time.perf_counter()
        tag(job, lambda _error: None, lambda _done, _share: None)
        found = list(unlike(reference, files(tagging)))
        seconds = time.perf_counter() - began
        print(f"blocks of {size} bytes: {seconds:.1f} s, {'; '.join(found) or 'the same bytes'}")
        yield from (f"blocks of {size} bytes: {fault}" for fault in found)


def main() -> None:
    end_when_told()
    options = _options()
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        folder = Path(temporary)
        store = options.store or folder / "store"
        if not options.store:
            trained_version(store, starter_corpus())
        words = ["--compare-with", options.compare_with] if options.compare_with else []
        tagging = Tagging(
            inputs=[_input(folder, options.kind, options.articles)],
            output=folder / f"out.{options.output_kind}",
            store=store,
            words=words,
            told=folder / "told.txt",
        )
        seconds = {jobs: _seconds(tagging, jobs) for jobs in (1, 2)}
        reference = files(tagging)
        print(f"undisturbed: {seconds[1]:.1f} s with one process, {seconds[2]:.1f} s with two")
        print(f"files: {', '.join(f'{name} {len(data):,}' for name, data in reference.items())}")
        trial = Trial(
            tagging=tagging,
            articles=options.articles,
            seconds=seconds,
            reference=reference,
            draw=random.Random(options.seed),  # noqa: S311 - moments, no secrets
        )
        while trial.met < options.kills and len(trial.kills) < _TRIES * options.kills:
            trial.run(min(_KILLS_OF_A_RUN, options.kills - trial.met))
        _tell(trial)
        faults = [*trial.faults, *of_blocks(tagging, reference, options.compare_with)]
    print("\n".join(faults) or "every run ended with the bytes of one that nobody disturbed")
    sys.exit(1 if faults else 0)


def _tell(trial: Trial) -> None:
    shares = sorted(kill.share for kill in trial.kills if kill.share is not None)
    told = " ".join(f"{share:.0%}" for share in shares)
    print(f"{len(trial.kills)} kills, {len(shares)} met the run at work, at {told}")
    if trial.outlived:
        print(f"workers outlived their parent by {max(trial.outlived):.1f} s at most")


def _input(folder: Path, kind: str, count: int) -> Path:
    made, path = folder / "made.jsonl", folder / f"input.{kind}"
    write_many(made, count)
    write_rows(path, some_without_id(rows_of(made)))
    made.unlink()
    return path


def _seconds(tagging: Tagging, jobs: int) -> float:
    tagging.forget()
    began = time.perf_counter()
    tagging.must("--jobs", str(jobs))
    return time.perf_counter() - began


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill runs of newstag tag, and go on with them.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--kind", choices=KINDS, default="jsonl")
    parser.add_argument("--output-kind", choices=_OUTPUTS, default="jsonl")
    parser.add_argument("--compare-with", choices=("labels",), default="")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--seed", type=int, default=20261130)
    return parser.parse_args()


if __name__ == "__main__":
    main()
