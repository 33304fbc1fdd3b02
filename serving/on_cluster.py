"""A job on a cluster: its parts are done by many workers, and come together in a folder."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from labels.errors import InputError, NewstagError, StateError
from serving import cluster
from serving.fingerprint import fingerprint, unlike
from serving.folder import Finished, Folder
from serving.inputs import wanted_of
from serving.job import Complain, Job, Outcome, Progress
from serving.joined import counts_of, join_all
from serving.locations import Location, files_of, is_url, located
from serving.part_work import Task
from serving.parts import Part, parts_of, size_for
from serving.resuming import RefusedError
from serving.shipping import packed


def tag(
    job: Job, complain: Complain, progress: Progress, address: str, size: int | None = None
) -> Outcome:
    """Tag every article with the workers of the scheduler at ``address``.

    The output is a folder, with a part for about every ``size`` bytes of the input, 64 MiB at
    most where that is not given. Rows that cannot be tagged go to ``complain`` and the rejects
    file when all parts are done.

    Raises:
        InputError: an input cannot be read, ``strict`` and a row cannot, or nothing was tagged.
        StateError: the output is there already or cannot be written, or the cluster fails.
    """
    cluster.refuse_missing()
    folder = _folder(job)
    files = files_of(job.inputs, folder.owns)
    _refuse_input(job, folder, files)
    size = size or size_for(files)
    parts = parts_of(files, size, dict(job.work.columns), wanted_of(job.work))
    begun = _begun(job, folder, _made(job, folder, files, size), len(parts))
    if begun.already:
        folder.tidy()
        counts = counts_of(begun.done)
        return Outcome(counts=counts, already=True, summary=job.summary(counts))
    run = _Run(job, folder, parts, begun)
    run.work(address, progress)
    return run.join(complain)


def is_under_way(job: Job) -> bool:
    """Whether a run that was broken off can be gone on with."""
    try:
        noted = Folder(place=located(job.output)).noted()
    except (NewstagError, ImportError):  # told of already
        return False
    return noted is not None and not noted["complete"]


def _folder(job: Job) -> Folder:
    folder = Folder(place=located(job.output))
    if is_url(job.output) and glob.has_magic(folder.place.path):
        fix = "Give a name without *, ? and ["
        raise StateError(job.output, "a name that stores take for a pattern", fix)
    job.refuse_target(Path(folder.part(0)))
    folder.refuse_stranger()
    return folder


def _refuse_input(job: Job, folder: Folder, files: Sequence[Location]) -> None:
    if any(map(folder.owns, files)):
        raise StateError(job.output, "an input as well", "Give another -o")


def _made(job: Job, folder: Folder, files: Sequence[Location], size: int) -> dict[str, object]:
    """What the result depends on: of the inputs path, size and what their store says of them."""
    told = [
        [file.name, file.fs.unstrip_protocol(file.path), file.size, file.token] for file in files
    ]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    total = sum(file.size for file in files)
    return {
        **fingerprint([], job.work, folder.kind),
        "input": {"files": len(files), "bytes": total, "sha256": digest},
        "part-size": size,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Begun:
    """Where a job stands before its first part: the note in its folder, and the parts done.

    ``fresh`` says that the folder is to be made, and what was in it removed.
    """

    note: Mapping[str, object]
    done: Mapping[int, Finished]
    fresh: bool = False
    already: bool = False


def _begun(job: Job, folder: Folder, made: Mapping[str, object], parts: int) -> _Begun:
    """Whether the job begins, goes on, is done already, or is refused.

    Raises:
        RefusedError: it is refused.
        InputError: it is ``strict``, and what is done has rejects.
    """
    note = {"run": uuid4().hex, "job": made, "parts": parts, "complete": False}
    noted = None if job.overwrite else folder.noted()
    if noted is None:
        if not job.overwrite and folder.exists():
            raise RefusedError(job.output, "exists already", "Give --overwrite, or another -o")
        return _Begun(note=note, done={}, fresh=True)
    _refuse_another(job, noted, made)
    found = folder.finished(noted["run"])
    done = {number: one for number, one in found.items() if number < parts}
    if noted["complete"] and len(done) == parts:
        _refuse_rejects(job, done)
        return _Begun(note=noted, done=done, already=True)
    if not job.resume:
        fix = "Give --resume to go on with it, or --overwrite to start anew"
        raise RefusedError(job.output, "an unfinished run is there", fix)
    _refuse_rejects(job, done)
    return _Begun(note={**noted, "complete": False}, done=done)


def _refuse_another(job: Job, noted: Mapping[str, Any], made: Mapping[str, object]) -> None:
    if noted["job"] == made:
        return
    other = unlike(noted["job"], made)
    if noted["complete"]:
        what, fix = f"exists already, with another {other}", "Give --overwrite, or another -o"
    else:
        what = f"an unfinished run with another {other} is there"
        fix = "Go on with what it was begun with and --resume, or give --overwrite to start anew"
    raise RefusedError(job.output, what, fix)


def _refuse_rejects(job: Job, done: Mapping[int, Finished]) -> None:
    rejected = counts_of(done)["rejected"]
    if job.strict and rejected:
        fix = "Leave --strict out to go on, or --overwrite when the articles are mended"
        raise InputError(job.output, f"{rejected} articles were rejected before", fix)


class _Run:
    """One run of a job into its folder."""

    def __init__(self, job: Job, folder: Folder, parts: Sequence[Part], begun: _Begun) -> None:
        self._job = job
        self._folder = folder
        self._parts = parts
        self._begun = begun
        self._done = dict(begun.done)

    def work(self, address: str, progress: Progress) -> None:
        """Do all parts that are left."""
        shipment = packed(f"newstag-{uuid4().hex}", self._job.work)
        left = [part for part in self._parts if part.number not in self._done]
        with cluster.connected(address) as client:
            if self._begun.fresh:
                self._folder.clear()
            self._folder.begin(self._begun.note)
            with cluster.shipped(client, shipment):
                self._follow(
                    cluster.finished(client, map(self._task, left), shipment.name), progress
                )

    def _follow(self, results: Iterable[Finished], progress: Progress) -> None:
        counts = counts_of(self._done)
        sizes = {part.number: part.size for part in self._parts}
        total = sum(sizes.values()) or 1
        read = sum(sizes[number] for number in self._done)
        progress(counts["tagged"], read / total)
        for one in results:
            self._done[one.number] = one
            counts.update(one.counts)
            read += sizes[one.number]
            progress(counts["tagged"], read / total)

    def _task(self, part: Part) -> Task:
        return Task(
            part=part,
            work=self._job.work,
            folder=self._folder,
            run=str(self._begun.note["run"]),
            wanted=wanted_of(self._job.work),
            strict=self._job.strict,
            block=self._job.block,
        )

    def join(self, complain: Complain) -> Outcome:
        """Bring together what lies in parts, and say that the whole is there."""
        self._refuse_others_parts()
        summary = join_all(self._job, self._folder, self._parts, self._done, complain)
        counts = counts_of(self._done)
        if not counts["tagged"]:
            self._folder.discard()
            self._job.refuse_nothing(counts)
        self._folder.note({**self._begun.note, "complete": True})
        self._folder.tidy()
        return Outcome(counts=counts, summary=summary)

    def _refuse_others_parts(self) -> None:
        """What lies there is what was done, as far as sizes and notes of all parts tell."""
        there = self._folder.finished(str(self._begun.note["run"]))
        other = [number for number, one in self._done.items() if there.get(number) != one]
        if other:
            what = f"{len(other):,} parts are not as they were written, part {min(other)} the first"
            fix = "See that nobody else writes there, and go on with --resume"
            raise StateError(self._job.output, what, fix)
