"""A watched run of ``newstag tag``: how far it was, and what memory it had, every second."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import end, memory
from benchmarks.tagging import Tagging
from benchmarks.trend import Point, by_tenth, rise, steepness, tenths
from serving.places import beside

_LOOK, _EVERY = 0.1, 1.0  # seconds between two looks at the journal, and at the memory
_TAIL = 8192  # bytes of a journal that hold its last line


@dataclass(kw_only=True)
class Watched:
    """Each point of ``progress`` is seconds and articles, as the journal told of more.

    Each of ``memory`` is articles and MB, over all processes.
    """

    seconds: float = 0.0
    progress: list[Point] = field(default_factory=list)
    memory: list[Point] = field(default_factory=list)

    @property
    def articles(self) -> int:
        return int(self.progress[-1][1])

    @property
    def rate(self) -> float:
        return self.articles / self.seconds

    @property
    def most(self) -> float:
        return max(memory for _, memory in self.memory)

    @property
    def rise(self) -> float:
        """MB an article, while articles were tagged: the last step of an output is none of it."""
        return rise([point for point in self.memory if point[0] < self.articles])

    @property
    def growth(self) -> float:
        """MB, as the fitted line has it, from the end of the first tenth to the end."""
        return self.rise * self.articles * 0.9

    @property
    def evenness(self) -> float:
        """How much longer the slowest tenth of the articles took than the fastest."""
        parts = tenths(self.progress)
        return max(parts) / max(min(parts), 1e-9)

    @property
    def steepness(self) -> float:
        return steepness(tenths(self.progress))

    def cells(self) -> tuple[str, ...]:
        """For a table."""
        (first, _), (last, _) = self.progress[0], self.progress[-1]
        return (
            f"{self.seconds:.1f}",
            f"{self.rate:,.0f}",
            f"{first:.1f}",
            f"{self.seconds - last:.1f}",
            f"{self.evenness:.2f}",
            f"{self.steepness:.3f}",
            f"{self.most:.0f}",
            f"{self.rise * 1e6:+.1f}",
            f"{self.growth:+.1f}",
        )

    def as_json(self) -> dict[str, object]:
        return {
            "seconds": self.seconds,
            "articles/s": self.rate,
            "seconds of each tenth": tenths(self.progress),
            "slowest tenth / fastest": self.evenness,
            "log-log slope of time": self.steepness,
            "greatest memory, MB": self.most,
            "memory by tenth, median MB": by_tenth(self.memory),
            "memory, MB by million articles": self.rise * 1e6,
            "growth of memory, MB": self.growth,
        }


HEAD = (
    "run",
    "s",
    "articles/s",
    "to the first note, s",
    "after the last article, s",
    "slowest / fastest tenth",
    "log-log slope",
    "memory, most MB",
    "MB by million",
    "growth, MB",
)


def watch(tagging: Tagging) -> Watched:
    """Run it to its end; ends the benchmark where it fails."""
    found, journal = Watched(), beside(str(tagging.output)).partial("journal")
    began = looked = time.perf_counter()
    process = tagging.begin()
    done = 0
    try:
        while process.poll() is None:
            now = time.perf_counter()
            told = told_by(journal)
            if told > done:
                done = told
                found.progress.append((now - began, done))
            if now >= looked:
                looked = now + _EVERY
                found.memory.append((done, memory(process.pid)))
            time.sleep(_LOOK)
        found.seconds = time.perf_counter() - began
    finally:
        end(process)
    if process.returncode or not found.progress:
        sys.exit(f"newstag tag {tagging.output.name} ended with {process.returncode}")
    return found


def told_by(journal: Path) -> int:
    """How many articles are done, as its last whole line tells; 0 where there is none.

    Only its end is read: a long run's journal has many lines.
    """
    try:
        with journal.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return 0
    if len(lines) < 2 or not lines[-2].startswith(b'{"source"'):
        return 0
    counts = json.loads(lines[-2])["counts"]
    return int(counts.get("tagged", 0) + counts.get("rejected", 0))
