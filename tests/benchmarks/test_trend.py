"""Lines through a run's progress and memory."""

from __future__ import annotations

import pytest

from benchmarks.trend import by_tenth, rise, steepness, tenths


def test_a_steady_run_has_equal_tenths_and_grows_by_the_first_power() -> None:
    """It begins after two seconds, and the first look at it is late."""
    found = tenths([(2 + n, 100.0 * n) for n in range(1, 52)])
    assert found == pytest.approx([5.0] * 10)
    assert steepness(found) == pytest.approx(1.0)


def test_a_run_that_slows_down_shows_in_its_last_tenth_and_in_its_steepness() -> None:
    found = tenths([(float(n * n), float(n)) for n in range(101)])
    assert found[-1] / found[0] == pytest.approx(19.0)
    assert steepness(found) == pytest.approx(2.0)


def test_memory_of_the_first_tenth_is_no_trend() -> None:
    points = [(0.0, 10.0), (50.0, 500.0), *((float(n), 200.0 + n / 100) for n in range(100, 1001))]
    assert rise(points) == pytest.approx(0.01)


def test_a_single_look_has_no_trend() -> None:
    assert rise([(1000.0, 200.0)]) == 0.0


def test_tenths_of_memory_are_medians_and_empty_ones_are_left_out() -> None:
    points = [(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (55.0, 8.0), (100.0, 9.0)]
    assert by_tenth(points) == [2.0, 8.0, 9.0]
