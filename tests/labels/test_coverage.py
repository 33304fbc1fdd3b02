"""How often intervals hold the true figure: simulated, with seeds that stay the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from labels.intervals import Counts, Interval, macro_f1, macro_f1_interval, mean_f1_interval

DRAWS = 300
LEAST = 0.92  # of the draws; the promise is 95 %, and 300 draws can miss that by 0.025
TRUE_F1 = pytest.mark.parametrize("f1", [0.80, 0.90, 0.97])
ARTICLES = pytest.mark.parametrize("n", [40, 200])

EVEN, UNEVEN = (0.25, 0.25, 0.25, 0.25), (0.4, 0.3, 0.2, 0.1)


def covered(draws: Iterable[Counts], interval: Callable[[Counts], Interval], truth: float) -> float:
    """The share of the draws whose interval holds the truth."""
    held = [low <= truth <= high for low, high in map(interval, draws)]
    return float(np.mean(held))


def confusion_of(f1: float, shares: tuple[float, ...]) -> Counts:
    """Probabilities of gold against predicted with this macro-F1; a wrong label is any other."""
    low, high = 0.0, 1.0
    for _ in range(50):
        wrong = (low + high) / 2
        table = _confusion(wrong, shares)
        low, high = (wrong, high) if macro_f1(table) > f1 else (low, wrong)
    return table


def _confusion(wrong: float, shares: tuple[float, ...]) -> Counts:
    labels = len(shares)
    table = np.full((labels, labels), wrong / (labels - 1))
    np.fill_diagonal(table, 1 - wrong)
    return np.asarray(table * np.array(shares)[:, None])


def outcomes_of(f1: float, share: float) -> Counts:
    """Probabilities of hit, false alarm, miss and neither for a label that ``share`` have."""
    return np.array([share * f1, share * (1 - f1), share * (1 - f1), 1 - share * (2 - f1)])


@ARTICLES
@TRUE_F1
@pytest.mark.parametrize("shares", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_the_interval_of_macro_f1_holds_the_truth(
    f1: float, n: int, shares: tuple[float, ...]
) -> None:
    table = confusion_of(f1, shares)
    assert float(macro_f1(table)) == pytest.approx(f1)
    random = np.random.default_rng(7)
    draws = random.multinomial(n, table.ravel(), DRAWS).reshape(DRAWS, 4, 4).astype(float)
    assert covered(draws, macro_f1_interval, f1) >= LEAST


@ARTICLES
@TRUE_F1
def test_the_interval_of_pooled_decisions_holds_the_truth(f1: float, n: int) -> None:
    """Micro-F1 of four labels of which each article can have any."""
    random = np.random.default_rng(7)
    draws = random.multinomial(n, outcomes_of(f1, 0.3), (DRAWS, 4)).astype(float)
    pooled = draws[..., :3].sum(axis=1, keepdims=True)
    assert covered(pooled, mean_f1_interval, f1) >= LEAST


@ARTICLES
@TRUE_F1
def test_the_interval_of_one_label_holds_the_truth(f1: float, n: int) -> None:
    random = np.random.default_rng(7)
    draws = random.multinomial(n, outcomes_of(f1, 0.3), (DRAWS, 1)).astype(float)
    assert covered(draws[..., :3], mean_f1_interval, f1) >= LEAST


@ARTICLES
@TRUE_F1
def test_the_interval_of_mean_f1_over_labels_holds_the_truth(f1: float, n: int) -> None:
    random = np.random.default_rng(7)
    draws = random.multinomial(n, outcomes_of(f1, 0.3), (DRAWS, 4)).astype(float)
    assert covered(draws[..., :3], mean_f1_interval, f1) >= LEAST
