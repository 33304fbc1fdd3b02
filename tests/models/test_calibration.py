"""Probabilities are probabilities, however far the scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import Calibration, Sigmoid, Temperature

scores = st.lists(st.floats(-1e300, 1e300), min_size=3, max_size=3)


@given(scores=scores, temperature=st.floats(0.01, 100))
def test_a_temperature_gives_probabilities_that_sum_to_1(
    scores: list[float], temperature: float
) -> None:
    calibration = Temperature(temperature=temperature, exclusive=True, trained=(True, True, True))
    likely = calibration(np.array(scores))
    assert likely.sum() == pytest.approx(1)
    assert ((likely >= 0) & (likely <= 1)).all()


def test_a_temperature_divides_the_scores() -> None:
    likely = Temperature(temperature=2, exclusive=True, trained=(True, True))(
        np.array([math.log(9), 0.0])
    )
    assert likely.tolist() == pytest.approx([0.75, 0.25])


def test_a_temperature_gives_untrained_labels_0_and_the_others_the_rest() -> None:
    calibration = Temperature(temperature=1, exclusive=True, trained=(True, False, True))
    assert calibration(np.array([1.0, 99.0, 1.0])).tolist() == [0.5, 0, 0.5]


def test_a_temperature_without_any_trained_label_gives_zeros() -> None:
    calibration = Temperature(temperature=1, exclusive=True, trained=(False, False))
    assert calibration(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[0, 0], [0, 0]]


def test_a_temperature_takes_many_articles_at_once() -> None:
    calibration = Temperature(temperature=0.7, exclusive=True, trained=(True, False, True))
    many = np.array([[1.0, 2.0, 3.0], [-4.0, 0.0, 4.0]])
    assert calibration(many).tolist() == [calibration(row).tolist() for row in many]


@given(scores=scores, temperature=st.floats(0.01, 100))
def test_a_temperature_of_a_multi_group_gives_each_label_a_probability_of_its_own(
    scores: list[float], temperature: float
) -> None:
    calibration = Temperature(temperature=temperature, exclusive=False, trained=(True, True, True))
    likely = calibration(np.array(scores))
    assert ((likely >= 0) & (likely <= 1)).all()


def test_a_temperature_of_a_multi_group_is_a_logistic_of_score_over_temperature() -> None:
    calibration = Temperature(temperature=2, exclusive=False, trained=(True, True))
    likely = calibration(np.array([2 * math.log(9), -2 * math.log(3)]))
    assert likely.tolist() == pytest.approx([0.9, 0.25])


def test_a_temperature_of_a_multi_group_gives_untrained_labels_0_and_leaves_the_others() -> None:
    calibration = Temperature(temperature=1, exclusive=False, trained=(True, False, True))
    assert calibration(np.array([0.0, 99.0, 0.0])).tolist() == [0.5, 0, 0.5]


def test_a_temperature_of_a_multi_group_takes_many_articles_at_once() -> None:
    calibration = Temperature(temperature=0.7, exclusive=False, trained=(True, False, True))
    many = np.array([[1.0, 2.0, 3.0], [-4.0, 0.0, 4.0]])
    assert calibration(many).tolist() == [calibration(row).tolist() for row in many]


@given(scores=scores)
def test_a_sigmoid_gives_each_label_a_probability_of_its_own(scores: list[float]) -> None:
    calibration = Sigmoid(
        slopes=(1, 2, -3), offsets=(0, 1, -1), exclusive=False, trained=(True, True, True)
    )
    likely = calibration(np.array(scores))
    assert ((likely >= 0) & (likely <= 1)).all()


def test_a_sigmoid_is_a_logistic_of_slope_times_score_plus_offset() -> None:
    calibration = Sigmoid(slopes=(2, 0.5), offsets=(-1, 3), exclusive=False, trained=(True, True))
    expected = [1 / (1 + math.exp(-(2 * 0.7 - 1))), 1 / (1 + math.exp(-(0.5 * -2 + 3)))]
    assert calibration(np.array([0.7, -2])).tolist() == pytest.approx(expected)


def test_a_sigmoid_gives_untrained_labels_0() -> None:
    calibration = Sigmoid(slopes=(1, 1), offsets=(0, 0), exclusive=False, trained=(False, True))
    assert calibration(np.array([9.0, 0.0])).tolist() == [0, 0.5]


def test_a_sigmoid_takes_many_articles_at_once() -> None:
    calibration = Sigmoid(slopes=(1, 2), offsets=(0.1, 0.2), exclusive=False, trained=(True, True))
    many = np.array([[1.0, 2.0], [-4.0, 0.0]])
    assert calibration(many).tolist() == [calibration(row).tolist() for row in many]


@given(scores=st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_sigmoids_of_an_exclusive_group_sum_to_1(scores: list[float]) -> None:
    calibration = Sigmoid(
        slopes=(1, 2, 0.5), offsets=(0, 1, -1), exclusive=True, trained=(True, True, True)
    )
    likely = calibration(np.array(scores))
    assert likely.sum() == pytest.approx(1)
    assert ((likely >= 0) & (likely <= 1)).all()


def test_sigmoids_of_an_exclusive_group_are_divided_by_their_sum() -> None:
    calibration = Sigmoid(slopes=(1, 1), offsets=(0, 0), exclusive=True, trained=(True, True))
    # Alone they would be 3/4 and 1/2.
    assert calibration(np.array([math.log(3), 0.0])).tolist() == pytest.approx([0.6, 0.4])


def test_sigmoids_of_an_exclusive_group_are_divided_article_by_article() -> None:
    calibration = Sigmoid(slopes=(1, 2), offsets=(0.1, 0.2), exclusive=True, trained=(True, True))
    many = np.array([[1.0, 2.0], [-4.0, 0.0]])
    assert calibration(many).tolist() == [calibration(row).tolist() for row in many]


def test_sigmoids_of_an_exclusive_group_give_untrained_labels_0_and_the_others_the_rest() -> None:
    calibration = Sigmoid(
        slopes=(1, 1, 1), offsets=(0, 0, 0), exclusive=True, trained=(True, False, True)
    )
    assert calibration(np.array([1.0, 99.0, 1.0])).tolist() == [0.5, 0, 0.5]


def test_sigmoids_of_an_exclusive_group_without_any_trained_label_are_zeros() -> None:
    calibration = Sigmoid(slopes=(1, 1), offsets=(0, 0), exclusive=True, trained=(False, False))
    assert calibration(np.array([1.0, 2.0])).tolist() == [0, 0]


@pytest.mark.parametrize(
    "calibration",
    [
        Temperature(temperature=0.5, exclusive=True, trained=(True, True)),
        Temperature(temperature=0.5, exclusive=False, trained=(True, True)),
        Sigmoid(slopes=(1, 1), offsets=(0, 0), exclusive=False, trained=(True, True)),
        Sigmoid(slopes=(1, 1), offsets=(0, 0), exclusive=True, trained=(True, True)),
    ],
)
def test_extreme_scores_do_not_overflow(calibration: Calibration) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        likely = calibration(np.array([1e300, -1e300]))
    assert likely.tolist() == pytest.approx([1, 0])


@pytest.mark.parametrize("labels", [3, 40])
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("missing", [(), (1,), (0, 2), "all"])
@given(drawn=st.lists(st.floats(-1e5, 1e5), min_size=40, max_size=40))
def test_one_article_in_plain_numbers_gets_the_same_probabilities(
    labels: int, exclusive: bool, missing: tuple[int, ...] | str, drawn: list[float]
) -> None:
    trained = tuple(missing != "all" and at not in missing for at in range(labels))
    one = drawn[:labels]
    slopes, offsets = tuple(0.5 + at for at in range(labels)), tuple(map(float, range(labels)))
    for calibration in (
        Temperature(temperature=0.7, exclusive=exclusive, trained=trained),
        Sigmoid(slopes=slopes, offsets=offsets, exclusive=exclusive, trained=trained),
    ):
        likely = calibration.likely(one)
        assert likely == pytest.approx(calibration(np.array(one)).tolist(), rel=1e-12, abs=1e-300)
        assert all(type(value) is float for value in likely)


@pytest.mark.parametrize("label", [0, 1])
@given(likely=st.floats(0.001, 0.999))
def test_a_score_is_as_likely_as_it_was_asked_for(label: int, likely: float) -> None:
    for calibration in (
        Temperature(temperature=0.12, exclusive=False, trained=(True, True)),
        Sigmoid(slopes=(3.0, 0.5), offsets=(-1.0, 2.0), exclusive=False, trained=(True, True)),
    ):
        scores = [0.0, 0.0]
        scores[label] = calibration.score_at(label, likely)
        assert calibration.likely(scores)[label] == pytest.approx(likely)


def test_no_score_is_certain_or_impossible() -> None:
    temperature = Temperature(temperature=0.12, exclusive=False, trained=(True,))
    assert temperature.score_at(0, 1.0) == math.inf
    assert temperature.score_at(0, 2.0) == math.inf
    assert temperature.score_at(0, 0.0) == -math.inf
    flat = Sigmoid(slopes=(0.0,), offsets=(0.0,), exclusive=False, trained=(True,))
    assert flat.score_at(0, 0.7) == math.inf
