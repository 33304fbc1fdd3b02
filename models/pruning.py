"""Pruning: old versions leave the store, and what kills left behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labels.errors import StateError
from models.files import sync_folder, write_whole
from models.manifest import VERSION_ID
from models.placing import REMOVING, WRITING, delete, set_aside, size

_NAME = "pruned.json"

# What write_whole leaves when it is killed. These files are only written under the lock, so that
# whoever holds it finds none that somebody still writes; keys and followers have their own locks.
_TEMPORARY = (".champion.", f".{_NAME}.")

# Folders are filled without the lock, for a lock of minutes would keep promotions waiting. To
# write or copy a version takes seconds, minutes over a slow network: what nobody has touched for
# a day was left by a kill.
_ABANDONED = 24 * 60 * 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruning:
    """What was removed, and why older versions were kept. ``freed`` counts bytes.

    Bytes that a service has open are free once it lets them go.
    """

    removed: list[str]
    kept: Mapping[str, str]
    leftovers: int
    freed: int


def prune(
    root: Path, versions: Sequence[str], keep: int, needed: Mapping[str, str], now: float
) -> Pruning:
    """Remove all but the newest ``keep`` versions and those ``needed``; under the lock only.

    ``needed`` gives the reason by id. ``now`` is in seconds since the epoch.

    Raises:
        StateError: the file of what was pruned is damaged; nothing is removed then.
    """
    older = versions[:-keep]
    removed = [version for version in older if version not in needed]
    left = leftovers(root, now)
    _remember(root, removed)  # first: one that is remembered and still there is not gone
    aside = [set_aside(root / version) for version in removed]
    sync_folder(root)
    freed = sum(map(size, left + aside))
    for path in left + aside:
        delete(path)
    kept = {version: needed[version] for version in older if version in needed}
    return Pruning(removed=removed, kept=kept, leftovers=len(left), freed=freed)


def leftovers(root: Path, now: float) -> list[Path]:
    """What kills left in the store, whatever they broke off; under the lock only."""
    surely = (REMOVING, *_TEMPORARY)
    return sorted(
        path
        for path in root.iterdir()
        if path.name.startswith(surely)
        or (path.name.startswith(WRITING) and _age(path, now) > _ABANDONED)
    )


def _age(path: Path, now: float) -> float:
    """Seconds since a folder was touched; 0 for one that has just become a version."""
    with suppress(FileNotFoundError):
        return now - path.lstat().st_mtime
    return 0.0


def read_pruned(root: Path) -> frozenset[str]:
    """The ids of the versions that were pruned.

    Raises:
        StateError: the file of them is damaged.
    """
    path = root / _NAME
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        what = f"not readable ({error.strerror})"
        raise StateError(str(path), what, "Check its permissions") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(found, list) or not all(VERSION_ID.fullmatch(str(one)) for one in found):
        raise _damaged(path)
    return frozenset(found)


def forget(root: Path, version: str) -> None:
    """A version that was pruned is back; under the lock only.

    Whether the file is damaged is for those who ask it: here a version was trained for minutes.
    """
    with suppress(StateError):
        pruned = read_pruned(root)
        if version in pruned:
            _write(root, pruned - {version})


def _remember(root: Path, versions: Iterable[str]) -> None:
    pruned = read_pruned(root)
    if not pruned.issuperset(versions):
        _write(root, pruned.union(versions))


def _write(root: Path, pruned: frozenset[str]) -> None:
    write_whole(root / _NAME, json.dumps(sorted(pruned), indent=1).encode() + b"\n")


def _damaged(path: Path) -> StateError:
    fix = "Remove it: what was pruned could come back then"
    return StateError(str(path), "a damaged file of what was pruned", fix)
