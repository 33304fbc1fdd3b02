"""The portions of a part: what a worker reads of a file, block by block."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from labels.blocks import Block, Place, blocks_of_items, blocks_of_lines, to_the_end
from labels.errors import InputError, UnreadableError
from labels.items import Item
from labels.opening import PIECE, Opened, Stream
from labels.parquet_rows import AT_ONCE, REFUSED, fault_of, names_of, rows_of
from serving.parts import Part

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from pyarrow.parquet import FileMetaData

_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Window(io.RawIOBase):
    """The lines that begin in a range of a file; ``lines`` counts the line feeds that were read."""

    def __init__(self, file: Any, start: int, stop: int) -> None:
        self.lines = 0
        self._file = file
        self._stop = stop
        self._at = start  # of the byte that comes next
        self._ended = False
        file.seek(start)
        if start:
            self._skip_a_line(start - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """As a file is, and a pipe is not: a short read does not wait for more to come."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._ended:
            return 0
        data = self._file.read(len(view))
        last = self._stop - 1 - self._at  # where the last line may end, at the earliest
        if len(data) > last:
            end = data.find(b"\n", max(last, 0)) + 1
            self._ended = bool(end)
            data = data[: end or None]
        self._at += len(data)
        self.lines += data.count(b"\n")
        view[: len(data)] = data
        return len(data)

    def _skip_a_line(self, at: int) -> None:
        """Of the part before this one, which begins there at the latest."""
        self._file.seek(at)
        while at < self._stop and (data := self._file.read(PIECE)):
            end = data.find(b"\n") + 1
            at += end or len(data)
            if end:
                break
        self._file.seek(at)
        self._at = at
        self._ended = at >= self._stop


class _Middle(Opened):
    """Opened in the middle, where what looks like a BOM or like gzip is none."""

    def __init__(self, name: str, raw: io.BytesIO | Window) -> None:
        self.path = self.name = name
        self.ending, self.first, self.line, self.offset = "", b"", 1, 0
        self._raw = cast("io.RawIOBase", raw)
        self._packed = self.parquet = False
        self._stream = Stream(cast("Callable[[int], bytes]", raw.read), name)
        self.file = io.BufferedReader(self._stream, PIECE)


class Portions:
    """Reads a part, with the columns that are wanted of a Parquet file.

    ``lines`` is how many lines ended in what was read, by which those that follow are numbered.
    """

    def __init__(self, part: Part, columns: Mapping[str, str], wanted: Collection[str]) -> None:
        self.lines = 0
        self._part = part
        self._columns = columns
        self._wanted = wanted

    def blocks(self, size: int) -> Iterator[Block]:
        """Of about so many bytes. Lines are numbered within the part, rows within the file.

        Raises:
            UnreadableError: the system does not give the file.
        """
        file = self._part.file
        try:
            with file.fs.open(file.path, "rb") as raw:
                yield from (
                    self._rows(raw, size) if file.format == "rows" else self._lines(raw, size)
                )
        except UnreadableError:
            raise
        except InputError as error:  # nothing of it could be read
            yield Block(name=error.where, held=(error,), end=Place(at=1), read=0)
        except OSError as error:
            fix = "Check the path and its permissions"
            what = (error.strerror or f"cannot be read ({error})").lower()
            raise UnreadableError(file.name, what, fix) from error

    def _lines(self, raw: Any, size: int) -> Iterator[Block]:
        part, name = self._part, self._part.file.name
        head = raw.read(2)
        raw.seek(0)
        if part.file.format == "packed" or head == _GZIP:
            if not part.start:  # or else the first part does it all
                yield from blocks_of_lines(Opened(part.file.path, name, raw), Place(), size)
            return
        if part.start and head in _UTF16:
            return  # of which the first part tells
        if not part.start and part.stop < part.file.size and self._begins_blank(raw):
            return
        window = Window(raw, part.start, part.stop)
        opened = _Middle(name, window) if part.start else Opened(part.file.path, name, window)
        try:
            yield from blocks_of_lines(opened, Place(), size)
        finally:
            self.lines = window.lines

    def _begins_blank(self, raw: Any) -> bool:
        """Whether the first part has no lines to read, and the file is not empty for that."""
        window = Window(raw, 0, self._part.stop)
        if not _is_blank(window):
            return False
        raw.seek(self._part.stop)
        if _is_blank(raw):
            return False
        self.lines = window.lines
        return True

    def _rows(self, raw: Any, size: int) -> Iterator[Block]:
        items = islice(self._items(raw), self._part.stop - self._part.start)
        opened = _Middle(self._part.file.name, io.BytesIO())
        yield from blocks_of_items(opened, to_the_end(items), Place(at=self._part.start), size)

    def _items(self, raw: Any) -> Iterator[Item]:
        """Rows, read in batches that begin anew with each row group, as those of a local run."""
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        name, start, stop = self._part.file.name, self._part.start, self._part.stop
        row = 0  # of the batch that is read next
        try:
            with ParquetFile(raw, pre_buffer=False, buffer_size=PIECE) as file:
                names = names_of(file, name, self._columns, self._wanted)
                groups, row = _groups(file.metadata, start, stop)
                for group in groups:
                    options = {"row_groups": [group], "columns": names, "use_threads": False}
                    for batch in file.iter_batches(AT_ONCE, **options):
                        skipped = min(max(start - row, 0), len(batch))
                        yield from rows_of(batch.slice(skipped), name, row + skipped)
                        row += len(batch)
        except (pa.ArrowException, OSError, *REFUSED) as error:
            if row >= start:  # or else a part before this one tells of it
                raise fault_of(name, row, error) from error


def _is_blank(file: Any) -> bool:
    """Whether nothing follows but white space, behind a BOM it may be."""
    while data := file.read(PIECE):
        if data.strip(b"\xef\xbb\xbf \t\r\n\v\f"):
            return False
    return True


def _groups(metadata: FileMetaData, start: int, stop: int) -> tuple[Sequence[int], int]:
    """The row groups that have rows of a range, and the first row of the first."""
    row, first, found = 0, 0, list[int]()
    for group in range(metadata.num_row_groups):
        end = row + metadata.row_group(group).num_rows
        if end > start and row < stop:
            first = first if found else row
            found.append(group)
        row = end
    return found, first
