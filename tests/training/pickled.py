"""Which files are pickles, under whatever name and however they are compressed."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

SUFFIXES = {".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".skops", ".pt", ".npz"}
READERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: zlib.decompressobj(wbits=47).decompress(data),  # zlib and gzip
    lambda data: bz2.BZ2Decompressor().decompress(data),
    lambda data: lzma.LZMADecompressor().decompress(data),
)


def pickles_in(folder: Path) -> list[str]:
    """The files below a folder that are a pickle by their name or by what is in them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        str(path.relative_to(folder))
        for path in files
        if path.suffix in SUFFIXES or any(map(is_pickle, layers(path.read_bytes())))
    ]


def is_pickle(data: bytes) -> bool:
    """A pickle of protocol 2 or later says so; an earlier one is opcodes up to STOP."""
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return True  # joblib's go on with arrays, which are no opcodes
    try:
        return len(list(pickletools.genops(data))) > 1  # a lone full stop is none of ours
    except Exception:  # noqa: BLE001 - it reads any bytes, and fails in many ways
        return False


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes themselves, and what they are a compressed, archived or array form of."""
    yield data
    if data.startswith(b"\x93NUMPY"):
        yield data[10 + int.from_bytes(data[8:10], "little") :]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from layers(archive.read(name))
    for read in READERS:
        try:
            inner = read(data)
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            continue
        yield from layers(inner)
