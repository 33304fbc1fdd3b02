"""Calibration: from linear scores to probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.scorer import Scores

# Scores are clipped before exp, far outside of anything that training can produce.
_FAR = 500.0
_LEAST = 1e-300  # instead of a sum of 0


class Calibration(Protocol):
    """A group's way from scores to probabilities, both of shape (..., labels)."""

    @property
    def trained(self) -> tuple[bool, ...]: ...

    def __call__(self, scores: Scores) -> Scores: ...


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Scores / temperature, through a softmax where exclusive, else each through a sigmoid.

    Guo et al. 2017 for the softmax. Labels that were never trained get probability 0.
    ``trained`` has shape (labels,).
    """

    temperature: float
    exclusive: bool
    trained: tuple[bool, ...]

    def __call__(self, scores: Scores) -> Scores:
        if not any(self.trained):
            return np.zeros_like(scores)
        if not self.exclusive:
            return np.where(self.trained, _sigmoid(scores / self.temperature), 0.0)
        scaled = np.where(self.trained, scores / self.temperature, -np.inf)
        raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, kw_only=True)
class Sigmoid:
    """1 / (1 + exp(-(slope * score + offset))), label by label (Platt 1999).

    Where exclusive, the probabilities of an article are divided by their sum. Labels that were
    never trained get probability 0. All three tuples have shape (labels,).
    """

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    exclusive: bool
    trained: tuple[bool, ...]

    def __call__(self, scores: Scores) -> Scores:
        logits = scores * np.array(self.slopes) + np.array(self.offsets)
        likely = np.where(self.trained, _sigmoid(logits), 0.0)
        if not self.exclusive:
            return likely
        return np.asarray(likely / np.maximum(likely.sum(axis=-1, keepdims=True), _LEAST))


def _sigmoid(logits: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_FAR, _FAR))))
