"""Work: what a job does to every article, as a value that every process understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labels.errors import InputError
from labels.scheme import Scheme, read_scheme
from models.segmentation import SegmenterName
from serving.output import Rows

LABELS = "labels"  # what to compare with, when it is the labels that the rows have
STREAMS = ("output", "rejects", "changed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What to do, and with what.

    ``model`` is the directory of a version; where the digest of its ``sums`` is given, another one
    in its place will not do. ``columns`` maps our names to those of the rows, in pairs.
    ``against`` is what to compare with: nothing, ``labels`` (those of the rows) or the directory
    of another version; with ``only_changed`` only articles that it calls otherwise come out.
    """

    model: str
    sums: str = ""
    segmenter: SegmenterName = "rjieba"
    rows: Rows = "jsonl"
    explain: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    against: str = ""
    only_changed: bool = False

    def scheme(self) -> Scheme:
        """That of the version, without loading it."""
        return read_scheme(Path(self.model) / "scheme.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of some articles: bytes by stream, counts, and the rows that were left out."""

    streams: dict[str, bytes]
    counts: Counter[str] = field(default_factory=Counter)
    errors: Sequence[InputError] = ()
