"""A fingerprint: what the result of a job depends on, to tell whether two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path

from labels.errors import InputError, VersionError
from labels.sources import Source
from models.files import sha256
from models.manifest import read_manifest
from models.sums import sums_digest
from serving.packing import kind_of
from serving.stamp import Stamp, stamp_of
from serving.work import LABELS, Work

STANDARD_INPUT = "standard input"  # which cannot be read a second time

Fingerprint = Mapping[str, object]

_handed: ContextVar[tuple[str, Stamp, str] | None] = ContextVar("_handed", default=None)


def fingerprint(sources: Sequence[Source], work: Work, kind: str) -> dict[str, object]:
    """Of the input, the versions, and the options that change an output of this ``kind``.

    A file given by name counts by what is in it, one found in a folder by path, size and time.

    Raises:
        InputError: a file cannot be read.
        VersionError: a version is damaged, or not the one that the work means.
    """
    other = work.against not in {"", LABELS}
    refuse_replaced(work)
    return {
        "newstag": version("newstag"),
        "input": _input(sources),
        "model": _model(work.model),
        "compare-with": _model(work.against) if other else work.against,
        "output": kind,
        "explain": work.explain,
        "columns": dict(work.columns),
        "only-changed": work.only_changed,
    }


def unlike(one: Fingerprint, other: Fingerprint) -> str:
    """The parts in which two differ, for people."""
    parts = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return " and ".join(parts)


def _input(sources: Sequence[Source]) -> dict[str, object]:
    named = [_content(source.path) for source in sources if source.named]
    found = [_stamp(source.path) for source in sources if not source.named]
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    # The order counts: answers come in the order of their files.
    order = "".join("n" if source.named else "f" for source in sources)
    return {
        "named": named,
        "found": {"files": len(found), "sha256": digest},
        "order": hashlib.sha256(order.encode()).hexdigest(),
    }


@contextmanager
def handed(path: Path, stamp: Stamp, digest: str) -> Iterator[None]:
    """Within it a large file that was hashed just now is not hashed again, unless it changed."""
    token = _handed.set((str(path), stamp, digest))
    try:
        yield
    finally:
        _handed.reset(token)


def _digest(path: str) -> str:
    known = _handed.get()
    if known and known[:2] == (path, stamp_of(Path(path).stat())):
        return known[2]
    return sha256(Path(path))


def _content(path: str) -> list[str]:
    if path == "-":
        return [STANDARD_INPUT]
    try:
        return [_digest(path), kind_of(path)]  # the ending says how it is read
    except OSError as error:
        raise _unreadable(path, error) from error


def _stamp(path: str) -> list[object]:
    """Beyond Unicode a name is written as it would be in Python, which any encoding takes."""
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return [ascii(str(Path(path).resolve())), stat.st_size, stat.st_mtime_ns]


def _unreadable(path: str, error: OSError) -> InputError:
    fix = "Check the path and its permissions"
    return InputError(path, (error.strerror or "not readable").lower(), fix)


def refuse_replaced(work: Work) -> None:
    """Refuse a version that is not the one which a work means, though it lies where that lay.

    Raises:
        VersionError: it is another one, or damaged.
    """
    if work.sums and sums_digest(Path(work.model)) != work.sums:
        what, fix = (
            "replaced while it was in use",
            "Put a version beside others, not in their place",
        )
        raise VersionError(work.model, what, fix)


def _model(folder: str) -> list[str]:
    return [read_manifest(Path(folder)).version, sums_digest(Path(folder))]
