"""Resuming: whether a job begins, goes on, is done already, or is refused."""

from __future__ import annotations

from pathlib import Path

from labels.errors import StateError
from models.files import sha256
from serving.fingerprint import Fingerprint, unlike
from serving.job import Job
from serving.journal import Record, State, read_journal
from serving.places import Places


class RefusedError(StateError):
    """A run that has not begun, and left everything as it was."""


def found(places: Places, made: Fingerprint, job: Job, *, again: bool) -> State:
    """How far the job has come; one with a ``sha256`` is whole, and in its place or about to be.

    ``made`` is what its result depends on, ``again`` whether its input can be read a second time.

    Raises:
        StateError: there is another job's output, or an unfinished run and no word what of it.
    """
    if job.overwrite:
        return State()
    under_way = read_journal(places.partial("journal"))
    if under_way is not None and any(under_way.state.counts.values()):
        return _under_way(under_way, made, job, again=again)
    if under_way is None:
        _refuse_stranger(places.partial("output"))
    done = read_journal(places.whole("journal"))
    if done is not None and done.job == made and again and _is_whole(places, done.state):
        return done.state
    if places.target.exists():
        other = f", with another {unlike(done.job, made)}" if done and done.job != made else ""
        raise RefusedError(job.output, f"exists already{other}", "Give --overwrite, or another -o")
    _refuse_leftover(places)
    return State()


def _refuse_leftover(places: Places) -> None:
    """Of an output that somebody moved away; rejects alone are left by a run without results."""
    for part in ("changed", "summary"):
        if places.whole(part).exists():
            fix = "Move it away too, give --overwrite, or another -o"
            raise RefusedError(str(places.whole(part)), "exists already", fix)


def _under_way(record: Record, made: Fingerprint, job: Job, *, again: bool) -> State:
    if not again:
        fix = "Give --overwrite to start anew, or another -o"
        raise RefusedError(job.output, "an unfinished run is there", fix)
    if record.job != made:
        what = f"an unfinished run with another {unlike(record.job, made)} is there"
        fix = "Go on with what it was begun with and --resume, or give --overwrite to start anew"
        raise RefusedError(job.output, what, fix)
    if record.state.sha256 or job.resume:
        return record.state
    fix = "Give --resume to go on with it, or --overwrite to start anew"
    raise RefusedError(job.output, "an unfinished run is there", fix)


def _refuse_stranger(partial: Path) -> None:
    """A run of ours has a journal before it writes anything else."""
    if partial.exists() and partial.stat().st_size:
        fix = "Remove it, or give --overwrite"
        raise RefusedError(str(partial), "not of a run that can go on", fix)


def _is_whole(places: Places, state: State) -> bool:
    """A result that somebody may have taken away by now is known by its journal alone."""
    if not state.sha256 or places.keep:
        return bool(state.sha256)
    return places.target.is_file() and sha256(places.target) == state.sha256
