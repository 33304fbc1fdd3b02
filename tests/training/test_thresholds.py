from __future__ import annotations

import numpy as np

from labels.scheme import Scheme
from models.calibration import Sigmoid
from training.recipe import Recipe
from training.thresholds import fit_rule

LOGITS = Sigmoid(slopes=(1.0,) * 4, offsets=(0.0,) * 4, trained=(True, True, True, False))


def column(likely: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    values = np.array(likely)
    return np.tile(np.log(values / (1 - values))[:, None], (1, 4))


def test_without_a_pull_the_threshold_has_the_greatest_f1(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    rule = fit_rule(scheme.groups[1], LOGITS, scores, gold, Recipe(pull=0.0))
    assert 0.25 < rule.thresholds[0] <= 0.3


def test_a_strong_pull_holds_the_threshold_at_a_half(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    rule = fit_rule(scheme.groups[1], LOGITS, scores, gold, Recipe(pull=100.0))
    assert rule.thresholds[0] == 0.5


def test_an_untrained_label_is_never_given(scheme: Scheme) -> None:
    scores = column([0.2, 0.9])
    rule = fit_rule(scheme.groups[1], LOGITS, scores, scores > 0, Recipe())
    assert rule.thresholds[3] == 1.0
    assert rule.trained == (True, True, True, False)


def test_an_exclusive_group_needs_to_be_sure(scheme: Scheme) -> None:
    scores = column([0.2, 0.9])
    rule = fit_rule(scheme.groups[0], LOGITS, scores, scores > 0, Recipe(sure=0.7))
    assert rule.thresholds == (0.7, 0.7, 0.7, 0.7)
