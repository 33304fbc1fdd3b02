"""A stamp: what tells, without reading it, whether a file is as it was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_PIECE = 4 * 1024 * 1024  # bytes that are hashed at once


class ChangingError(Exception):
    """A file is not what it was when it was looked at."""


class Stamp(NamedTuple):
    """Size in bytes, and times in ns: of the content, which copying can keep, and of the file."""

    size: int
    mtime_ns: int
    ctime_ns: int


def stamp_of(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def refuse_changed(path: Path, stamp: Stamp) -> None:
    """Raise ChangingError where a file is another, or not there any more."""
    try:
        now = stamp_of(path.stat())
    except FileNotFoundError as error:
        raise ChangingError from error
    except OSError:
        return  # whoever looked for more will tell
    if now != stamp:
        raise ChangingError


def digest_of(path: Path, go_on: Callable[[], None]) -> str:
    """The SHA-256; ``go_on`` is called before every piece, and may end it with an error.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        go_on()
        while piece := file.read(_PIECE):
            digest.update(piece)
            go_on()
    return digest.hexdigest()
