"""Calibration: from linear scores to probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.scorer import Scores

# Scores are clipped before exp, far outside of anything that training can produce.
_FAR = 500.0


class Calibration(Protocol):
    """A group's way from scores to probabilities, both of shape (..., labels)."""

    @property
    def trained(self) -> tuple[bool, ...]: ...

    def __call__(self, scores: Scores) -> Scores: ...


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Softmax of scores / temperature, for an exclusive group (Guo et al. 2017).

    Labels that were never trained get probability 0. ``trained`` has shape (labels,).
    """

    temperature: float
    trained: tuple[bool, ...]

    def __call__(self, scores: Scores) -> Scores:
        if not any(self.trained):
            return np.zeros_like(scores)
        scaled = np.where(self.trained, scores / self.temperature, -np.inf)
        raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, kw_only=True)
class Sigmoid:
    """1 / (1 + exp(-(slope * score + offset))), label by label (Platt 1999), for a multi group.

    Labels that were never trained get probability 0. All three have shape (labels,).
    """

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    trained: tuple[bool, ...]

    def __call__(self, scores: Scores) -> Scores:
        logits = np.clip(scores * np.array(self.slopes) + np.array(self.offsets), -_FAR, _FAR)
        return np.where(self.trained, 1 / (1 + np.exp(-logits)), 0.0)
