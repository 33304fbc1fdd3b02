"""Calibration: from linear scores to probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.scorer import Scores

# Scores are kept from overflowing exp, far outside of anything that training can produce.
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
        scaled = scores / self.temperature
        if not self.exclusive:
            return _known(_sigmoid(scaled), self._untrained, 0.0)
        scaled = _known(scaled, self._untrained, -np.inf)
        raised = np.exp(scaled - np.maximum.reduce(scaled, axis=-1, keepdims=True))
        return np.asarray(raised / np.add.reduce(raised, axis=-1, keepdims=True))

    @cached_property
    def _untrained(self) -> npt.NDArray[np.bool_] | None:
        return _untrained(self.trained)


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
        slopes, offsets, untrained = self._arrays
        likely = _known(_sigmoid(scores * slopes + offsets), untrained, 0.0)
        if not self.exclusive:
            return likely
        return np.asarray(likely / np.maximum(likely.sum(axis=-1, keepdims=True), _LEAST))

    @cached_property
    def _arrays(self) -> tuple[Scores, Scores, npt.NDArray[np.bool_] | None]:
        return np.array(self.slopes), np.array(self.offsets), _untrained(self.trained)


def _untrained(trained: tuple[bool, ...]) -> npt.NDArray[np.bool_] | None:
    """Which labels were never trained; None where all were, as is usual."""
    return None if all(trained) else ~np.array(trained)


def _known(scores: Scores, untrained: npt.NDArray[np.bool_] | None, instead: float) -> Scores:
    return scores if untrained is None else np.where(untrained, instead, scores)


def _sigmoid(logits: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.maximum(logits, -_FAR))))
