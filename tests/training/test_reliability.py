from __future__ import annotations

import numpy as np
import pytest

from training.reliability import calibration_error, calibration_error_interval


def test_the_error_by_hand() -> None:
    confident = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    # Two of four are 0.05 too modest, the other two claim 0.55 and reach 0.5.
    assert calibration_error(confident, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)


def test_too_sure_and_too_modest_in_different_bins_do_not_cancel() -> None:
    confident, right = np.array([0.9, 0.1]), np.array([False, True])
    assert calibration_error(confident, right) == pytest.approx(0.9)


def test_too_sure_and_too_modest_in_one_bin_do() -> None:
    confident, right = np.array([0.5, 0.5]), np.array([False, True])
    assert calibration_error(confident, right) == 0.0


def test_certain_and_right_has_no_error_and_certain_and_wrong_the_whole() -> None:
    sure = np.array([1.0, 1.0, 0.0])
    assert calibration_error(sure, sure > 0) == 0.0
    assert calibration_error(sure, sure == 0) == 1.0


def test_the_shape_does_not_matter() -> None:
    random = np.random.default_rng(0)
    confident = random.random((30, 4))
    right = random.random((30, 4)) < 0.5
    assert calibration_error(confident, right) == calibration_error(
        confident.ravel(), right.ravel()
    )


def test_the_error_is_that_of_the_definition() -> None:
    random = np.random.default_rng(1)
    confident = random.random(500)
    right = random.random(500) < confident**2
    bins = np.digitize(confident, np.linspace(0, 1, 11)[1:-1])
    wanted = sum(
        (bins == at).mean() * abs(confident[bins == at].mean() - right[bins == at].mean())
        for at in range(10)
    )
    assert calibration_error(confident, right) == pytest.approx(wanted)


def test_probabilities_that_mean_what_they_say_have_next_to_no_error() -> None:
    random = np.random.default_rng(2)
    confident = random.random(50_000)
    assert calibration_error(confident, random.random(50_000) < confident) < 0.01
    assert calibration_error(confident, random.random(50_000) < confident / 2) > 0.2


def test_nothing_has_no_error_and_an_interval_of_everything() -> None:
    nothing, no = np.zeros((0, 4)), np.zeros((0, 4), bool)
    assert calibration_error(nothing, no) == 0.0
    assert calibration_error_interval([nothing], [no], np.arange(0)) == (0.0, 0.0, 1.0)


def test_the_interval_narrows_with_more_articles() -> None:
    random = np.random.default_rng(3)
    widths = []
    for count in (40, 400, 4000):
        confident = random.random((count, 1))
        right = random.random((count, 1)) < confident / 2
        value, low, high = calibration_error_interval([confident], [right], np.arange(count))
        assert value == pytest.approx(calibration_error(confident, right))
        assert 0 <= low <= value <= high <= 1
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


def test_the_interval_holds_a_great_error() -> None:
    random = np.random.default_rng(4)
    confident = np.full((200, 1), 0.95)
    right = random.random((200, 1)) < 0.6
    _, low, high = calibration_error_interval([confident], [right], np.arange(200))
    assert low < 0.35 < high


def test_articles_are_resampled_whole_and_alike_in_every_partition() -> None:
    """Where partitions say the same, their mean is as uncertain as one of them."""
    random = np.random.default_rng(5)
    confident = random.random((60, 4))
    right = random.random((60, 4)) < 0.5
    one = calibration_error_interval([confident], [right], np.arange(60))
    three = calibration_error_interval([confident] * 3, [right] * 3, np.arange(60))
    assert three == pytest.approx(one)


def test_near_duplicates_are_resampled_together_and_weigh_as_one() -> None:
    random = np.random.default_rng(7)
    confident, right = random.random((50, 2)), random.random((50, 2)) < 0.5
    copies = np.repeat(np.arange(50), random.integers(1, 30, 50))
    one = calibration_error_interval([confident], [right], np.arange(50))
    other = calibration_error_interval([confident[copies]], [right[copies]], copies)
    assert other == pytest.approx(one)


@pytest.mark.parametrize("clusters", [20, 100, 1000])
def test_the_value_lies_in_its_interval_however_many_near_duplicates(clusters: int) -> None:
    random = np.random.default_rng(8)
    confident = random.random((1000, 1))
    right = random.random((1000, 1)) < confident
    value, low, high = calibration_error_interval([confident], [right], np.arange(1000) % clusters)
    assert low <= value <= high


def test_equal_seeds_give_equal_intervals() -> None:
    random = np.random.default_rng(6)
    confident, right = random.random((50, 1)), random.random((50, 1)) < 0.5
    one, same, other = (
        calibration_error_interval([confident], [right], np.arange(50), seed) for seed in (3, 3, 4)
    )
    assert one == same != other


def test_partitions_without_their_answers_are_refused() -> None:
    confident = np.full((5, 1), 0.5)
    with pytest.raises(ValueError, match="shorter"):
        calibration_error_interval([confident, confident], [confident > 0], np.arange(5))
