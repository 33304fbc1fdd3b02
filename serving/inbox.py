"""An inbox: a folder whose files are tagged as they come, each of them once."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from labels.errors import InputError, NewstagError, StateError
from labels.sources import is_finished, is_readable
from serving.current import Current
from serving.outbox import ChangingError, Outbox, Result, opened
from serving.register import Stamp

_EVERY = 0.5  # seconds between two looks
_STILL = 2.0  # seconds that a file must not have changed for
_EMPTY = 60.0  # the same for one without a byte, which somebody may just have made
_NOTHING: Stamp = (0, 0, 0)
_LONGEST = 60.0  # seconds: the longest pause between two tries

Say = Callable[[str], None]


class _StoppedError(Exception):
    """Somebody told to end."""


@dataclass(kw_only=True, slots=True)
class _Met:
    """A file that lies there: as it was seen last, since when, and what became of it.

    ``other`` says that there was another one of its name before, ``settled`` that it is done.
    """

    stamp: Stamp
    since: float
    other: bool = False
    settled: bool = False
    told: str = ""
    pause: float = 0.0
    again: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ears:
    """Who hears what was done, and what was not."""

    say: Say
    complain: Say


@dataclass(kw_only=True)
class Inbox:
    """Files directly in a folder, and the outbox where their results go."""

    folder: Path
    outbox: Outbox
    current: Current
    ears: Ears
    stop: Event
    clock: Callable[[], float] = time.monotonic
    _met: dict[str, _Met] = field(init=False, default_factory=dict)
    _here: _Met = field(init=False)  # the folder itself
    _faults: set[str] = field(init=False, default_factory=set)  # of no single file

    def __post_init__(self) -> None:
        self._here = _Met(stamp=_NOTHING, since=0)

    def begin(self) -> None:
        """Finish what a kill broke off when it was all but done."""
        for result in self.outbox.begin():
            self._tell(result, "")

    def look(self) -> None:
        """Tag what is whole, the oldest first."""
        now = self.clock()
        if now < self._here.again:
            return
        try:
            found = dict(self._listed())
        except OSError as error:
            what = f"cannot be listed ({error.strerror})"
            self._put_off(self._here, InputError(str(self.folder), what, "Check the folder"))
            return
        self._here = _Met(stamp=_NOTHING, since=0)
        self._met = {name: self._seen(name, stamp, now) for name, stamp in found.items()}
        for name, met in sorted(self._met.items(), key=lambda item: (item[1].stamp[1], item[0])):
            if self.stop.is_set():
                return
            if self._is_due(met):
                self._take(name, met)

    def _listed(self) -> Iterator[tuple[str, Stamp]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if not is_finished(entry.name):
                    continue
                try:
                    found = entry.stat()
                except OSError:
                    continue  # gone already, or a link to nothing
                if stat.S_ISREG(found.st_mode):
                    yield entry.name, (found.st_size, found.st_mtime_ns, found.st_ino)

    def _seen(self, name: str, stamp: Stamp, now: float) -> _Met:
        met = self._met.get(name)
        if met and met.stamp == stamp:
            return met
        return _Met(stamp=stamp, since=now, other=met is not None)

    def _is_due(self, met: _Met) -> bool:
        now = self.clock()
        still = _STILL if met.stamp[0] else _EMPTY
        return not met.settled and now - met.since >= still and now >= met.again

    def _take(self, name: str, met: _Met) -> None:
        if not met.other and self.outbox.knows(name, met.stamp):
            met.settled = True
            return
        if reason := self._why_not(name):
            self.ears.complain(reason)
            met.settled = True
            return
        began = self.clock()
        try:
            path = self.folder / name
            results = self.outbox.tag(path, met.stamp, self.current, self._go_on)
            for result in results:
                self._tell(result, f", {self.clock() - began:.1f} s")
            met.settled = True
            self._faults.clear()
        except ChangingError:
            self._met[name] = _Met(stamp=met.stamp, since=self.clock(), other=True)
        except _StoppedError:
            return
        except KeyboardInterrupt:  # Ctrl-C met one of its processes
            self.stop.set()
        except Exception as error:  # noqa: BLE001 - whatever it was: the other files go on
            if not self.stop.is_set():  # or it is but that one of its processes was told as well
                self._put_off(met, _named(error, path))

    def _why_not(self, name: str) -> str:
        """Why a file is left alone; empty where it is not."""
        where = str(self.folder / name)
        if not is_readable(name):
            fix = "Give it a name in .json, .jsonl, .csv (.gz) or .parquet"
            return str(InputError(where, "left alone, for its ending is none of ours", fix))
        if not self.outbox.takes(name):
            fix = "Give it a shorter one"
            return str(
                InputError(where, "left alone, for its result would have too long a name", fix)
            )
        return ""

    def _go_on(self, _done: int, _share: float) -> None:
        """Called after every block: what is done of the file until then is kept."""
        if self.stop.is_set():
            raise _StoppedError

    def _put_off(self, met: _Met, error: NewstagError) -> None:
        """Tell it once, and try again after pauses that grow."""
        met.pause = min(max(2 * met.pause, 1.0), _LONGEST)
        met.again = self.clock() + met.pause
        known = self._faults if isinstance(error, StateError) else {met.told}
        if error.what in known:
            return
        met.told = error.what
        if isinstance(error, StateError):
            self._faults.add(error.what)
        self.ears.complain(f"{error} It is tried again.")

    def _tell(self, result: Result, took: str) -> None:
        name, counts = result.entry.name, result.counts
        tagged, rejected = counts.get("tagged", 0), counts.get("rejected", 0)
        if not tagged:
            what = ": ".join(["nothing could be tagged", *result.reasons])
            self.ears.complain(str(InputError(name, what, f"Mend it, by {result.rejects}")))
            return
        parts = [f"{tagged:,} tagged", f"{counts.get('review', 0):,} for review"]
        parts += [f"{rejected:,} rejected"] if rejected else []
        other = f", in {result.target.name}" if result.entry.number > 1 else ""
        self.ears.say(f"{name}: {', '.join(parts)}{took}{other}")


def _named(error: Exception, path: Path) -> NewstagError:
    if isinstance(error, NewstagError):
        return error
    if isinstance(error, OSError):
        fix = "Check the folder of results, its permissions and the space on its disk"
        return StateError(str(path), f"cannot be tagged now ({error.strerror})", fix)
    what = f"cannot be tagged ({type(error).__name__}: {error})"
    return InputError(str(path), what, "Report it, with the file if you may")


def watch(folder: Path, outbox: Path, current: Current, ears: Ears, stop: Event) -> None:
    """Tag what comes into a folder, until told to stop.

    Raises:
        InputError: there is no such folder.
        StateError: the outbox cannot be one, or another watcher has it.
        VersionError: there is no version to begin with.
    """
    refuse_folders(folder, outbox)
    current.begin()
    with opened(outbox) as results:
        inbox = Inbox(folder=folder, outbox=results, current=current, ears=ears, stop=stop)
        inbox.begin()
        while not stop.is_set():
            inbox.look()
            stop.wait(_EVERY)


def refuse_folders(folder: Path, outbox: Path) -> None:
    """What an inbox and an outbox cannot be."""
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise InputError(str(folder), what, "Make it, or give another one")
    if outbox.exists() and not outbox.is_dir():
        raise StateError(str(outbox), "not a folder", "Give a folder for the results with -o")
    inner, outer = outbox.resolve(), folder.resolve()
    if inner == outer or outer in inner.parents:
        what = "the inbox itself, or within it"
        raise StateError(str(outbox), what, "Give a folder elsewhere with -o")
