"""SHA256SUMS: which files a model version has, and what is in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from labels.errors import VersionError
from models.files import sha256

NAME = "SHA256SUMS"
PIPELINE = "pipeline.joblib"  # for notebooks; a pickle, so that it stays where it was made
_FIX = "Train again, or copy the version again from where it was made"


def write_sums(folder: Path) -> None:
    """List every file of the folder, in the form that ``sha256sum -c`` reads."""
    sums = {path.name: sha256(path) for path in folder.iterdir() if path.name != NAME}
    (folder / NAME).write_text(sums_text(sums), "utf-8")


def sums_text(sums: Mapping[str, str]) -> str:
    """Sums by file name as lines of the list, in the order of the names."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def check_sums(folder: Path) -> None:
    """Refuse a folder with an extra, a missing or an altered file.

    Sums prove that nothing changed by accident, not who made the files.

    Raises:
        VersionError: says which file and what is wrong with it.
    """
    listed = read_sums(folder)
    for name in sorted({path.name for path in folder.iterdir()} - {*listed, NAME}):
        raise VersionError(str(folder / name), f"an extra file, not in {NAME}", "Remove it")
    check_files(folder, sorted(listed), listed)


def check_files(
    folder: Path, names: Iterable[str], listed: Mapping[str, str] | None = None
) -> None:
    """Refuse a folder of which one of these files is missing or altered, whatever else it holds.

    ``listed`` are its sums, where they were read already.

    Raises:
        VersionError: says which file and what is wrong with it.
    """
    sums = read_sums(folder) if listed is None else listed
    for name in names:
        path = folder / name
        if not os.path.lexists(path) or name not in sums:
            raise VersionError(str(path), "a missing file", _FIX)
        if path.is_symlink() or not path.is_file():
            raise VersionError(str(path), "not a regular file", _FIX)
        if _sum(path) != sums[name]:
            raise VersionError(str(path), f"an altered file: its sum is not that of {NAME}", _FIX)


def _sum(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        what = f"not readable ({error.strerror})"
        raise VersionError(str(path), what, "Check its permissions") from error


def read_sums(folder: Path) -> dict[str, str]:
    """The sums that a folder lists, by the names of its files.

    Raises:
        VersionError: there is no list, or it has a line of another form.
    """
    try:
        text = (folder / NAME).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise VersionError(str(folder / NAME), "missing or not readable", _FIX) from error
    listed = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        digest, gap, name = line.partition("  ")
        if len(digest) != 64 or not gap or not name or "/" in name:
            raise VersionError(f"{folder / NAME}:{number}", "not a line of sums", _FIX)
        listed[name] = digest
    return listed


def sums_without_pipeline(folder: Path) -> dict[str, str]:
    """The sums that a folder lists, but that of the pickle, with or without which it is the same.

    Raises:
        VersionError: there is no list, or it has a line of another form.
    """
    listed = read_sums(folder)
    listed.pop(PIPELINE, None)
    return listed


def same_version(copy: Path, folder: Path) -> bool:
    """Whether a copy is whole and lists the files of the folder, the pickle aside."""
    try:
        check_sums(copy)
    except VersionError:
        return False
    return sums_digest(copy) == sums_digest(folder)


def sums_digest(folder: Path) -> str:
    """The SHA-256 of the list without the pickle: equal for a version and its logged model.

    Raises:
        VersionError: there is no list, or it has a line of another form.
    """
    return hashlib.sha256(sums_text(sums_without_pipeline(folder)).encode()).hexdigest()
