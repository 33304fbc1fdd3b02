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
from serving.ears import Ears
from serving.guard import LostError
from serving.outbox import Outbox, opened
from serving.stamp import ChangingError, Stamp, stamp_of

_EVERY = 0.5  # seconds between two looks
_IDLE = 10.0  # how many times as long as a look the pause after it is, at least
_STILL = 2.0  # seconds that a file must not have changed for
_EMPTY = 60.0  # the same for one without a byte, which somebody may just have made
_NOTHING = Stamp(0, 0, 0)
_LONGEST = 60.0  # seconds: the longest pause between two tries


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
    told: frozenset[str] = frozenset()
    pause: float = 0.0
    again: float = 0.0


@dataclass(kw_only=True)
class Inbox:
    """Files directly in a folder, and the outbox where their results go.

    ``pause`` is how many seconds to wait for the next look.
    """

    folder: Path
    outbox: Outbox
    current: Current
    ears: Ears
    stop: Event
    clock: Callable[[], float] = time.monotonic
    pause: float = field(init=False, default=_EVERY)
    _met: dict[str, _Met] = field(init=False, default_factory=dict)
    _here: _Met = field(init=False)  # the folder itself
    _begun: bool = field(init=False, default=False)
    _gone: set[str] = field(init=False, default_factory=set)  # and not forgotten yet
    _faults: set[str] = field(init=False, default_factory=set)  # of no single file

    def __post_init__(self) -> None:
        self._here = _Met(stamp=_NOTHING, since=0)

    def look(self) -> None:
        """Tag what is whole, the oldest first.

        Raises:
            LostError: somebody removed the lock of the outbox.
        """
        now = self.clock()
        if now < self._here.again:
            return
        try:
            found = dict(self._listed())
        except OSError as error:
            what = f"cannot be listed ({error.strerror})"
            self._put_off(self._here, InputError(str(self.folder), what, "Check the folder"))
            return
        self._gone = {name for name in self._gone | self._met.keys() if name not in found}
        self._met = {name: self._seen(name, stamp, now) for name, stamp in found.items()}
        due = [(name, met) for name, met in self._met.items() if _is_due(met, now)]
        self.pause = max(_EVERY, _IDLE * (self.clock() - now))
        if not self._has_begun():
            return
        self._here = _Met(stamp=_NOTHING, since=0)
        self._tag(due)

    def _has_begun(self) -> bool:
        """Whether the outbox is ready: what a kill broke off is finished, what is gone forgotten.

        At the first look the outbox is begun with, later it forgets.
        """
        try:
            for name in self._gone:
                for result in self.outbox.forget(name):
                    self.ears.tell(result, "")
            if not self._begun:
                for result in self.outbox.begin(self._met.keys()):
                    self.ears.tell(result, "")
        except LostError:
            raise
        except (NewstagError, OSError) as error:
            self._put_off(self._here, _named(error, self.outbox.folder))
            return False
        self._begun = True
        self._gone.clear()
        return True

    def _tag(self, due: list[tuple[str, _Met]]) -> None:
        due.sort(key=lambda item: (item[1].stamp.mtime_ns, item[0]))
        alone = {name: met for name, met in due if not is_readable(name)}
        self.ears.left_alone(self.folder, sorted(alone))
        for name, met in due:
            if self.stop.is_set():
                return
            if name in alone:
                met.settled = True
            else:
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
                    yield entry.name, stamp_of(found)

    def _seen(self, name: str, stamp: Stamp, now: float) -> _Met:
        met = self._met.get(name)
        if met and met.stamp == stamp:
            return met
        return _Met(stamp=stamp, since=now, other=met is not None)

    def _take(self, name: str, met: _Met) -> None:
        if not met.other and self.outbox.knows(name, met.stamp):
            met.settled = True
            return
        began = self.clock()
        try:
            path = self.folder / name
            if not self.outbox.takes(name):
                what = "left alone, for its result would have too long a name"
                self.ears.complain(str(InputError(str(path), what, "Give it a shorter one")))
                met.settled = True
                return
            for result in self.outbox.tag(path, met.stamp, self.current, self._go_on):
                self.ears.tell(result, f", {self.clock() - began:.1f} s")
            met.settled = True
            self._faults.clear()
        except LostError:
            raise
        except ChangingError:
            self._met[name] = _Met(stamp=met.stamp, since=self.clock(), other=True)
        except _StoppedError:
            return
        except KeyboardInterrupt:  # Ctrl-C met one of its processes
            self.stop.set()
        except Exception as error:  # noqa: BLE001 - whatever it was: the other files go on
            if not self.stop.is_set():  # or it is but that one of its processes was told as well
                self._put_off(met, _named(error, path))

    def _go_on(self) -> None:
        """Called after every block: what is done of the file until then is kept."""
        if self.stop.is_set():
            raise _StoppedError

    def _put_off(self, met: _Met, error: NewstagError) -> None:
        """Try it again after pauses that grow, and tell it once.

        What is told of a file is not told of it again; a fault that meets one file after the
        other, like a full disk, is told of the first, until one of them could be tagged.
        """
        met.pause = min(max(2 * met.pause, 1.0), _LONGEST)
        met.again = self.clock() + met.pause
        if error.what in met.told:
            return
        if isinstance(error, StateError) and met is not self._here:
            if error.what in self._faults:
                return
            self._faults.add(error.what)
        met.told |= {error.what}
        self.ears.complain(f"{error} It is tried again.")


def _is_due(met: _Met, now: float) -> bool:
    still = _STILL if met.stamp.size else _EMPTY
    return not met.settled and now - met.since >= still and now >= met.again


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
        StateError: the outbox cannot be one, another watcher has it, or its lock was removed.
        VersionError: there is no version to begin with.
    """
    refuse_folders(folder, outbox)
    current.begin()
    with opened(outbox) as results:
        inbox = Inbox(folder=folder, outbox=results, current=current, ears=ears, stop=stop)
        while not stop.is_set():
            inbox.look()
            stop.wait(inbox.pause)


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
