"""Batch: the articles of files, tagged in a stream."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from labels.errors import InputError, StateError
from labels.reading import read_articles
from labels.rows import raise_it
from models.files import sync_file, sync_folder
from models.predictor import Predictor
from serving.output import writer_for

Progress = Callable[[int], None]  # articles tagged so far

_ENDINGS = {"", ".jsonl", ".ndjson", ".csv"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What to tag and where to. Output ``-`` is standard output; ``strict`` stops at a bad row.

    ``explain`` is the number of words to show for each label.
    """

    inputs: Sequence[str]
    output: str = "-"
    explain: int = 0
    strict: bool = False
    overwrite: bool = False


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What came of a job, counted as it goes; ``rejects`` are the rows that were left out."""

    tagged: int = 0
    review: int = 0
    rejected: int = 0


def tag(
    job: Job, predictor: Predictor, complain: Callable[[InputError], None], progress: Progress
) -> Outcome:
    """Tag every article; a row that cannot be read goes to ``complain`` and the rejects file.

    The output is written beside its place and put there when it is whole.

    Raises:
        InputError: an input cannot be read, ``strict`` and a row cannot, or nothing was tagged.
        StateError: the output exists, is an input, or cannot be written. It is then not there,
            or as it was.
    """
    outcome = Outcome()
    with _rejects(job.output) as keep, _output(job) as file:
        write = writer_for(job.output, file, predictor.model.scheme)

        def reject(error: InputError) -> None:
            if job.strict:
                raise_it(error)
            outcome.rejected += 1
            keep(error)
            complain(error)

        for article in read_articles(job.inputs, reject):
            for prediction in predictor.predict([article], job.explain):
                write(prediction)
                outcome.tagged += 1
                outcome.review += prediction.review
            progress(outcome.tagged)
        if not outcome.tagged:
            fix = "Mend the unreadable articles"
            raise InputError(", ".join(job.inputs), "nothing could be tagged", fix)
    return outcome


@contextmanager
def _output(job: Job) -> Iterator[TextIO]:
    if job.output == "-":
        if sys.stdout is None:
            raise StateError("standard output", "closed", "Give a file with -o")
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(job.output).resolve()  # through links: what they point at is replaced
    _refuse_target(target, job)
    partial = target.with_name(target.name + ".partial")
    try:
        with _alone(partial, job.output) as file:
            yield file
            file.flush()
            sync_file(partial)
            partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        fix = "Check the folder, its permissions and the space on its disk"
        raise StateError(job.output, f"cannot be written ({error.strerror})", fix) from error


@contextmanager
def _alone(partial: Path, output: str) -> Iterator[TextIO]:
    """The file at ``partial``, which no other run may write; gone when this one fails."""
    with partial.open("a", encoding="utf-8", newline="") as file:
        if not _lock(file, partial):
            fix = "Wait for it, or give another -o"
            raise StateError(output, "another run is writing it", fix)
        file.truncate(0)
        try:
            yield file
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _lock(file: TextIO, path: Path) -> bool:
    """Whether the file is ours, and still the one at its path: its writer may just have ended."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _refuse_target(target: Path, job: Job) -> None:
    if target.suffix.lower() not in _ENDINGS:
        fix = "End it in .jsonl or .csv"
        raise StateError(job.output, f"no kind of output for '{target.suffix}'", fix)
    if job.explain and target.suffix.lower() == ".csv":
        fix = "Give a .jsonl file, or leave --explain out"
        raise StateError(job.output, "CSV has no place for explanations", fix)
    if not target.exists():
        return
    if not target.is_file():
        fix = "Give a file with -o, or - for standard output"
        raise StateError(job.output, "not a file that can be replaced", fix)
    if not job.overwrite:
        raise StateError(job.output, "exists already", "Give --overwrite, or another -o")
    if any(name != "-" and Path(name).exists() and target.samefile(name) for name in job.inputs):
        raise StateError(job.output, "an input as well", "Give another -o")


@contextmanager
def _rejects(output: str) -> Iterator[Callable[[InputError], None]]:
    """Rows that could not be read, into ``OUTPUT.rejects.jsonl``.

    It is there when there were any, also when the run failed; that of an earlier run goes when
    this one succeeds.
    """
    path = Path(f"{output}.rejects.jsonl")
    opened: list[TextIO] = []

    def keep(error: InputError) -> None:
        if output == "-":
            return
        if not opened:
            opened.append(path.open("w", encoding="utf-8", errors="backslashreplace"))
        row = {"where": error.where, "what": error.what, "fix": error.fix}
        opened[0].write(json.dumps(row, ensure_ascii=False) + "\n")

    try:
        yield keep
        if output != "-" and not opened:
            path.unlink(missing_ok=True)
    finally:
        for file in opened:
            file.close()
