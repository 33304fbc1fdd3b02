"""A model: all that a prediction needs, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labels.scheme import Scheme
from models.calibration import Calibration
from models.decision import Rule
from models.scorer import Scorer


@dataclass(frozen=True, kw_only=True)
class Model:
    """``calibrations`` and ``rules`` are keyed by group id; ``dictionary`` is a file's text."""

    scheme: Scheme
    dictionary: str
    scorer: Scorer
    calibrations: Mapping[str, Calibration]
    rules: Mapping[str, Rule]
