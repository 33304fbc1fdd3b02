"""A job: what to tag, how, and where to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labels.errors import InputError, StateError
from models.manifest import read_manifest
from serving.journal import read_journal
from serving.packing import kind_of, rows_for
from serving.places import Places, beside
from serving.summary import summary
from serving.work import LABELS, Work

Complain = Callable[[InputError], None]
Progress = Callable[[int, float], None]  # articles so far, and the share of the input that is read


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What to tag, how and where to. Output ``-`` is standard output.

    ``jobs`` is the number of processes, of which None lets the size of the input decide;
    ``strict`` stops at a bad row. ``block`` is how many bytes of input go to a process at once.
    """

    inputs: Sequence[str]
    work: Work
    output: str = "-"
    jobs: int | None = None
    strict: bool = False
    overwrite: bool = False
    resume: bool = False
    block: int = 256 * 1024

    def refuse_nothing(self, counts: Mapping[str, int]) -> None:
        """A job that could tag nothing has failed."""
        if not counts.get("tagged"):
            fix = "Mend the unreadable articles"
            raise InputError(", ".join(self.inputs), "nothing could be tagged", fix)

    def refuse_target(self, target: Path) -> None:
        """What the output cannot be, whatever comes of the job."""
        if kind_of(self.output) != kind_of(target.name):
            what = f"a link to a file of another kind, '{target.name}'"
            raise StateError(self.output, what, "Give the file itself, or a link of its kind")
        if rows_for(kind_of(target.name)) is None:
            fix = "End it in .jsonl, .csv or .parquet, or in .jsonl.gz or .csv.gz"
            raise StateError(self.output, f"no kind of output for '{kind_of(target.name)}'", fix)
        if self.work.explain and self.work.rows != "jsonl":
            fix = "Give a .jsonl file, or leave --explain out"
            raise StateError(self.output, "only JSONL has a place for explanations", fix)
        if target.exists() and not target.is_file():
            fix = "Give a file with -o, or - for standard output"
            raise StateError(self.output, "not a file that can be replaced", fix)
        names = [name for name in self.inputs if name != "-" and Path(name).exists()]
        if target.exists() and any(target.samefile(name) for name in names):
            raise StateError(self.output, "an input as well", "Give another -o")

    def refuse_own_input(self, places: Places) -> None:
        """An input that is called like a file that goes with the output would be written over."""
        for name in self.inputs:
            if name != "-" and places.owns(Path(name)):
                fix = f"Give another -o: that one keeps files of its own called {self.output}.…"
                raise StateError(name, "an input that the output would write over", fix)

    def is_under_way(self) -> bool:
        """Whether a run that was broken off can be gone on with."""
        if self.output == "-":
            return False
        try:
            begun = read_journal(beside(self.output).partial("journal"))
        except OSError:  # told of already
            return False
        return begun is not None and begun.state.sizes != {}

    def summary(self, counts: Mapping[str, int]) -> dict[str, object] | None:
        """What differs, where that was asked for."""
        if not self.work.against:
            return None
        against = self.work.against
        other = against if against == LABELS else _version(against)
        return summary(self.work.scheme(), counts, _version(self.work.model), other)


def _version(folder: str) -> str:
    return read_manifest(Path(folder)).version


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a job: counts, among them tagged, review and rejected.

    ``already`` says that it was done before; ``summary`` what differs, where that was asked for.
    """

    counts: Counter[str]
    already: bool = False
    summary: Mapping[str, object] | None = None
