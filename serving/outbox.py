"""An outbox: the results of files, each made once, whatever is killed when."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from labels.errors import InputError, StateError
from models.files import sha256, sync_folder
from serving.batch import tag
from serving.current import Current
from serving.fingerprint import Fingerprint
from serving.job import Job, Progress
from serving.journal import read_journal
from serving.packing import kind_of
from serving.partial import put_in_place
from serving.places import Places
from serving.register import Entry, Register, Stamp

_WORKSHOP = ".newstag"
_REGISTER = "files.jsonl"
_LOCK = "lock"
_PLACE = "Give a folder that you may write, on a disk with space, with -o"


class ChangingError(Exception):
    """A file is not what it was when it was looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of a file: counts, and where they went; only rejects where nothing was tagged.

    ``reasons`` has the first that a row was rejected for, in this run.
    """

    entry: Entry
    counts: Mapping[str, int]
    target: Path
    rejects: Path
    reasons: Sequence[str] = ()


class _Places(Places):
    """The rejects of ``export.json.jsonl`` are ``export.json.rejects.jsonl``."""

    def whole(self, part: str) -> Path:
        if part == "rejects":
            return self.target.with_suffix(".rejects.jsonl")
        return Places.whole(self, part)


def stamp_of(path: Path) -> Stamp:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


class Outbox:
    """A folder of results. What is under way or known of files lies in its ``.newstag``.

    A file is entered into the register, with the number of its result, before it is begun. The
    journal of the run says that a result is whole before it takes its place, and is kept until
    the register says that the file is done. So every kill leaves one way to go on.
    """

    def __init__(self, folder: Path, register: Register) -> None:
        self._folder = folder
        self._workshop = folder / _WORKSHOP
        self._register = register

    def begin(self) -> list[Result]:
        """Put in place what a kill kept from it; what is of no use any more goes."""
        found = [result for entry in self._register.begun() if (result := self._finish(entry))]
        begun = [self.places(entry.name, entry.number) for entry in self._register.begun()]
        kept = {self._workshop / _REGISTER, self._workshop / _LOCK}
        for path in self._workshop.iterdir():
            used = path in kept or any(places.owns(path) for places in begun)
            if not used and path.is_file():
                path.unlink()
        return found

    def places(self, name: str, number: int) -> Places:
        """Of the first result of a name, ``NAME.jsonl``, and of others, ``NAME.2.jsonl``."""
        middle = "" if number == 1 else f".{number}"
        target = self._folder / f"{name}{middle}.jsonl"
        return _Places(target=target, workshop=self._workshop, keep=True)

    def takes(self, name: str) -> bool:
        """Whether the disk allows names as long as those of its results, of many at least."""
        longest = self.places(name, 999).partial("rejects").name
        return len(os.fsencode(longest)) <= os.pathconf(self._folder, "PC_NAME_MAX")

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file of this size and time is done."""
        return self._register.knows(name, stamp)

    def tag(
        self, path: Path, stamp: Stamp, current: Current, progress: Progress
    ) -> Iterator[Result]:
        """Tag a file, unless one of its name and content is done. Nothing or one result comes,
        and what was left to be put in place of the same name before it.

        Raises:
            ChangingError: the file is not as its ``stamp`` says, or not there any more.
            InputError: it cannot be read.
            StateError: the outbox cannot be written, or no version can be loaded.
        """
        entry = self._entry(path, stamp)
        for begun in self._begun(path.name):
            if result := self._finish(begun):
                yield result
        known = self._register.find(path.name, entry.sha256)
        if known and known.done:
            self._register.add(replace(known, size=entry.size, mtime_ns=entry.mtime_ns))
            return
        job = self._going_on(known, path, current) if known and known.has(stamp) else None
        if known is None or job is None:
            known, job = self._anew(entry), current.job()
        yield self._tagged(known, replace(job, inputs=[str(path)]), stamp, progress)

    def _entry(self, path: Path, stamp: Stamp) -> Entry:
        """Of what is in the file now."""
        try:
            digest = sha256(path)
        except FileNotFoundError as error:
            raise ChangingError from error
        except OSError as error:
            what, fix = (error.strerror or "not readable").lower(), "Check it and its permissions"
            raise InputError(str(path), what, fix) from error
        _refuse_changed(path, stamp)
        return Entry(name=path.name, number=0, sha256=digest, size=stamp[0], mtime_ns=stamp[1])

    def _begun(self, name: str) -> list[Entry]:
        return [entry for entry in self._register.of(name).values() if not entry.done]

    def _numbered(self, entry: Entry) -> Entry:
        """The first number that has no result; that of a content which is gone is taken over."""
        for number in count(1):
            known = self._register.of(entry.name).get(number)
            places = self.places(entry.name, number)
            taken = any(os.path.lexists(places.whole(part)) for part in ("output", "rejects"))
            if not taken and not (known and known.done):
                return replace(entry, number=number)
        raise AssertionError

    def _anew(self, entry: Entry) -> Entry:
        """Enter it as begun; what was done of it before, or of what it was before, is no more."""
        begun = self._numbered(entry)
        self.places(begun.name, begun.number).partial("journal").unlink(missing_ok=True)
        self._register.add(begun)
        return begun

    def _going_on(self, entry: Entry, path: Path, current: Current) -> Job | None:
        """With the version that it was begun with, where that is there."""
        places = self.places(entry.name, entry.number)
        record = read_journal(places.partial("journal"))
        kind = kind_of(places.target.name)
        return current.going_on(record.job, path, kind) if record else None

    def _tagged(self, entry: Entry, job: Job, stamp: Stamp, progress: Progress) -> Result:
        places = self.places(entry.name, entry.number)
        reasons = list[str]()

        def hear(error: InputError) -> None:
            if not reasons:
                reasons.append(error.what)

        try:
            tag(replace(job, output=str(places.target)), hear, progress, places)
        except (InputError, StateError):
            _refuse_changed(Path(job.inputs[0]), stamp)
            raise
        result = self._finish(entry)
        if result is None:
            what = "what is known of it is gone"
            raise StateError(str(self._workshop), what, "Let nobody but newstag write there")
        return replace(result, reasons=reasons)

    def _finish(self, entry: Entry) -> Result | None:
        """Put a whole result in its place, and enter it as done; None where it is not whole."""
        places = self.places(entry.name, entry.number)
        under_way = read_journal(places.partial("journal"))
        if under_way and under_way.state.sha256:
            put_in_place(places, under_way.state, None)
        record = read_journal(places.whole("journal"))
        if record is None or not record.state.sha256:
            return None
        self._register.add(_done(entry, _digest(record.job)))
        places.whole("journal").unlink()
        return Result(
            entry=entry,
            counts=record.state.counts,
            target=places.target,
            rejects=places.whole("rejects"),
        )


