"""Rounds: several sides timed in turn within one run, so that a busy machine meets them all."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

Rounds = Mapping[str, Sequence[float]]  # by the name of a side, a figure a round


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """How one side stands to another, over rounds; each ratio is of figures of one round."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def time_rounds(
    sides: Mapping[str, Callable[[], object]], rounds: int, least: float = 0.25
) -> dict[str, list[float]]:
    """Seconds that one call of each side takes in each round.

    A side is called again and again for at least about so many seconds of a round, so that what
    the one before it left in the caches matters to none. Before the rounds each is called once.
    Every round begins with another side, so that none always follows the same one.
    """
    calls = {name: max(1, round(least / _seconds(side))) for name, side in sides.items()}
    gc.collect()
    gc.freeze()  # as services do: the models of one side are not the other's garbage to look at
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in rotated(list(sides), number):
            found[name].append(_seconds(sides[name], calls[name]))
    gc.unfreeze()
    return found


def _seconds(side: Callable[[], object], calls: int = 1) -> float:
    gc.collect()  # of what the side before left
    began = time.perf_counter()
    for _ in range(calls):
        side()
    return (time.perf_counter() - began) / calls


def rotated(names: Sequence[str], by: int) -> list[str]:
    """The names in their order, beginning ``by`` places later."""
    at = by % len(names) if names else 0
    return [*names[at:], *names[:at]]


def medians(rounds: Rounds) -> dict[str, float]:
    """The median figure of each side."""
    return {name: median(figures) for name, figures in rounds.items()}


def scaled(rounds: Rounds, factor: float) -> dict[str, list[float]]:
    """The same rounds in another unit."""
    return {name: [figure * factor for figure in figures] for name, figures in rounds.items()}


def ratio(rounds: Rounds, name: str, to: str) -> Ratio:
    """How often the figure of ``to`` goes into that of ``name``, round by round."""
    each = [one / other for one, other in zip(rounds[name], rounds[to], strict=True)]
    return Ratio(median=median(each), low=min(each), high=max(each))
