"""Changes: what is different between two versions, by label, by group and by article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.sides import LEAST
from training.simultaneous import Difference

Outcome = Literal["mended", "broken", "still wrong", "unknown", "not judged"]


def interval_phrase(difference: Difference) -> str:
    """A difference with its interval, signs and all."""
    value, low, high = map(_signed, (difference.value, difference.low, difference.high))
    return f"{value}, {low} to {high}"


def _signed(value: float) -> str:
    """Three digits, or as many as tell it from 0: on which side it lies is what counts."""
    digits = next((n for n in (3, 4, 5, 6) if round(value, n)), 3)
    return f"{value or 0.0:+.{digits}f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelChange:
    """A label on the articles of which it is known whether they have it.

    ``articles`` have it in the gold; ``gained`` got it from the second side only, ``lost`` from
    the first only. The interval of ``difference`` holds together with those of all labels.
    """

    group: str
    label: str
    articles: int
    first: float
    second: float
    gained: int
    lost: int
    difference: Difference

    @property
    def phrase(self) -> str:
        return f"{self.group}:{self.label} (F1 {interval_phrase(self.difference)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exact:
    """The shares of articles with exactly their labels of a group.

    The interval of ``difference`` holds together with those of all labels.
    """

    first: float
    second: float
    difference: Difference


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupChange:
    """A group on the ``articles`` that it is judged on, ``distinct`` without their copies.

    They are those of the ``source`` whose labels of it are known. ``first`` and ``second`` are the
    mean F1 of those labels that some of them has; the interval of ``difference`` is of this one
    figure alone. A label that is given where no article has it shows in ``exact``. ``reviewed``
    are the shares of them that go to a person because of the group.
    """

    group: str
    source: Literal["given", "all"]
    articles: int
    distinct: int
    first: float
    second: float
    difference: Difference
    exact: Exact
    reviewed: tuple[float, float]

    @property
    def enough(self) -> bool:
        """Whether there are labelled articles enough to judge by."""
        return self.distinct >= LEAST

    @property
    def phrase(self) -> str:
        return f"{self.group} as a whole (exactly right {interval_phrase(self.exact.difference)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleChange:
    """An article that the two label differently in a group; ``gold`` is None where not known."""

    id: str
    group: str
    first: list[str]
    second: list[str]
    gold: list[str] | None
    outcome: Outcome
