from __future__ import annotations

import numpy as np

from labels.scheme import Scheme
from training.calibrate import fit_calibration


def test_temperature_is_found_again(scheme: Scheme) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (4000, 4))
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = np.array([random.choice(4, p=row) for row in likely])
    fitted = fit_calibration(
        scheme.groups[0], logits * 3, np.eye(4, dtype=bool)[gold], np.ones(4, bool)
    )
    assert np.abs(fitted(logits * 3) - likely).max() < 0.03


def test_a_sigmoid_is_found_again(scheme: Scheme) -> None:
    random = np.random.default_rng(1)
    scores = random.normal(0, 1, (4000, 4))
    likely = 1 / (1 + np.exp(-(2 * scores - 1)))
    gold = random.random(scores.shape) < likely
    fitted = fit_calibration(scheme.groups[1], scores, gold, np.ones(4, bool))
    assert np.abs(fitted(scores) - likely).max() < 0.05


def test_scores_that_separate_without_error_keep_a_finite_slope(scheme: Scheme) -> None:
    scores = np.tile(np.array([[-1.0], [-1.0], [1.0], [1.0]]), (1, 4))
    fitted = fit_calibration(scheme.groups[1], scores, scores > 0, np.ones(4, bool))
    # Platt's targets for two positives and two negatives are 3/4 and 1/4.
    assert np.allclose(fitted(scores)[:, 0], [0.25, 0.25, 0.75, 0.75], atol=1e-3)


def test_an_untrained_label_gets_probability_zero(scheme: Scheme) -> None:
    trained = np.array([True, True, False, False])
    gold = np.eye(4, dtype=bool)[[0, 0, 1, 1, 0, 1]]
    scores = np.where(gold, 1.0, -1.0)
    for group in scheme.groups:
        likely = fit_calibration(group, scores, gold, trained)(scores)
        assert (likely[:, 2:] == 0).all()
        assert (likely[:, :2] > 0).all()
