from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np

from labels.scheme import Scheme
from models.calibration import Sigmoid, Temperature
from training.calibrate import Evidence, fit_calibration
from training.linear import Bools, Floats

ALL = np.ones(4, bool)
KINDS: tuple[Literal["temperature", "sigmoid"], ...] = ("temperature", "sigmoid")


def evidence(scores: Floats, targets: Bools, weights: Floats | None = None) -> Evidence:
    counted = np.ones(len(scores)) if weights is None else weights
    return Evidence(scores=scores, targets=targets, weights=counted)


def test_temperature_is_found_again(scheme: Scheme) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (4000, 4))
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = np.array([random.choice(4, p=row) for row in likely])
    seen = evidence(logits * 3, np.eye(4, dtype=bool)[gold])
    fitted = fit_calibration(scheme.groups[0], seen, ALL, "temperature")
    assert np.abs(fitted(logits * 3) - likely).max() < 0.03


def test_a_temperature_of_a_multi_group_is_found_again(scheme: Scheme) -> None:
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, (4000, 4))
    likely = 1 / (1 + np.exp(-logits))
    seen = evidence(logits * 3, random.random(logits.shape) < likely)
    fitted = fit_calibration(scheme.groups[1], seen, ALL, "temperature")
    assert isinstance(fitted, Temperature)
    assert not fitted.exclusive
    assert np.abs(fitted(logits * 3) - likely).max() < 0.03


def test_sigmoids_of_an_exclusive_group_sum_to_1(scheme: Scheme) -> None:
    random = np.random.default_rng(3)
    gold = np.eye(4, dtype=bool)[random.integers(4, size=200)]
    scores = random.normal(0, 1, gold.shape) + 2 * gold
    fitted = fit_calibration(scheme.groups[0], evidence(scores, gold), ALL, "sigmoid")
    assert isinstance(fitted, Sigmoid)
    assert fitted.exclusive
    assert np.allclose(fitted(scores).sum(axis=1), 1)


def test_a_sigmoid_is_found_again(scheme: Scheme) -> None:
    random = np.random.default_rng(1)
    scores = random.normal(0, 1, (4000, 4))
    likely = 1 / (1 + np.exp(-(2 * scores - 1)))
    gold = random.random(scores.shape) < likely
    fitted = fit_calibration(scheme.groups[1], evidence(scores, gold), ALL, "sigmoid")
    assert np.abs(fitted(scores) - likely).max() < 0.05


def test_scores_that_separate_without_error_keep_a_finite_slope(scheme: Scheme) -> None:
    scores = np.tile(np.array([[-1.0], [-1.0], [1.0], [1.0]]), (1, 4))
    fitted = fit_calibration(scheme.groups[1], evidence(scores, scores > 0), ALL, "sigmoid")
    # Platt's targets for two positives and two negatives are 3/4 and 1/4.
    assert np.allclose(fitted(scores)[:, 0], [0.25, 0.25, 0.75, 0.75], atol=1e-3)


def test_an_untrained_label_gets_probability_zero(scheme: Scheme) -> None:
    trained = np.array([True, True, False, False])
    gold = np.eye(4, dtype=bool)[[0, 0, 1, 1, 0, 1]]
    scores = np.where(gold, 1.0, -1.0)
    for group, kind in product(scheme.groups, KINDS):
        likely = fit_calibration(group, evidence(scores, gold), trained, kind)(scores)
        assert (likely[:, 2:] == 0).all()
        assert (likely[:, :2] > 0).all()


def test_scores_without_an_error_keep_a_temperature_above_the_least(scheme: Scheme) -> None:
    gold = np.eye(4, dtype=bool)[[0, 1, 2, 3] * 3]
    scores = np.where(gold, 1.0, -1.0)
    for group in scheme.groups:
        likely = fit_calibration(group, evidence(scores, gold), ALL, "temperature")(scores)
        assert (likely[gold] < 0.95).all()
        assert (likely[gold] > 0.5).all()


def test_a_score_that_no_model_could_give_says_nothing(scheme: Scheme) -> None:
    random = np.random.default_rng(4)
    gold = np.eye(4, dtype=bool)[random.integers(4, size=60)]
    scores = random.normal(0, 1, gold.shape) + gold
    more = np.vstack([scores, np.full((5, 4), np.nan)])
    for group, kind in product(scheme.groups, KINDS):
        one = fit_calibration(group, evidence(scores, gold), ALL, kind)
        other = fit_calibration(group, evidence(more, np.vstack([gold, gold[:5]])), ALL, kind)
        assert np.allclose(one(scores), other(scores), atol=1e-3)


def test_articles_of_more_weight_are_trusted_more(scheme: Scheme) -> None:
    """Scores of the first half tell the labels, those of the second half do not."""
    random = np.random.default_rng(5)
    gold = np.eye(4, dtype=bool)[random.integers(4, size=400)]
    noise = random.normal(0, 1, gold.shape)
    scores = np.where(np.arange(400)[:, None] < 200, noise + 4 * gold, noise)
    first = np.where(np.arange(400) < 200, 10.0, 1.0)
    for group, kind in product(scheme.groups, KINDS):
        trusting, doubting = (
            fit_calibration(group, evidence(scores, gold, weights), ALL, kind)(scores)
            for weights in (first, first[::-1])
        )
        assert trusting[:200][gold[:200]].mean() > doubting[:200][gold[:200]].mean() + 0.05
