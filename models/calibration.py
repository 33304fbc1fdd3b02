"""Calibration: from linear scores to probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from math import exp, inf, log
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.scorer import Scores

# Scores are kept from overflowing exp, far outside of anything that training can produce.
_FAR = 500.0
_LEAST = 1e-300  # instead of a sum of 0
_FEW = 32  # labels; of more, arrays are faster than plain numbers even for one article


class Calibration(Protocol):
    """A group's way from scores to probabilities, both of shape (..., labels)."""

    @property
    def trained(self) -> tuple[bool, ...]: ...

    def __call__(self, scores: Scores) -> Scores: ...

    def likely(self, scores: Sequence[float]) -> list[float]:
        """The same for one article, in plain numbers: for few labels that takes a third."""
        ...

    def score_at(self, label: int, likely: float) -> float:
        """The linear score at which a label of a group that is not exclusive is so likely."""
        ...


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

    def likely(self, scores: Sequence[float]) -> list[float]:
        if len(scores) > _FEW or not any(self.trained):
            return _listed(self(np.array(scores)))
        scaled = [score / self.temperature for score in scores]
        if not self.exclusive:
            return [_logistic(one) * known for one, known in zip(scaled, self.trained, strict=True)]
        most = max(compress(scaled, self.trained))
        raised = [
            exp(one - most) if known else 0.0
            for one, known in zip(scaled, self.trained, strict=True)
        ]
        total = sum(raised)
        return [one / total for one in raised]

    def score_at(self, label: int, likely: float) -> float:
        del label  # all have one temperature
        return self.temperature * _logit(likely)

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

    def likely(self, scores: Sequence[float]) -> list[float]:
        if len(scores) > _FEW:
            return _listed(self(np.array(scores)))
        each = zip(scores, self.slopes, self.offsets, self.trained, strict=True)
        likely = [_logistic(one * slope + offset) * known for one, slope, offset, known in each]
        if not self.exclusive:
            return likely
        total = max(sum(likely), _LEAST)
        return [one / total for one in likely]

    def score_at(self, label: int, likely: float) -> float:
        slope = self.slopes[label]
        return (_logit(likely) - self.offsets[label]) / slope if slope else inf

    @cached_property
    def _arrays(self) -> tuple[Scores, Scores, npt.NDArray[np.bool_] | None]:
        return np.array(self.slopes), np.array(self.offsets), _untrained(self.trained)


def _listed(scores: Scores) -> list[float]:
    listed: list[float] = scores.tolist()
    return listed


def _logit(likely: float) -> float:
    """Infinite at 0 and 1, and beyond them."""
    if 0 < likely < 1:
        return log(likely / (1 - likely))
    return inf if likely >= 1 else -inf


def _logistic(logit: float) -> float:
    return 1 / (1 + exp(-max(logit, -_FAR)))


def _untrained(trained: tuple[bool, ...]) -> npt.NDArray[np.bool_] | None:
    """Which labels were never trained; None where all were, as is usual."""
    return None if all(trained) else ~np.array(trained)


def _known(scores: Scores, untrained: npt.NDArray[np.bool_] | None, instead: float) -> Scores:
    return scores if untrained is None else np.where(untrained, instead, scores)


def _sigmoid(logits: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.maximum(logits, -_FAR))))
