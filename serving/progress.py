"""Progress: how far a job has come, for whoever watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_OFTEN, _SELDOM = 2.0, 30.0  # seconds between two plain lines: at least, and at most


class Watched:
    """Nothing is told: the way of --quiet. Others tell more."""

    begun = False

    def __call__(self, done: int, share: float) -> None:
        """So many articles are done, and this share of the input read; 0 where nobody knows."""
        self.begun = True
        self.tell(done, share)

    def tell(self, done: int, share: float) -> None:
        """Show it."""

    def say(self, line: str) -> None:
        """A line that must be seen whatever else is shown."""
        print(line, file=sys.stderr)


class Bar(Watched):
    """On a terminal: a bar with rate and time left."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._first = True

    def tell(self, done: int, share: float) -> None:
        if self._first:  # what an earlier run did says nothing about the rate of this one
            self._first = False
            self._bar.initial = self._bar.n = done
        self._bar.total = round(done / share) if share else None
        self._bar.update(done - self._bar.n)

    def say(self, line: str) -> None:
        self._bar.write(line, file=sys.stderr)


class Lines(Watched):
    """Elsewhere: a line at every tenth of the input, or after half a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told = clock()
        self._tenth = 0
        self._first: tuple[float, int, float] | None = None

    def tell(self, done: int, share: float) -> None:
        now = self._clock()
        if self._first is None:
            self._first = now, done, share
            self._tenth = int(share * 10)
        waited = now - self._told
        if waited > _SELDOM or (waited > _OFTEN and int(share * 10) > self._tenth):
            self._told, self._tenth = now, int(share * 10)
            self.say(f"tagging: {self._line(now, done, share)}")

    def _line(self, now: float, done: int, share: float) -> str:
        began, before, share_before = self._first or (now, done, share)
        seconds = max(now - began, 1e-3)
        parts = [f"{done:,} articles", f"{(done - before) / seconds:,.0f} a second"]
        if share > share_before:
            left = (1 - share) / (share - share_before) * seconds
            parts = [f"{share:.0%}", *parts, f"{_clock(left)} left"]
        return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def watched(quiet: bool) -> Iterator[Watched]:
    """A bar on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        yield Watched()
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc="tagging", unit=" articles", file=sys.stderr, leave=False) as bar:
            yield Bar(bar)
    else:
        yield Lines()
