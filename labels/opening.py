"""An opened file: its bytes, unpacked, and how many of it were read."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from labels.errors import BrokenOffError, InputError, UnreadableError
from labels.positions import FileName

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 128 * 1024  # bytes of a read; always the same, so that a damage is met at the same place
_SPACE = b" \t\r\n"
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_LONGEST_HEAD = 4


class Stream(io.RawIOBase):
    """Bytes as they come. The first four are known before they are read."""

    def __init__(self, read: Callable[[int], bytes], name: str) -> None:
        self._read = read
        self._name = name
        self.count = 0  # of the bytes that were read
        self.head = b""
        while piece := self._next(_LONGEST_HEAD - len(self.head)):
            self.head += piece
        self._left = self.head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._left[: len(view)]
        self._left = self._left[len(view) :]
        data = data or self._next(len(view))
        view[: len(data)] = data
        return len(data)

    def restart(self, at: int) -> None:
        """What comes next stands at byte ``at``."""
        self._left = b""
        self.count = at

    def _next(self, size: int) -> bytes:
        if not size:
            return b""
        try:
            data = self._read(size)
        except EOFError as error:
            what = "a gzip file that is cut short"
            raise BrokenOffError(self._name, what, "Copy or export it again") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            what = f"a damaged gzip file ({error})"
            raise BrokenOffError(self._name, what, "Copy or export it again") from error
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise UnreadableError(self._name, what, "Check the disk or the connection") from error
        self.count += len(data)
        return data


class Prompt(io.RawIOBase):
    """What gzip reads from: it gets what is there, and waits for no more."""

    def __init__(self, stream: Stream) -> None:
        self._file = io.BufferedReader(stream, PIECE)

    def read(self, size: int = -1) -> bytes:
        return self._file.read1(size)


class Opened:
    """A file at its first byte that is neither BOM nor blank.

    ``name`` is how messages call it, ``ending`` that of its name without ``.gz``, in small
    letters; ``first`` is that byte, ``line`` the line and ``offset`` the unpacked byte where it
    stands. ``first`` is ``P`` and nothing else is known of a Parquet file.
    """

    def __init__(self, path: str, name: str, raw: io.RawIOBase | None) -> None:
        self.path = path
        self.name: str = FileName(name)
        self._raw = raw
        read = cast("io.BufferedReader", sys.stdin.buffer).read1 if raw is None else raw.read
        self._stream = stream = Stream(cast("Callable[[int], bytes]", read), self.name)
        plain = path.lower().removesuffix(".gz")
        self._packed = stream.head.startswith(_GZIP) or plain != path.lower()
        self.ending = Path(plain).suffix
        if self._packed:
            unpacked = gzip.GzipFile(fileobj=Prompt(stream), mode="rb")
            stream = Stream(unpacked.read1, self.name)
        self.parquet = self._is_parquet(stream.head)
        self.file = io.BufferedReader(stream, PIECE)
        self.first, self.line, self.offset = b"P", 1, 0
        if not self.parquet:
            self._find_first(stream.head)

    @property
    def read(self) -> int:
        """How many bytes of the file were read, packed ones where it is packed."""
        return self._stream.count

    @property
    def waits(self) -> bool:
        """Whether a short read can mean that more is yet to come, as from a pipe."""
        return self._raw is None or not self._raw.seekable()

    def note_read(self, count: int) -> None:
        """Somebody else read it, so far."""
        self._stream.count = count

    def seek(self, at: int) -> bool:
        """Go to byte ``at``, where that can be done without reading."""
        if self._raw is None or self._packed or self.waits:
            return False
        self._raw.seek(at)
        self._stream.restart(at)
        self.file.detach()
        self.file = io.BufferedReader(self._stream, PIECE)
        return True

    def whole(self) -> io.RawIOBase:
        """The file from its first byte on, for one who seeks in it: no pipe."""
        if self._raw is None:
            raise ValueError("standard input has no first byte to go back to")
        self._raw.seek(0)
        return self._raw

    def _is_parquet(self, head: bytes) -> bool:
        known = {".json", ".jsonl", ".ndjson", ".csv"}
        if self.ending != ".parquet" and (head != _PARQUET or self.ending in known):
            return False
        if self._packed:
            what = "Parquet within gzip, which cannot be read row by row"
            raise InputError(self.name, what, "Unpack it: Parquet is compressed by itself")
        if self.waits:
            what = "Parquet, which cannot be read from a pipe"
            raise InputError(self.name, what, "Give the file by its name")
        return True

    def _find_first(self, head: bytes) -> None:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError(self.name, "not UTF-8 but UTF-16", "Save it as UTF-8")
        if head.startswith(codecs.BOM_UTF8):
            self.offset += len(self.file.read(len(codecs.BOM_UTF8)))
        while ahead := self.file.peek(1):
            blank = self.file.read(len(ahead) - len(ahead.lstrip(_SPACE)))
            self.offset += len(blank)
            self.line += blank.count(b"\n")
            if len(blank) < len(ahead):
                self.first = ahead[len(blank) : len(blank) + 1]
                return
        raise InputError(self.name, "an empty file", "Export it again, or leave it out")


@contextmanager
def opened(path: str) -> Iterator[Opened]:
    """The file at ``path``; ``-`` is standard input, which stays open.

    Raises:
        UnreadableError: the system does not give it.
        InputError: an empty file, a damaged one, or one that nobody can read as a stream.
    """
    if path == "-":
        if sys.stdin is None:
            raise UnreadableError("standard input", "closed", "Give a file, or pipe something in")
        yield Opened(path, "standard input", None)
        return
    try:
        raw = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        fix = "Check the path and its permissions"
        raise UnreadableError(
            FileName(path), (error.strerror or "not readable").lower(), fix
        ) from error
    with raw:
        yield Opened(path, path, raw)
