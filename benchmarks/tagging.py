"""Tagging: runs of ``newstag tag`` that a benchmark begins, in a process group of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.commands import newstag
from benchmarks.processes import environment
from serving.journal import read_journal
from serving.places import beside


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """How a run ended, and what it said on standard error."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tagging:
    """What to tag, and where to. ``words`` are more options, ``before`` words before newstag."""

    inputs: Sequence[Path]
    output: Path
    store: Path
    words: Sequence[str] = ()
    before: Sequence[str] = ()
    told: Path = field(default=Path("/dev/null"))

    def command(self, *more: str) -> list[str]:
        files = [str(path) for path in self.inputs]
        options = ["-o", str(self.output), "--store", str(self.store), "--quiet"]
        return [*self.before, *newstag("tag"), *files, *options, *self.words, *more]

    def begin(self, *more: str) -> subprocess.Popen[bytes]:
        """What it says goes to the file ``told``."""
        with self.told.open("wb") as said:
            return subprocess.Popen(  # noqa: S603 - no shell, and the command is the benchmark's
                self.command(*more),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment(),
                start_new_session=True,
            )

    def run(self, *more: str) -> Said:
        done = subprocess.run(  # noqa: S603 - no shell, and the command is the benchmark's
            self.command(*more), capture_output=True, env=environment(), check=False
        )
        return Said(code=done.returncode, text=done.stderr.decode("utf-8", "replace"))

    def must(self, *more: str) -> None:
        """Run it; ends the benchmark where it fails."""
        said = self.run(*more)
        if said.code:
            sys.exit(f"newstag tag {self.output.name} ended with {said.code}:\n{said.text}")

    def done(self) -> int:
        """Articles that the journal tells of, tagged or rejected."""
        record = read_journal(beside(str(self.output)).partial("journal"))
        counts = record.state.counts if record else {}
        return counts.get("tagged", 0) + counts.get("rejected", 0)

    def left_behind(self) -> list[str]:
        """Names of files beside the output that begin like it."""
        return sorted(path.name for path in self.output.parent.glob(f"*{self.output.name}*"))

    def forget(self) -> None:
        """Remove everything that runs have made."""
        for name in self.left_behind():
            (self.output.parent / name).unlink()
