"""Refusing: what may not become champion or be replaced, and what to do instead."""

from __future__ import annotations

import os
from pathlib import Path

from labels.errors import StateError, VersionError
from models.manifest import Manifest, read_manifest
from models.sums import NAME, PIPELINE, check_sums

PROMOTE = "Use: newstag models promote REF"


def refuse_foreign(root: Path, ref: str, folder: Path, version: str) -> None:
    """Refuse a folder that is not the store's own of this version."""
    held = root / version
    if folder.resolve() == held.resolve():
        return
    what, fix = "not a version of the store", f"Copy the directory to {held} first"
    if folder.name != version:
        what = f"a folder of another name than its version, {version}"
    if held.is_dir():  # or the copy would end up inside of it
        fix = f"The store holds that version. Use: newstag models promote {version}"
    elif folder.resolve().parent == root.resolve():
        fix = f"Rename it to {version}"
    raise StateError(ref, what, fix)


def refuse_gone(folder: Path) -> None:
    """Refuse a version that was pruned, or deleted by hand."""
    if not folder.is_dir():
        fix = f"{PROMOTE}, or bring it back with: newstag models promote models:/NAME/VERSION"
        raise StateError(str(folder), "gone from the store", fix)


def refuse_other_scheme(manifest: Manifest, champion: Path | None) -> None:
    """Refuse a version with other labels than clients see now."""
    try:
        digest = read_manifest(champion).scheme_digest if champion else manifest.scheme_digest
    except StateError:  # its folder is gone or damaged: there is nobody to be surprised
        return
    if champion and digest != manifest.scheme_digest:
        what = f"another scheme than the champion {champion.name}: clients will see other labels"
        fix = "Promote it with --force and --why if they are ready"
        raise StateError(manifest.version, what, fix)


def is_whole(folder: Path) -> bool:
    """Whether a version's folder holds what its sums say, and lies under its own name."""
    try:
        named = read_manifest(folder).version == folder.name
        check_sums(folder)
    except VersionError:
        return False
    return named


def refuse_replacing(held: Path, folder: Path) -> None:
    """Refuse to have a version replaced by ``folder`` that is whole, or by which a file is lost.

    Raises:
        StateError: it is whole, has a file of somebody's in it, or one that cannot be read.
    """
    if not held.is_dir():
        return
    for path in sorted(held.iterdir()):
        if path.name != PIPELINE and not (folder / path.name).exists():
            raise VersionError(str(path), f"an extra file, not in {NAME}", "Remove it")
        if path.is_file() and not os.access(path, os.R_OK):
            raise VersionError(str(path), "not readable", "Check its permissions")
    if is_whole(held):
        raise StateError(str(held), "is whole", "Nothing is to be done")
