"""A block: a portion of a file, made cheaply here and parsed elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labels.errors import BrokenOffError, InputError, UnreadableError
from labels.items import Item, Row
from labels.json_lines import parse, read_portions
from labels.opening import Opened, opened
from labels.positions import place_of
from labels.rows import are_lines, read_items

__all__ = ["Block", "Item", "Place", "Row", "place_of", "read_blocks"]

_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
_SIZE = 256 * 1024
_MOST_ROWS = 256
_NUMBER = 8  # bytes of one, and of what else is no text


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a file was read.

    ``at`` counts unpacked bytes of JSON lines, and rows of other files, rejected ones too;
    ``line`` counts the JSON lines that end before it.
    """

    at: int = 0
    line: int = 0


_START = Place()


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Whole JSON lines, or rows, of the file that messages call ``name``.

    ``end`` is how far the file is read with it, and ``read`` how many bytes of the file on
    disk that took so far, those before the start included.
    """

    name: str
    lines: bytes = b""
    number: int = 1  # of the first of these lines
    held: tuple[Item, ...] = ()  # follows the lines
    end: Place
    read: int

    def items(self) -> Iterator[Item]:
        """Each row, or the error that stands for it, in their order."""
        yield from parse(self.name, self.lines, self.number)
        yield from self.held


def read_blocks(
    path: str,
    start: Place = _START,
    *,
    columns: Mapping[str, str] = _NO_COLUMNS,
    wanted: Collection[str] | None = None,
    size: int = _SIZE,
) -> Iterator[Block]:
    """The blocks of the file at ``path`` from ``start`` on, of about ``size`` bytes.

    Their items are those of ``read_rows``, whatever the size and the start. What is wrong with
    the content of a file is an item too, the last one where it ends the file; from a pipe a
    block comes as soon as whole lines are there.

    Raises:
        UnreadableError: the system does not give the file.
    """
    try:
        with opened(path) as file:
            if are_lines(file):
                yield from blocks_of_lines(file, start, size)
            else:
                items = to_the_end(read_items(file, columns, wanted, start.at))
                yield from blocks_of_items(file, items, start, size)
    except UnreadableError:
        raise
    except InputError as error:  # nothing of it could be read
        if start == _START:
            yield Block(name=error.where, held=(_told(error),), end=Place(at=1), read=0)


def blocks_of_lines(file: Opened, start: Place, size: int) -> Iterator[Block]:
    for portion in read_portions(file, size, start.at, start.line):
        yield Block(
            name=file.name,
            lines=portion.lines,
            number=portion.number,
            held=(_told(portion.error),) if portion.error else (),
            end=Place(at=portion.at, line=portion.line),
            read=file.read,
        )


def blocks_of_items(
    file: Opened, items: Iterator[Item], start: Place, size: int
) -> Iterator[Block]:
    held: list[Item] = []
    length, at = 0, start.at
    for item in items:
        held.append(item)
        length += _length(item)
        if length >= size or len(held) == _MOST_ROWS:
            at += len(held)
            yield Block(name=file.name, held=tuple(held), end=Place(at=at), read=file.read)
            held, length = [], 0
    if held:
        end = Place(at=at + len(held))
        yield Block(name=file.name, held=tuple(held), end=end, read=file.read)


def _length(item: Item) -> int:
    """About what it takes, text however deep it is nested."""
    if isinstance(item, InputError):
        return 0
    length, waiting = 0, [item[1]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str | bytes):
            length += len(value)
        elif isinstance(value, dict):
            length += sum(map(len, value))
            waiting += [one for one in value.values() if not isinstance(one, str)]
            length += sum([len(one) for one in value.values() if isinstance(one, str)])
        elif isinstance(value, list | tuple):
            waiting += value
        else:
            length += _NUMBER
    return length


def to_the_end(items: Iterator[Item]) -> Iterator[Item]:
    """The items; the fault that ends them is the last."""
    try:
        yield from items
    except UnreadableError:
        raise
    except InputError as error:
        yield _told(error)


def _told(error: InputError) -> InputError:
    if isinstance(error, BrokenOffError):
        what = f"{error.what}; what follows was not read"
        return InputError(error.where, what, error.fix)
    return error
