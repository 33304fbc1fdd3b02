"""A source: a file, or standard input, that articles are read from."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from labels.errors import InputError, UnreadableError

_TEXTS = (".json", ".jsonl", ".ndjson", ".csv")
_ENDINGS = (*_TEXTS, *(f"{ending}.gz" for ending in _TEXTS), ".parquet")
_HIDDEN = (".", "_")
_UNFINISHED = (".tmp", ".part")


@dataclass(frozen=True)
class Source:
    """A file by its path, ``-`` for standard input; ``named`` or found in a folder."""

    path: str
    named: bool


def _nothing(_: Path) -> bool:
    return False


def expand(inputs: Sequence[str], leave_out: Callable[[Path], bool] = _nothing) -> list[Source]:
    """The sources that names of files, folders and patterns such as ``posts/**/*.csv`` mean.

    Of a folder they are all the files below it that end like a format of ours, sorted; of a
    pattern its files, sorted; linked folders are folders. Names that begin with ``.`` or ``_``
    or end in ``.tmp`` or ``.part`` are left out there, of folders too, and what ``leave_out``
    says.

    Raises:
        InputError: a folder or a pattern without a file, a link to nothing, or one file twice.
        UnreadableError: a folder that cannot be listed.
    """
    sources = [source for given in inputs for source in _expanded(given, leave_out)]
    _refuse_twice(sources)
    return sources


def _expanded(given: str, leave_out: Callable[[Path], bool]) -> list[Source]:
    path = Path(given)
    if given != "-" and path.is_dir():
        found = _found(_below(path), leave_out)
        if not found:
            fix = f"Give a folder with files that end in {', '.join(_TEXTS)} or .parquet"
            raise InputError(given, "a folder without a file to read", fix)
        return found
    if given == "-" or not glob.has_magic(given) or path.exists():
        return [Source(given, named=True)]
    found = _found(_matching(given), leave_out)
    if not found:
        raise InputError(given, "no file matches", "Check the pattern, or name the files")
    return found


def _found(paths: Iterable[Path], leave_out: Callable[[Path], bool]) -> list[Source]:
    return [Source(str(path), named=False) for path in sorted(paths) if not leave_out(path)]


def _below(folder: Path) -> Iterator[Path]:
    met = {os.path.realpath(folder)}
    for here, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        folders[:] = [name for name in sorted(folders) if is_finished(name)]
        folders[:] = [name for name in folders if _is_first(Path(here, name), met)]
        for name in names:
            path = Path(here, name)
            if is_finished(name) and is_readable(name) and _is_file(path):
                yield path


def _is_first(folder: Path, met: set[str]) -> bool:
    """Or else it is a folder that was met under another name, it may be one that it lies in."""
    real = os.path.realpath(folder)
    if real in met:
        return False
    met.add(real)
    return True


def _matching(pattern: str) -> Iterator[Path]:
    parts = Path(pattern).parts
    literal = next(n for n, part in enumerate(parts) if glob.has_magic(part))
    for name in set(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - absolute ones too
        path = Path(name)
        if all(map(is_finished, path.parts[literal:])) and _is_file(path):
            yield path


def _is_file(path: Path) -> bool:
    if path.is_symlink() and not path.exists():
        raise InputError(str(path), "a link to nothing", "Mend the link, or remove it")
    return path.is_file()


def is_finished(name: str) -> bool:
    """Whether a file of this name is meant to be read, as far as its name says."""
    return not name.startswith(_HIDDEN) and not name.lower().endswith(_UNFINISHED)


def is_readable(name: str) -> bool:
    """Whether it ends like a format of ours."""
    return name.lower().endswith(_ENDINGS)


def _refuse_folder(error: OSError) -> NoReturn:
    what = f"cannot be listed ({error.strerror})"
    raise UnreadableError(str(error.filename), what, "Check its permissions") from error


def _refuse_twice(sources: Iterable[Source]) -> None:
    met: set[str] = set()
    for source in sources:
        real = source.path if source.path == "-" else os.path.realpath(source.path)
        if real in met:
            where = "standard input" if real == "-" else source.path
            what = "given twice, so that every article in it would come twice"
            raise InputError(where, what, "Name it once, or its folder alone")
        met.add(real)
