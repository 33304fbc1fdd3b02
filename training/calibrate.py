"""Calibration learnt from scores of articles that the scorer had not seen."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from labels.scheme import Group
from models.calibration import Calibration, Sigmoid, Temperature
from training.linear import Bools, Floats


def fit_calibration(group: Group, scores: Floats, targets: Bools, trained: Bools) -> Calibration:
    """The calibration of one group from out-of-fold scores; all but ``trained`` are (n, labels)."""
    if group.exclusive:
        return _temperature(scores, targets, trained)
    fitted = [
        _platt(scores[:, at], targets[:, at]) if trained[at] else (0.0, 0.0)
        for at in range(len(trained))
    ]
    return Sigmoid(
        slopes=tuple(slope for slope, _ in fitted),
        offsets=tuple(offset for _, offset in fitted),
        trained=tuple(trained.tolist()),
    )


def _temperature(scores: Floats, targets: Bools, trained: Bools) -> Temperature:
    """The temperature of the least log loss (Guo et al. 2017), between 0.01 and 100.

    Targets are softened as Platt softens them, (n + 1) / (n + 2) for a label of n articles, so
    that scores without an error do not end in probabilities of 0 and 1.
    """
    rows = targets[:, trained].any(axis=1) & np.isfinite(scores[:, trained]).all(axis=1)
    if trained.sum() < 2 or not rows.any():
        return Temperature(temperature=1.0, trained=tuple(trained.tolist()))
    kept, gold = scores[rows][:, trained], targets[rows][:, trained].astype(float)
    doubt = (1 / (gold.sum(axis=0) + 2)) @ gold.T
    soft = gold * (1 - doubt)[:, None] + (1 - gold) * doubt[:, None] / (gold.shape[1] - 1)

    def loss(log_temperature: float) -> float:
        scaled = kept / np.exp(log_temperature)
        return float(np.sum(logsumexp(scaled, axis=1) - (soft * scaled).sum(axis=1)))

    best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100)), method="bounded").x
    return Temperature(temperature=float(np.exp(best)), trained=tuple(trained.tolist()))


def _platt(scores: Floats, targets: Bools) -> tuple[float, float]:
    """Slope and offset by Platt's method (1999): logistic regression on softened targets.

    Softening, (n + 1) / (n + 2) for the n positives and 1 / (n + 2) for the n negatives, keeps
    the slope finite where the scores separate the two without an error.
    """
    seen = np.isfinite(scores)
    scores, targets = scores[seen], targets[seen]
    positives, negatives = int(targets.sum()), int((~targets).sum())
    soft = np.where(targets, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    twice = np.concatenate([scores, scores])[:, None]
    answers = np.repeat([1, 0], len(scores))
    fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(
        twice, answers, sample_weight=np.concatenate([soft, 1 - soft])
    )
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    # Chance can turn the slope of a rare label round; then the score itself is the better guide.
    return (slope, offset) if slope > 0 else (1.0, 0.0)
