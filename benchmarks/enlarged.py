"""Enlarged: a trained model with more labels or more terms, to see how its time grows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labels.scheme import Group, Label, Scheme
from models.calibration import Temperature
from models.decision import Rule
from models.model import Model
from models.scorer import Scorer, Weights, fuse

_FIRST, _LAST = 0x4E00, 0x9FFF  # Chinese characters


def with_labels(model: Model, count: int) -> Model:
    """The same features under one multi group of so many labels, with weights drawn at random."""
    random = np.random.default_rng(0)
    ids = tuple(f"label{at}" for at in range(count))
    labels = tuple(Label(id=name, zh=name, en=name, definition=name) for name in ids)
    group = Group(id="subjects", kind="multi", zh="subjects", en="subjects", labels=labels)
    weights = random.normal(0, 0.1, (len(model.scorer.idf), count)).astype(np.float32)
    weights[0] = 0
    every = (True,) * count
    rule = Rule(thresholds=(0.9,) * count, sure=(0.9,) * count, margin=0.0, trained=every)
    return replace(
        model,
        scheme=Scheme(groups=(group,)),
        scorer=replace(model.scorer, weights=weights, intercepts=np.full(count, -1.0)),
        calibrations={group.id: Temperature(temperature=1.0, exclusive=False, trained=every)},
        rules={group.id: rule},
    )


def with_terms(model: Model, count: int) -> Model:
    """The same scores from a vocabulary of so many terms: the others are words of five characters
    that no text has, spread over all blocks.
    """
    scorer = model.scorer
    known = set(scorer.vocabulary.terms)
    random = np.random.default_rng(0)
    points = random.integers(_FIRST, _LAST, (max(count - len(known), 0), 5))
    drawn = {"".join(map(chr, word)) for word in points.tolist()} - known
    invented = np.array(sorted(drawn), object)
    parts = np.array_split(invented, len(scorer.blocks))
    learnt = [_enlarged(scorer, at, part.tolist()) for at, part in enumerate(parts)]
    return replace(model, scorer=fuse(learnt, scorer.intercepts))


def _enlarged(scorer: Scorer, at: int, invented: list[str]) -> Weights:
    """What was learnt of a block, and the invented terms beside it."""
    numbers = np.flatnonzero(scorer.rows[:, at])
    rows = scorer.rows[numbers, at]
    idf = scorer.idf[rows].astype(np.float64)
    weights = scorer.weights[rows] / idf[:, None]
    more = np.ones((len(invented), weights.shape[1]))
    return Weights(
        block=scorer.blocks[at],
        terms=[*scorer.vocabulary.names(numbers.tolist()), *invented],
        idf=np.concatenate([idf, np.ones(len(invented))]),
        weights=np.concatenate([weights, more]),
    )
