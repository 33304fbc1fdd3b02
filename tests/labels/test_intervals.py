from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.intervals import (
    Counts,
    f1_scores,
    macro_f1,
    macro_f1_interval,
    mean_f1_interval,
    wilson,
)

PROPORTIONS = st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))

# gold a: 8 right, 2 taken for b; gold b: 1 taken for a, 9 right; c neither in gold nor predicted
CONFUSION: Counts = np.array([[8.0, 2.0, 0.0], [1.0, 9.0, 0.0], [0.0, 0.0, 0.0]])
F1_A, F1_B = 16 / 19, 18 / 21


@settings(deadline=None)
@given(PROPORTIONS)
def test_wilson_lies_within_0_and_1_around_the_proportion(counts: tuple[int, int]) -> None:
    hits, of = counts
    low, high = wilson(hits, of)
    assert 0 <= low < high <= 1
    assert low - 1e-12 <= hits / of <= high + 1e-12


@settings(deadline=None)
@given(PROPORTIONS)
def test_wilson_of_hits_mirrors_wilson_of_misses(counts: tuple[int, int]) -> None:
    hits, of = counts
    low, high = wilson(of - hits, of)
    assert wilson(hits, of) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("hits", "of", "interval"),
    [
        (5, 10, (0.2366, 0.7634)),
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (1, 1, (0.2065, 1.0)),
        (81, 263, (0.2553, 0.3662)),  # Newcombe 1998, table I
    ],
)
def test_wilson_of_the_textbook(hits: int, of: int, interval: tuple[float, float]) -> None:
    assert wilson(hits, of) == pytest.approx(interval, abs=5e-5)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_narrows_with_more_counts() -> None:
    widths = [high - low for low, high in (wilson(n / 2, n) for n in (4, 40, 400))]
    assert widths == sorted(widths, reverse=True)


def test_f1_of_each_label_by_hand() -> None:
    assert f1_scores(CONFUSION).tolist() == pytest.approx([F1_A, F1_B, 0.0])


def test_macro_f1_leaves_out_labels_that_nobody_named() -> None:
    assert float(macro_f1(CONFUSION)) == pytest.approx((F1_A + F1_B) / 2)


def test_macro_f1_counts_a_label_that_was_only_predicted() -> None:
    wrong = np.array([[3.0, 1.0], [0.0, 0.0]])
    assert float(macro_f1(wrong)) == pytest.approx((6 / 7 + 0) / 2)


def test_macro_f1_of_nothing_is_0() -> None:
    assert float(macro_f1(np.zeros((3, 3)))) == 0.0


def test_many_confusions_are_scored_at_once() -> None:
    stack = np.stack([CONFUSION, np.eye(3)])
    assert f1_scores(stack).shape == (2, 3)
    assert macro_f1(stack).tolist() == pytest.approx([(F1_A + F1_B) / 2, 1.0])


def test_the_interval_of_macro_f1_holds_the_figure() -> None:
    low, high = macro_f1_interval(CONFUSION)
    assert 0 < low < float(macro_f1(CONFUSION)) < high < 1


def test_where_one_label_occurs_alone_the_interval_has_a_width_that_shrinks() -> None:
    """There is no other label to be confused with; the rest stands in for it."""
    widths = []
    for count in (1, 30, 300):
        low, high = macro_f1_interval(np.diag([0.0, count, 0.0, 0.0]))
        assert 0 < low < high <= 1
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[1] > 0.01


def test_the_interval_of_a_perfect_figure_has_a_width() -> None:
    low, high = macro_f1_interval(np.diag([10.0, 10.0]))
    assert 0.7 < low < 0.97 < high <= 1


def test_the_interval_of_macro_f1_leaves_out_labels_that_nobody_named() -> None:
    assert macro_f1_interval(CONFUSION) == macro_f1_interval(CONFUSION[:2, :2])


def test_the_interval_narrows_with_more_counts() -> None:
    few, many = macro_f1_interval(CONFUSION), macro_f1_interval(CONFUSION * 20)
    assert many[1] - many[0] < (few[1] - few[0]) / 3


def test_equal_seeds_give_equal_intervals() -> None:
    table = np.array([[9.0, 1.0, 2.0]])
    assert macro_f1_interval(CONFUSION, 3) == macro_f1_interval(CONFUSION, 3)
    assert mean_f1_interval(table, 3) == mean_f1_interval(table, 3)
    assert mean_f1_interval(table, 3) != mean_f1_interval(table, 4)


def test_the_interval_of_one_label_holds_its_f1() -> None:
    low, high = mean_f1_interval(np.array([[1800.0, 200.0, 400.0]]))
    assert 0.84 < low < 3600 / 4200 < high < 0.87


def test_the_intervals_count_a_label_that_was_named_once() -> None:
    assert macro_f1_interval(np.array([[90.0, 1.0], [0.0, 0.0]]))[0] < 0.6
    assert mean_f1_interval(np.array([[90.0, 1.0, 1.0], [0.0, 0.0, 1.0]]))[0] < 0.7


def test_the_interval_of_mean_f1_leaves_out_labels_without_counts() -> None:
    table = np.array([[9.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    assert mean_f1_interval(table) == mean_f1_interval(table[:1])


def test_the_interval_of_mean_f1_of_nothing_is_everything() -> None:
    assert mean_f1_interval(np.zeros((4, 3))) == (0.0, 1.0)


def test_the_interval_of_macro_f1_of_nothing_is_everything() -> None:
    assert macro_f1_interval(np.zeros((3, 3))) == (0.0, 1.0)
