"""Calibration learnt from scores of articles that the scorer had not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from labels.scheme import Group
from models.calibration import Calibration, Sigmoid, Temperature
from training.linear import Bools, Floats

_Loss = Callable[[Floats, Floats], Floats]
_LOG_RANGE = (np.log(0.01), np.log(100))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How articles scored out of fold: scores and targets (n, labels), weights (n,).

    A score that no model could give is NaN, and says nothing.
    """

    scores: Floats
    targets: Bools
    weights: Floats

    def of(self, rows: npt.NDArray[np.intp]) -> Evidence:
        """The same of some of the articles."""
        return Evidence(
            scores=self.scores[rows], targets=self.targets[rows], weights=self.weights[rows]
        )


def fit_calibration(
    group: Group, evidence: Evidence, trained: Bools, kind: Literal["temperature", "sigmoid"]
) -> Calibration:
    """The calibration of one group; ``trained`` of shape (labels,) says which labels it has."""
    scores, targets, weights = evidence.scores, evidence.targets, evidence.weights
    held = tuple(trained.tolist())
    if kind == "temperature":
        loss = _softmax_loss if group.exclusive else _sigmoid_loss
        temperature = _least(loss, scores[:, trained], targets[:, trained], weights)
        return Temperature(temperature=temperature, exclusive=group.exclusive, trained=held)
    fitted = [
        _platt(scores[:, at], targets[:, at], weights) if trained[at] else (0.0, 0.0)
        for at in range(len(trained))
    ]
    return Sigmoid(
        slopes=tuple(slope for slope, _ in fitted),
        offsets=tuple(offset for _, offset in fitted),
        exclusive=group.exclusive,
        trained=held,
    )


def _least(loss: _Loss, scores: Floats, targets: Bools, weights: Floats) -> float:
    """The temperature of the least log loss (Guo et al. 2017), between 0.01 and 100.

    Targets are softened as Platt softens them, (n + 1) / (n + 2) for a label of n articles, so
    that scores without an error do not end in probabilities of 0 and 1.
    """
    rows = np.isfinite(scores).all(axis=1)
    if not rows.any() or not scores.shape[1]:
        return 1.0
    kept, gold, counted = scores[rows], targets[rows].astype(float), weights[rows]

    def lost(log_temperature: float) -> float:
        return float(counted @ loss(kept / np.exp(log_temperature), gold))

    return float(np.exp(minimize_scalar(lost, bounds=_LOG_RANGE, method="bounded").x))


def _softmax_loss(logits: Floats, gold: Floats) -> Floats:
    """Log loss of each article, shape (n,); one without a label of these loses nothing."""
    doubt = gold @ (1 / (gold.sum(axis=0) + 2))
    others = max(gold.shape[1] - 1, 1)
    soft = gold * (1 - doubt)[:, None] + (1 - gold) * doubt[:, None] / others
    lost = logsumexp(logits, axis=1) - (soft * logits).sum(axis=1)
    return np.asarray(np.where(gold.any(axis=1), lost, 0.0))


def _sigmoid_loss(logits: Floats, gold: Floats) -> Floats:
    """Log loss of each article over all labels, shape (n,)."""
    soft = _softened(gold)
    return np.asarray((np.logaddexp(0, logits) - soft * logits).sum(axis=1))


def _softened(gold: Floats) -> Floats:
    """Platt's targets: (n + 1) / (n + 2) for n positives, 1 / (n + 2) for n negatives."""
    positives = gold.sum(axis=0)
    negatives = len(gold) - positives
    return np.asarray(np.where(gold > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2)))


def _platt(scores: Floats, targets: Bools, weights: Floats) -> tuple[float, float]:
    """Slope and offset by Platt's method (1999): logistic regression on softened targets.

    Softening keeps the slope finite where the scores separate the two without an error.
    """
    seen = np.isfinite(scores)
    if not seen.any():
        return 1.0, 0.0
    scores, soft, weights = scores[seen], _softened(targets[seen].astype(float)), weights[seen]
    twice = np.concatenate([scores, scores])[:, None]
    answers = np.repeat([1, 0], len(scores))
    fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(
        twice, answers, sample_weight=np.concatenate([weights * soft, weights * (1 - soft)])
    )
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    # Chance can turn the slope of a rare label round; then the score itself is the better guide.
    return (slope, offset) if slope > 0 else (1.0, 0.0)
