"""Thresholds learnt from probabilities of articles that the scorer had not seen."""

from __future__ import annotations

import numpy as np

from labels.scheme import Group
from models.calibration import Calibration
from models.decision import Rule
from training.linear import Bools, Floats
from training.recipe import Recipe

_GRID = np.round(np.arange(0.1, 0.91, 0.01), 2)


def fit_rule(
    group: Group, calibration: Calibration, scores: Floats, targets: Bools, recipe: Recipe
) -> Rule:
    """How a group decides; ``scores`` and ``targets`` are out of fold, of shape (n, labels).

    Rows without a score of a label, NaN, say nothing of its threshold.
    """
    trained = calibration.trained
    if group.exclusive:
        return Rule(thresholds=(recipe.sure,) * len(trained), margin=0.0, trained=trained)
    likely = calibration(scores)
    thresholds = [
        _threshold(likely[:, at], targets[:, at], recipe.pull) if trained[at] else 1.0
        for at in range(len(trained))
    ]
    return Rule(thresholds=tuple(thresholds), margin=recipe.margin, trained=trained)


def _threshold(likely: Floats, gold: Bools, pull: float) -> float:
    """The threshold of the greatest F1 - pull * (threshold - 0.5)^2.

    The greatest F1 alone overfits: on few articles it is a matter of one or two of them, while
    calibrated probabilities have their natural threshold at 0.5.
    """
    seen = np.isfinite(likely)
    likely, gold = likely[seen], gold[seen]
    given = likely[:, None] >= _GRID
    hits = (given & gold[:, None]).sum(axis=0)
    f1 = 2 * hits / np.maximum(given.sum(axis=0) + gold.sum(), 1)
    return float(_GRID[np.argmax(f1 - pull * (_GRID - 0.5) ** 2)])
