"""A trend: how far a run was at which moment, and with how much memory."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

Point = tuple[float, float]  # seconds and articles, or articles and MB


def tenths(points: Sequence[Point]) -> list[float]:
    """Seconds that each tenth of the articles took, between the first and the last point.

    What a run does before the first article and after the last is in none of them.
    """
    seconds, articles = zip(*points, strict=True)
    marks = np.linspace(articles[0], articles[-1], 11)
    return [float(one) for one in np.diff(np.interp(marks, articles, seconds))]


def steepness(parts: Sequence[float]) -> float:
    """The exponent by which the time grows with the number of articles: 1 where it is linear."""
    done = np.arange(1, len(parts) + 1)
    return float(np.polyfit(np.log(done), np.log(np.cumsum(parts)), 1)[0])


def rise(points: Sequence[Point]) -> float:
    """MB that a line fitted to the memory rises by for each article, after the first tenth."""
    last = points[-1][0]
    late = [point for point in points if point[0] >= last / 10]
    articles, memory = zip(*late, strict=True)
    if len(set(articles)) < 2:
        return 0.0
    return float(np.polyfit(articles, memory, 1)[0])


def by_tenth(points: Sequence[Point]) -> list[float]:
    """The median of the memory in each tenth of the articles that was looked at."""
    last = points[-1][0]
    parts: list[list[float]] = [[] for _ in range(10)]
    for articles, memory in points:
        parts[min(int(10 * articles / last), 9)].append(memory)
    return [median(part) for part in parts if part]
