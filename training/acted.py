"""Acted: what a follower last did for an alias, kept in the store that it did it to."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labels.errors import StateError
from models.files import locked, write_whole
from training.registry import Target

_NAME = "followed.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Acted:
    """``target`` is what the alias named, ``version`` the id of the version in it.

    ``entries`` counts those of the ledger when the promotion was begun, and is None once it is
    over. So a kill between the two is told from one before them.
    """

    target: Target
    version: str
    entries: int | None = None


def read_acted(root: Path, reference: str) -> Acted | None:
    """What was done last for this reference; None where nothing was.

    Raises:
        StateError: the file is damaged: a roll-back could be overridden.
    """
    row = _rows(root).get(reference)
    if row is None:
        return None
    try:
        acted = Acted(**{**row, "target": Target(**row["target"])})
    except (KeyError, TypeError) as error:
        raise _damaged(root) from error
    if not isinstance(acted.entries, int | None):
        raise _damaged(root)
    return acted


def acting(root: Path) -> AbstractContextManager[None]:
    """For one follower of a store at a time: reading, acting and writing belong together."""
    root.mkdir(parents=True, exist_ok=True)
    return locked(root / ".followed.lock")


def write_acted(root: Path, reference: str, acted: Acted) -> None:
    """Keep it; what was done for other references stays."""
    rows = {**_rows(root), reference: asdict(acted)}
    write_whole(root / _NAME, json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n")


def _rows(root: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads((root / _NAME).read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise _damaged(root) from error
    if not isinstance(found, dict):
        raise _damaged(root)
    return found


def _damaged(root: Path) -> StateError:
    fix = "Remove it: what the alias names is promoted once more then"
    return StateError(str(root / _NAME), "a damaged file of what was followed", fix)
