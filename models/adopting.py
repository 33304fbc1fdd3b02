"""Adopting: a version directory from elsewhere, copied and believed only when verified."""

from __future__ import annotations

import shutil
from pathlib import Path

from labels.errors import StateError, VersionError
from models.sums import (
    NAME,
    PIPELINE,
    check_files,
    read_sums,
    sums_text,
    sums_without_pipeline,
)
from models.version import load_predictor


def copy_verified(source: Path, copy: Path) -> None:
    """Fill the folder ``copy`` and verify what arrived there: sums, form and golden texts.

    Raises:
        VersionError: the version is damaged; it names the source, for the copy does not stay.
    """
    try:
        for path in sorted(source.iterdir()):
            _refuse_irregular(path)
            shutil.copyfile(path, copy / path.name)
        load_predictor(copy)
    except VersionError as error:
        where = error.where.replace(str(copy), str(source))
        raise VersionError(where, error.what, error.fix) from error


def copy_in_place_of(held: Path, source: Path, copy: Path) -> None:
    """As ``copy_verified``, with the pickle of the damaged version ``held``, if its sum holds.

    The source comes from where no pickle is kept.

    Raises:
        VersionError: as ``copy_verified``.
    """
    copy_verified(source, copy)
    if not (copy / PIPELINE).exists():
        _keep_pipeline(held, copy)


def _keep_pipeline(held: Path, copy: Path) -> None:
    try:
        listed = read_sums(held)
        check_files(held, [PIPELINE], listed)
    except VersionError:
        return
    shutil.copyfile(held / PIPELINE, copy / PIPELINE)
    sums = {**read_sums(copy), PIPELINE: listed[PIPELINE]}
    (copy / NAME).write_text(sums_text(sums), "utf-8")


def _refuse_irregular(path: Path) -> None:
    """A link or a pipe would be read through by copying, and look like a file then."""
    if path.is_symlink() or not path.is_file():
        fix = "Copy the version again from where it was made"
        raise VersionError(str(path), "not a regular file", fix)


def already_held(held: Path, folder: Path) -> bool:
    """Whether ``held`` is there, with the same sums as ``folder``, the pickle's aside.

    Raises:
        StateError: it is there with other sums.
    """
    if not held.exists():
        return False
    if sums_without_pipeline(held) != sums_without_pipeline(folder):
        fix = "Move it out of the store if the other is the right one"
        raise StateError(str(held), f"exists already, with other files than {folder}", fix)
    return True
