"""A guard: it keeps a folder for one process, and notices when the folder is another."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labels.errors import StateError

PLACE = "Give a folder that you may write, on a disk with space, with -o"
_BACK = "Bring it back, or end this and start it again"


class LostError(StateError):
    """The lock is gone, so that somebody else may have one as well."""


class Guard:
    """The lock of a folder, in a file which is held for as long as there is one."""

    def __init__(self, folder: Path, lock: Path, handles: tuple[int, int]) -> None:
        self.folder = folder
        self._lock = lock
        self._own, self._held = handles

    def check(self) -> None:
        """Whether the folder is the one that it was, and still ours.

        Raises:
            LostError: somebody removed the lock.
            StateError: the folder is not there now, or another one is.
        """
        try:
            now = self.folder.stat()
            same = os.path.samestat(now, os.fstat(self._own))
        except OSError as error:
            raise StateError(str(self.folder), f"not there ({error.strerror})", _BACK) from error
        if not same:
            raise StateError(str(self.folder), "not the folder that it was", _BACK)
        if not self._is_held():
            what, fix = "removed while it was in use", "Start one watcher once all have ended"
            raise LostError(str(self._lock.parent), what, fix)

    def _is_held(self) -> bool:
        try:
            return os.path.samestat(self._lock.stat(), os.fstat(self._held))
        except FileNotFoundError:
            return False
        except OSError as error:
            what = f"cannot be looked at ({error.strerror})"
            raise StateError(str(self._lock), what, "Check its disk") from error


@contextmanager
def guarded(folder: Path, lock: Path) -> Iterator[Guard]:
    """Keep a folder for this process alone; ``lock`` is made, with the folders that it lies in.

    Raises:
        StateError: another process has it, or it cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        own = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        with _locked(folder, lock) as held:
            yield Guard(folder, lock, (own, held))
    finally:
        os.close(own)


@contextmanager
def _locked(folder: Path, lock: Path) -> Iterator[int]:
    try:
        file = lock.open("a")
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what, fix = "another watcher puts its results there", "End it, or give another -o"
            raise StateError(str(folder), what, fix) from error
        except OSError as error:
            raise unwritable(folder, error) from error
        yield file.fileno()


def unwritable(folder: Path, error: OSError) -> StateError:
    return StateError(str(folder), f"cannot be written ({error.strerror or error})", PLACE)
