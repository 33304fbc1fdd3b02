"""Placing: the folder of a version comes into the store at once, whole, or leaves it so."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from models.files import sync_file, sync_folder

WRITING = ".writing-"
REMOVING = ".removing-"


@contextmanager
def written(root: Path, fill: Callable[[Path], None]) -> Iterator[Path]:
    """A folder beside the versions, filled and flushed; whoever renames it keeps it."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root, prefix=WRITING))
    try:
        fill(folder)
        for path in folder.iterdir():
            sync_file(path)
        sync_folder(folder)
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def set_aside(folder: Path) -> Path:
    """Rename a version's folder, so that it is a version no more; where it lies then.

    A rename is one step: a reader finds every file of the version, or no version.
    """
    aside = folder.with_name(f"{REMOVING}{folder.name}-{token_hex(4)}")
    folder.rename(aside)
    return aside


def put_in_place_of(held: Path, copy: Path) -> None:
    """Give a folder the place of another, if that is there, which is deleted then."""
    aside = set_aside(held) if os.path.lexists(held) else None
    copy.rename(held)
    sync_folder(held.parent)
    if aside:
        delete(aside)


def delete(path: Path) -> None:
    """Delete a file, or a folder with what is in it; of a link the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
    return sum(one.lstat().st_size for one in (path, *inside) if not one.is_dir())
