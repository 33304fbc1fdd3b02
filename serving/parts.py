"""A part: as much of a file as one worker does at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from labels.errors import InputError, UnreadableError
from labels.parquet_rows import REFUSED, fault_of, names_of
from serving.locations import Location

_MOST, _LEAST = 64 * 1024 * 1024, 1024 * 1024  # bytes of a part; the most is half a minute of work
_SHARE = 1000  # a small input is cut into about so many parts, for many workers to end together
_AT_ONCE = 32  # files whose ends are read at the same time
_PIECE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The lines that begin in a range of bytes, or a range of the rows of a Parquet file.

    ``size`` says what share of the work it is, in bytes.
    """

    number: int
    file: Location
    start: int
    stop: int
    size: int

    @property
    def name(self) -> str:
        """For messages."""
        unit = "rows" if self.file.format == "rows" else "bytes"
        return f"part {self.number} ({unit} {self.start:,} to {self.stop:,})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Range:
    start: int
    stop: int
    size: int


def size_for(files: Iterable[Location]) -> int:
    """Bytes of a part, by the input alone: a run that goes on cuts it as the one before did."""
    return min(_MOST, max(_LEAST, sum(file.size for file in files) // _SHARE))


def parts_of(
    files: Sequence[Location], size: int, columns: Mapping[str, str], wanted: Collection[str]
) -> list[Part]:
    """All files, cut into parts of about ``size`` bytes, in their order.

    Raises:
        UnreadableError: the system does not give a file.
    """
    cut = partial(_ranges, size=size, columns=columns, wanted=wanted)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ranges = list(pool.map(cut, files))
    found = [(file, one) for file, some in zip(files, ranges, strict=True) for one in some]
    return [
        Part(number=number, file=file, start=one.start, stop=one.stop, size=one.size)
        for number, (file, one) in enumerate(found)
    ]


def _ranges(
    file: Location, *, size: int, columns: Mapping[str, str], wanted: Collection[str]
) -> list[_Range]:
    whole = [_Range(start=0, stop=file.size, size=file.size)]
    if file.format == "rows":
        try:
            return list(_ranges_of_rows(file, size, columns, wanted))
        except UnreadableError:
            raise
        except InputError:  # of which its only part tells in its place
            return whole
    if file.format == "packed" or file.size <= size:
        return whole
    stops = (min(at + size, file.size) for at in range(0, file.size, size))
    starts = range(0, file.size, size)
    return [_Range(start=a, stop=b, size=b - a) for a, b in zip(starts, stops, strict=True)]


def _ranges_of_rows(
    file: Location, size: int, columns: Mapping[str, str], wanted: Collection[str]
) -> Iterator[_Range]:
    """Row groups together, as long as they are small; a large one in pieces."""
    start = stop = length = 0
    for rows, weight in _row_groups(file, columns, wanted):
        if length and length + weight > size:
            yield _Range(start=start, stop=stop, size=length)
            start, length = stop, 0
        if weight >= 2 * size:
            yield from _pieces(stop, rows, weight, size)
            start = stop = stop + rows
            continue
        stop += rows
        length += weight
    if stop > start:
        yield _Range(start=start, stop=stop, size=length)


def _pieces(first: int, rows: int, weight: int, size: int) -> Iterator[_Range]:
    step = max(1, rows * size // weight)
    for at in range(0, rows, step):
        until = min(at + step, rows)
        share = weight * (until - at) // rows
        yield _Range(start=first + at, stop=first + until, size=share)


def _row_groups(
    file: Location, columns: Mapping[str, str], wanted: Collection[str]
) -> list[tuple[int, int]]:
    """Rows and unpacked bytes of each; a file that no worker could read is an error."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with file.fs.open(file.path, "rb") as raw, ParquetFile(raw, pre_buffer=False) as found:
            names_of(found, file.name, columns, wanted)
            groups = [found.metadata.row_group(n) for n in range(found.num_row_groups)]
    except (pa.ArrowException, OSError, *REFUSED) as error:
        raise fault_of(file.name, 0, error) from error
    return [(group.num_rows, group.total_byte_size) for group in groups]


def lines_before(part: Part) -> int:
    """How many lines of its file end before the first one of the part; all that is read for it."""
    count, left = 0, part.start - 1
    if left < 0 or part.file.format != "lines":
        return 0
    with part.file.fs.open(part.file.path, "rb") as raw:
        while left and (piece := raw.read(min(left, _PIECE))):
            left -= len(piece)
            count += piece.count(b"\n")
    return count + 1
