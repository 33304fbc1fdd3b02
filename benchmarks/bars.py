"""Bars: what a benchmark must reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A required figure beside the measured one.

    With ``most`` the requirement is an upper limit, otherwise a lower one; ``aim`` is what would
    be better still.
    """

    name: str
    required: float
    measured: float
    most: bool = False
    aim: float | None = None
    unit: str = ""

    @property
    def held(self) -> bool:
        if self.most:
            return self.measured <= self.required
        return self.measured >= self.required

    def __str__(self) -> str:
        sign = "<=" if self.most else ">="
        aim = "" if self.aim is None else f", aim {_figure(self.aim, self.unit)}"
        return (
            f"{'held  ' if self.held else 'MISSED'} {self.name}: "
            f"required {sign} {_figure(self.required, self.unit)}{aim}; "
            f"measured {_figure(self.measured, self.unit)}"
        )

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "held": self.held}


def _figure(value: float, unit: str) -> str:
    return f"{value:.4g}{' ' if unit else ''}{unit}"


def bar_lines(bars: Iterable[Bar]) -> list[str]:
    """A line a bar, for people."""
    return [str(bar) for bar in bars]