def _refuse_changed(path: Path, stamp: Stamp) -> None:
    try:
        now = stamp_of(path)
    except FileNotFoundError as error:
        raise ChangingError from error
    except OSError:
        return  # whoever looked for more will tell
    if now != stamp:
        raise ChangingError


def _digest(job: Fingerprint) -> str:
    """Of the file that was tagged, by the journal of the run."""
    found = job["input"]
    assert isinstance(found, dict)  # noqa: S101 - for mypy
    return str(found["named"][0][0])


def _done(entry: Entry, digest: str) -> Entry:
    """What was tagged is another content where it came just before the run began."""
    if digest == entry.sha256:
        return replace(entry, done=True)
    return replace(entry, sha256=digest, size=-1, mtime_ns=-1, done=True)


@contextmanager
def opened(folder: Path) -> Iterator[Outbox]:
    """The outbox in a folder, which is made where there is none, for this process alone.

    Raises:
        StateError: another watcher has it, or it cannot be written.
    """
    workshop = folder / _WORKSHOP
    try:
        workshop.mkdir(parents=True, exist_ok=True)
        lock = (workshop / _LOCK).open("a")
    except OSError as error:
        raise StateError(str(folder), f"cannot be written ({error.strerror})", _PLACE) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what, fix = "another watcher puts its results there", "End it, or give another -o"
            raise StateError(str(folder), what, fix) from error
        with (workshop / _REGISTER).open("a+b", buffering=0) as file:
            register = Register(workshop / _REGISTER, file)
            sync_folder(workshop)
            yield Outbox(folder, register)
