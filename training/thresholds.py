"""Thresholds learnt from probabilities of articles that the scorer had not seen."""

from __future__ import annotations

import numpy as np

from labels.scheme import Group
from models.calibration import Calibration
from models.decision import Rule
from training.calibrate import Evidence
from training.linear import Bools, Floats
from training.recipe import Recipe

_GRID = np.round(np.arange(0.1, 0.91, 0.01), 2)


def fit_rule(group: Group, calibration: Calibration, evidence: Evidence, recipe: Recipe) -> Rule:
    """How a group decides, learnt out of fold.

    Rows without a score of a label say nothing of its threshold.
    """
    trained = calibration.trained
    if group.exclusive:
        nothing = (0.0,) * len(trained)
        sure = (recipe.sure,) * len(trained)
        return Rule(thresholds=nothing, sure=sure, margin=0.0, trained=trained)
    tables = _tables(calibration(evidence.scores), evidence.targets, evidence.weights)
    if recipe.pooled:
        tables = np.broadcast_to(tables[list(trained)].sum(axis=0), tables.shape)
    thresholds = [
        _threshold(table, recipe.pull) if is_trained else 1.0
        for table, is_trained in zip(tables, trained, strict=True)
    ]
    return Rule(
        thresholds=tuple(thresholds),
        sure=tuple(threshold + recipe.margin for threshold in thresholds),
        margin=recipe.margin,
        trained=trained,
    )


def _tables(likely: Floats, gold: Bools, weights: Floats) -> Floats:
    """Hits, given and gold articles at each threshold of the grid, shape (labels, grid, 3)."""
    seen = np.isfinite(likely)
    given = seen[..., None] & (np.where(seen, likely, 0.0)[..., None] >= _GRID)
    hits = np.einsum("n,nlg->lg", weights, given & gold[..., None])
    named = np.einsum("n,nlg->lg", weights, given)
    right = np.broadcast_to((weights @ (seen & gold))[:, None], hits.shape)
    return np.stack([hits, named, right], axis=-1)


def _threshold(table: Floats, pull: float) -> float:
    """The threshold of the greatest F1 - pull * (threshold - 0.5)^2.

    The greatest F1 alone overfits: on few articles it is a matter of one or two of them, while
    calibrated probabilities have their natural threshold at 0.5.
    """
    hits, named, right = table.T
    f1 = 2 * hits / np.maximum(named + right, 1e-12)
    return float(_GRID[np.argmax(f1 - pull * (_GRID - 0.5) ** 2)])
