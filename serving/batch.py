"""Batch: the articles of files, tagged in a stream."""

from __future__ import annotations

import json
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What to tag and where to. Output ``-`` is standard output; ``strict`` stops at a bad row."""

    inputs: Sequence[str]
    output: str = "-"
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
        InputError: an input cannot be read, or ``strict`` and a row cannot.
        StateError: the output exists, or cannot be written.
    """
    outcome = Outcome()
    with _output(job) as file, _rejects(job.output) as keep:
        write = writer_for(job.output, file, predictor.model.scheme)

        def reject(error: InputError) -> None:
            if job.strict:
                raise_it(error)
            outcome.rejected += 1
            keep(error)
            complain(error)

        for article in read_articles(job.inputs, reject):
            for prediction in predictor.predict([article]):
                write(prediction)
                outcome.tagged += 1
                outcome.review += prediction.review
            progress(outcome.tagged)
    return outcome


@contextmanager
def _output(job: Job) -> Iterator[TextIO]:
    if job.output == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(job.output)
    if target.exists() and not job.overwrite:
        raise StateError(job.output, "exists already", "Give --overwrite, or another -o")
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        sync_file(partial)
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        fix = "Check the folder, its permissions and the space on its disk"
        raise StateError(job.output, f"cannot be written ({error.strerror})", fix) from error


@contextmanager
def _rejects(output: str) -> Iterator[Callable[[InputError], None]]:
    """Rows that could not be read, into ``OUTPUT.rejects.jsonl``, made when there is one."""
    path = Path(f"{output}.rejects.jsonl")
    if output != "-":
        path.unlink(missing_ok=True)  # of an earlier run
    opened: list[TextIO] = []

    def keep(error: InputError) -> None:
        if output == "-":
            return
        if not opened:
            opened.append(path.open("w", encoding="utf-8"))
        row = {"where": error.where, "what": error.what, "fix": error.fix}
        opened[0].write(json.dumps(row, ensure_ascii=False) + "\n")

    try:
        yield keep
    finally:
        for file in opened:
            file.close()
