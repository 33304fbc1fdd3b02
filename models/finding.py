"""Finding: from what people call a version to its directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from labels.errors import StateError


def find(root: Path, versions: Sequence[str], champion: Callable[[], str | None], ref: str) -> Path:
    """The directory of a version: its id, a unique prefix, champion, latest or a directory.

    The champion is only asked for where it is meant: its pointer may be damaged.

    Raises:
        StateError: an empty store, or nothing of that name.
    """
    if ref in {"", "champion"}:
        live = champion()
        return root / live if live else _without_champion(root, versions)
    if ref == "latest":
        return root / versions[-1] if versions else _empty(root)
    if ref.startswith("models:/"):
        fix = "Resolve it with training.registry.Registry, which puts the version here"
        raise StateError(ref, "a reference into a registry, not into a store", fix)
    if "/" in ref or Path(ref).is_dir():
        return Path(ref)
    found = [version for version in versions if version.startswith(ref)]
    if len(found) == 1:
        return root / found[0]
    if not versions:
        return _empty(root)
    what = f"{len(found)} versions begin with '{ref}'" if found else f"no version '{ref}'"
    raise StateError(str(root), what, f"Use one of: {', '.join((found or versions)[-8:])}")


def _without_champion(root: Path, versions: Sequence[str]) -> Path:
    if not versions:
        return _empty(root)
    fix = f"Use: newstag models promote {versions[-1]}"
    raise StateError(str(root), "versions, but no champion", fix)


def _empty(root: Path) -> Path:
    raise StateError(str(root), "no model version yet", "Run: newstag train")
