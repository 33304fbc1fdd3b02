"""Rounds: several sides timed in turn within one run, so that a busy machine meets them all."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from statistics import median
from typing import TypeVar

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


_T = TypeVar("_T")
Side = Callable[[], object]


def time_rounds(
    sides: Mapping[str, Side], rounds: int, warm: Mapping[str, Side] | None = None
) -> dict[str, list[float]]:
    """Seconds of each side in each round, after one call of each that is not timed.

    Every round has an order of its own, drawn at random but the same in every run. What ``warm``
    has for each side is called before each of its turns, untimed, so that it is met at work and
    not when it begins. To call the side itself would fill the processor's caches with what these
    very articles want, which is so in no use.
    """
    for side in sides.values():
        side()
    gc.collect()
    gc.freeze()  # as services do: the models of one side are not the other's garbage to look at
    try:
        return _timed(sides, rounds, warm)
    finally:
        gc.unfreeze()


def _timed(
    sides: Mapping[str, Side], rounds: int, warm: Mapping[str, Side] | None
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in shuffled(sides, number):
            gc.collect()  # of what the side before left
            if warm:
                warm[name]()
            found[name].append(_seconds(sides[name]))
    return found


def _seconds(side: Side) -> float:
    began = time.perf_counter()
    side()
    return time.perf_counter() - began


def shuffled(sides: Iterable[_T], by: int) -> list[_T]:
    """The sides in an order of their own for each number, the same in every run."""
    mixed = list(sides)
    Random(by).shuffle(mixed)  # noqa: S311 - nothing is to be kept secret
    return mixed


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
