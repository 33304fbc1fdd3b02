"""Files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labels.errors import StateError


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write beside the target, flush to disk, and put it in place at once.

    Other users of the machine may serve from here, so that they may read it unless ``mode`` says
    otherwise; until then the file is mkstemp's own, of mode 0600.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Flush a written file to disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sha256(path: Path) -> str:
    """The hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``, waiting for whoever holds it; freed by a kill too."""
    # Windows has none, and the code that goes along with a logged model is imported there too.
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def writable(root: Path) -> Iterator[None]:
    """Turn what the disk says of a store into an error that says what to do."""
    try:
        yield
    except OSError as error:
        fix = "Give a folder that you may write, on a disk with space, with --store"
        what = f"not writable ({error.strerror or type(error).__name__})"
        raise StateError(str(root), what, fix) from error
