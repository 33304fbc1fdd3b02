"""Inputs: the files of a job as one stream of blocks, with how far they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple

from labels.article import KNOWN_KEYS
from labels.blocks import Block, Place, read_blocks
from labels.errors import InputError
from labels.sources import Source
from serving.work import LABELS, Work

Stamp = tuple[int, int]  # size in bytes and time of the last change in ns


class Mark(NamedTuple):
    """How far the inputs are read: in which of them, where in it, and what share of all bytes.

    The share is 0 where nobody knows, as for standard input.
    """

    source: int
    place: Place
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Files to read one after the other, as they were when the job began."""

    sources: Sequence[Source]
    stamps: Sequence[Stamp]

    @property
    def bytes(self) -> int:
        return sum(size for size, _ in self.stamps)

    @property
    def again(self) -> bool:
        """Whether they can be read a second time."""
        return all(source.path != "-" for source in self.sources)

    def blocks(
        self, work: Work, first: int, start: Place, size: int
    ) -> Iterator[tuple[Mark, Block]]:
        """Every block from a place in a file on.

        Raises:
            UnreadableError: the system does not give a file.
        """
        columns, wanted = dict(work.columns), wanted_of(work)
        known = self.bytes if self.again else 0
        befores = accumulate((size for size, _ in self.stamps), initial=0)
        for number, before in islice(enumerate(befores), first, len(self.sources)):
            place = start if number == first else Place()
            path = self.sources[number].path
            for block in read_blocks(path, place, columns=columns, wanted=wanted, size=size):
                if path != "-" and block.read > self.stamps[number][0]:
                    self.refuse_changed()  # or one that grows as fast would never end
                share = (before + block.read) / known if known else 0.0
                yield Mark(number, block.end, share), block

    def refuse_changed(self) -> None:
        """What was read of a file that changed meanwhile is neither the old nor the new one.

        Raises:
            InputError: says which.
        """
        for source, stamp in zip(self.sources, self.stamps, strict=True):
            if source.path != "-" and _stamp(source.path) != stamp:
                fix = "Run again with --overwrite when nobody writes to it"
                raise InputError(source.path, "changed while it was read", fix)


def refuse_pipes(sources: Sequence[Source]) -> None:
    """What is read to see whether it is the same must be there a second time.

    Raises:
        InputError: a source by name that is no regular file.
    """
    for source in sources:
        if source.path != "-" and Path(source.path).exists() and not Path(source.path).is_file():
            fix = "Pipe it in, and give - instead"
            raise InputError(source.path, "not a file that can be read twice", fix)


def inputs_of(sources: Sequence[Source]) -> Inputs:
    return Inputs(sources=sources, stamps=[_stamp(source.path) for source in sources])


def _stamp(path: str) -> Stamp:
    if path == "-":
        return 0, 0
    try:
        found = Path(path).stat()
    except OSError as error:
        fix = "Check the path and its permissions"
        raise InputError(path, (error.strerror or "not readable").lower(), fix) from error
    return found.st_size, found.st_mtime_ns


def wanted_of(work: Work) -> Collection[str]:
    """The columns of a Parquet file that a prediction or a comparison needs."""
    groups = [group.id for group in work.scheme().groups] if work.against == LABELS else []
    return {*KNOWN_KEYS, *(theirs for _, theirs in work.columns), *groups}
