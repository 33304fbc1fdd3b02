"""A location: where a file lies, on this machine or in any store that fsspec knows."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from labels.errors import InputError, NewstagError
from labels.sources import expand, is_finished, is_readable

_LINES = (".jsonl", ".ndjson")
_PACKED = tuple(f"{ending}.gz" for ending in _LINES)
_ROWS = (".parquet",)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*::)*[A-Za-z][A-Za-z0-9+.-]*://")
_FIX = "--dask reads JSON lines and Parquet. Convert, or leave --dask out"
# What a store calls the version of a file, the surest first; a listing has it without asking again.
_TOKENS = ("ETag", "etag", "e_tag", "generation", "md5Hash", "content_md5", "contentHash")
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A path and the file system that it means something to, which travels to other machines.

    ``name`` is how messages call the file, ``token`` changes whenever somebody writes to it.
    """

    fs: Any
    path: str
    name: str
    size: int = 0
    token: str = ""

    @property
    def format(self) -> str:
        """By its name: lines, packed (lines in gzip), rows (of Parquet), or nothing of these.

        The name that was given counts first: what a link leads to may have another one.
        """
        endings = {"lines": _LINES, "packed": _PACKED, "rows": _ROWS}
        names = (self.name.lower(), self.path.lower())
        found = (one for name in names for one, ends in endings.items() if name.endswith(ends))
        return next(found, "")

    def refuse_changed(self) -> None:
        """What was read of a file that changed meanwhile is neither the old nor the new one.

        Raises:
            InputError: it did.
        """
        self.fs.invalidate_cache()
        now = self.fs.info(self.path)
        if (int(now["size"] or 0), token_of(now)) != (self.size, self.token):
            fix = "Run again with --overwrite when nobody writes to it"
            raise InputError(self.name, "changed while it was read", fix)


def token_of(info: Mapping[str, Any]) -> str:
    """What a file system says of the version of a file."""
    return str(next((info[key] for key in (*_TOKENS, *_TIMES) if info.get(key)), ""))


def is_url(given: str) -> bool:
    """Whether it begins like ``s3://`` or ``simplecache::s3://``; a file may be called anything."""
    return _URL.match(given) is not None


def located(given: str) -> Location:
    """The location that a path or a URL means, whatever lies there.

    Raises:
        InputError: nobody here knows such a store.
    """
    from fsspec import filesystem
    from fsspec.core import url_to_fs

    with _asked(given):
        if is_url(given):
            fs, path = url_to_fs(given)
        else:  # whatever stands in it
            fs, path = filesystem("file"), str(Path(given).resolve())
    return Location(fs=fs, path=path.rstrip("/"), name=given)


def files_of(inputs: Sequence[str], mine: Callable[[Location], bool]) -> list[Location]:
    """The files that paths, folders, patterns and URLs mean, in the order of the local run.

    ``mine`` are left out where a folder or a pattern finds them.

    Raises:
        InputError: nothing is there, one file is given twice, or one has another format.
    """
    found = [file for given in inputs for file in _found(given, mine)]
    met: set[str] = set()
    for file in found:
        if not file.format:
            raise InputError(file.name, "neither JSON lines nor Parquet by its name", _FIX)
        real = file.fs.unstrip_protocol(file.path)
        if real in met:
            what = "given twice, so that every article in it would come twice"
            raise InputError(file.name, what, "Name it once, or its folder alone")
        met.add(real)
    return found


def _found(given: str, mine: Callable[[Location], bool]) -> list[Location]:
    if given == "-":
        fix = "Give files that every worker can read, or leave --dask out"
        raise InputError("standard input", "not to be read by a cluster", fix)
    if is_url(given):
        return _in_store(located(given), mine)
    return [_told(located(one.path)) for one in expand([given], lambda p: mine(located(str(p))))]


def _in_store(given: Location, mine: Callable[[Location], bool]) -> list[Location]:
    fs, path = given.fs, given.path
    with _asked(given.name):
        fs.invalidate_cache()
        if glob.has_magic(path) and not fs.exists(path):
            found = fs.glob(path, detail=True)
        elif fs.isdir(path):
            every = fs.find(path, detail=True)
            found = {name: info for name, info in every.items() if is_readable(name)}
        else:
            return [_told(given)]
    meant = [name for name in found if _is_meant(name, path, found[name])]
    below = sorted(meant, key=PurePosixPath)
    files = [_of(Location(fs=fs, path=p, name=fs.unstrip_protocol(p)), found[p]) for p in below]
    kept = [file for file in files if not mine(file)]
    if not kept:
        raise InputError(given.name, "no file to read there", _FIX)
    return kept


def _is_meant(path: str, given: str, info: Mapping[str, Any]) -> bool:
    """Hidden and unfinished files are left out, as those of a local folder are."""
    if info.get("type") == "directory":
        return False
    literal = next(
        (n for n, part in enumerate(PurePosixPath(given).parts) if glob.has_magic(part)),
        len(PurePosixPath(given).parts),
    )
    return all(map(is_finished, PurePosixPath(path).parts[literal:]))


def _told(file: Location) -> Location:
    """With its size and token."""
    with _asked(file.name):
        return _of(file, file.fs.info(file.path))


def _of(file: Location, info: Mapping[str, Any]) -> Location:
    return Location(
        fs=file.fs,
        path=file.path,
        name=file.name,
        size=int(info["size"] or 0),
        token=token_of(info),
    )


@contextmanager
def _asked(name: str) -> Iterator[None]:
    """Stores have errors of many kinds, of which each says why it gives nothing."""
    try:
        yield
    except NewstagError:
        raise
    except ImportError as error:
        raise InputError(
            name, f"needs a package ({error})", "Install it, on workers too"
        ) from error
    except OSError as error:
        what = (error.strerror or f"cannot be found ({error})").lower()
        raise InputError(name, what, "Check the path and its permissions") from error
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(name, f"not to be had ({said})", "Check the URL and the access") from error
