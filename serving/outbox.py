"""An outbox: the results of files, each made once, whatever is killed when."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from labels.errors import InputError, StateError
from models.files import sync_folder
from serving.batch import tag
from serving.current import Current
from serving.fingerprint import Fingerprint, handed
from serving.guard import Guard, guarded, unwritable
from serving.job import Job, Progress
from serving.journal import read_journal
from serving.packing import kind_of
from serving.partial import put_in_place, refuse_other
from serving.places import Places
from serving.register import Entry, Register
from serving.stamp import ChangingError, Stamp, digest_of, refuse_changed

_WORKSHOP = ".newstag"
_REGISTER = "files.jsonl"
_LOCK = "lock"


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


class Outbox:
    """A folder of results. What is under way or known of files lies in its ``.newstag``.

    A file is entered into the register, with the number of its result, before it is begun. The
    journal of the run says that a result is whole before it takes its place, and is kept until
    the register says that the file is done. So every kill leaves one way to go on.
    """

    def __init__(self, guard: Guard, register: Register) -> None:
        self.folder = guard.folder
        self._workshop = guard.folder / _WORKSHOP
        self._guard = guard
        self._register = register

    def begin(self, there: Collection[str]) -> Iterator[Result]:
        """Put in place what a kill kept from it; what is of no use any more goes.

        That is what was done of files that are not ``there`` any more, too.
        """
        self._guard.check()
        for entry in self._register.begun():
            if result := self._finish(entry):
                yield result
        begun = [entry for entry in self._register.begun() if entry.name in there]
        useful = [self.places(entry.name, entry.number) for entry in begun]
        kept = {self._workshop / _REGISTER, self._workshop / _LOCK}
        for path in self._workshop.iterdir():
            used = path in kept or any(places.owns(path) for places in useful)
            if not used and path.is_file():
                path.unlink()

    def forget(self, name: str) -> Iterator[Result]:
        """Remove what was done of a file that is gone; what is whole is put in its place."""
        for entry in self._begun(name):
            self._guard.check()
            if result := self._finish(entry):
                yield result
                continue
            places = self.places(entry.name, entry.number)
            for path in self._workshop.iterdir():
                if places.owns(path):
                    path.unlink()

    def places(self, name: str, number: int) -> Places:
        """Of the first result of a name, ``NAME.jsonl``, and of others, ``NAME.2.jsonl``."""
        middle = "" if number == 1 else f".{number}"
        target = self.folder / f"{name}{middle}.jsonl"
        return _Places(target=target, workshop=self._workshop, keep=True)

    def takes(self, name: str) -> bool:
        """Whether the disk allows names as long as those of its results, of many at least.

        Raises:
            StateError: the folder is not there now.
        """
        self._guard.check()
        longest = self.places(name, 999).partial("rejects").name
        return len(os.fsencode(longest)) <= os.pathconf(self.folder, "PC_NAME_MAX")

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file of this size and these times is done."""
        return self._register.knows(name, stamp)

    def tag(
        self, path: Path, stamp: Stamp, current: Current, go_on: Callable[[], None]
    ) -> Iterator[Result]:
        """Tag a file, unless one of its name and content is done. Nothing or one result comes,
        and what was left to be put in place of the same name before it.

        ``go_on`` is called again and again, and may end it with an error: what is done is kept.

        Raises:
            ChangingError: the file is not as its ``stamp`` says, or not there any more.
            InputError: it cannot be read.
            LostError: somebody removed the lock of the outbox.
            StateError: the outbox cannot be written, or no version can be loaded.
        """
        self._guard.check()
        entry = _entry(path, stamp, go_on)
        for begun in self._begun(path.name):
            if result := self._finish(begun):
                yield result
        known = self._register.find(path.name, entry.sha256)
        if known and known.done:
            self._register.add(replace(entry, number=known.number, done=True))
            return
        with handed(path, stamp, entry.sha256):
            job = self._going_on(known, path, current) if known and known.has(stamp) else None
            if known is None or job is None:
                known, job = self._anew(entry), current.job()
            job = replace(job, inputs=[str(path)])
            result = self._tagged(known, job, stamp, lambda _done, _share: go_on())
        yield result

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
            refuse_changed(Path(job.inputs[0]), stamp)
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
            refuse_other(places, under_way.state)
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


def _entry(path: Path, stamp: Stamp, go_on: Callable[[], None]) -> Entry:
    """Of what is in the file now."""
    refuse_changed(path, stamp)
    try:
        digest = digest_of(path, go_on)
    except FileNotFoundError as error:
        raise ChangingError from error
    except OSError as error:
        what, fix = (error.strerror or "not readable").lower(), "Check it and its permissions"
        raise InputError(str(path), what, fix) from error
    refuse_changed(path, stamp)
    return Entry(name=path.name, number=0, sha256=digest, **stamp._asdict())


def _digest(job: Fingerprint) -> str:
    """Of the file that was tagged, by the journal of the run."""
    found = job["input"]
    assert isinstance(found, dict)  # noqa: S101 - for mypy
    return str(found["named"][0][0])


def _done(entry: Entry, digest: str) -> Entry:
    """What was tagged is another content where it came just before the run began."""
    if digest == entry.sha256:
        return replace(entry, done=True)
    return replace(entry, sha256=digest, size=-1, mtime_ns=-1, ctime_ns=-1, done=True)


@contextmanager
def opened(folder: Path) -> Iterator[Outbox]:
    """The outbox in a folder, which is made where there is none, for this process alone.

    Raises:
        StateError: another watcher has it, or it cannot be written.
    """
    path = folder / _WORKSHOP / _REGISTER
    with guarded(folder, folder / _WORKSHOP / _LOCK) as guard, ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("a+b", buffering=0))
            register = Register(path, file)
            sync_folder(path.parent)
        except OSError as error:
            raise unwritable(folder, error) from error
        yield Outbox(guard, register)
