"""What a figure shows, read back from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D


def title(figure: Figure) -> str:
    return " ".join(figure.subfigs[0].get_suptitle().split())


def note(figure: Figure) -> str:
    return " ".join(figure.subfigs[1].texts[0].get_text().split())


def panels(figure: Figure) -> list[Axes]:
    return figure.axes


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """What a line or a marker of this beginning of a label shows."""
    (found,) = [one for one in axes.get_lines() if str(one.get_label()).startswith(label)]
    x, y = np.asarray(found.get_xdata()), np.asarray(found.get_ydata())
    return x.tolist(), y.tolist()


def bars(axes: Axes) -> list[Line2D]:
    """The centres of everything that has error bars."""
    found: list[Any] = [one for one in axes.containers if isinstance(one, ErrorbarContainer)]
    return [one.lines[0] for one in found]
