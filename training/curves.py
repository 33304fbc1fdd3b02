"""Curves: precision against recall, and probability against what was so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labels.intervals import wilson
from training.findings import Told
from training.linear import Bools, Floats

_BINS = 10


@dataclass(frozen=True, kw_only=True)
class PrecisionRecall:
    """One label, given from each probability on that an article has, the greatest first.

    ``articles`` have a probability of it, ``having`` of them have the label. The arrays have
    shape (distinct probabilities,); ``average`` is the average precision, the area below.
    ``precision_chosen`` and ``recall_chosen`` are those of what the rule gives, the former None
    where it gives the label to no article.
    """

    articles: int
    having: int
    likely: Floats
    precision: Floats
    recall: Floats
    average: float
    precision_chosen: float | None
    recall_chosen: float


def precision_recall(told: Told, at: int) -> PrecisionRecall | None:
    """The curve of label number ``at``; None where no article has it, or none is known to score."""
    seen = np.isfinite(told.likely[:, at])
    likely, gold, given = (part[seen, at] for part in (told.likely, told.gold, told.given))
    if not gold.any():
        return None
    order = np.argsort(-likely, kind="stable")
    ends = np.flatnonzero(np.diff(likely[order], append=-np.inf) < 0)
    hits = np.cumsum(gold[order])[ends]
    precision, recall = hits / (ends + 1), hits / gold.sum()
    return PrecisionRecall(
        articles=len(gold),
        having=int(gold.sum()),
        likely=likely[order][ends],
        precision=precision,
        recall=recall,
        average=float(np.diff(recall, prepend=0.0) @ precision),
        precision_chosen=float(gold[given].mean()) if given.any() else None,
        recall_chosen=float(given[gold].mean()),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Decisions of about one probability: their mean, and the share that was so, with interval."""

    decisions: int
    likely: float
    share: float
    low: float
    high: float


def decisions_of(told: Told) -> tuple[Floats, Bools]:
    """Probabilities and whether they came true: of the best label, or of all where multi.

    Both of shape (decisions,); without those of labels that were not learnt.
    """
    seen = np.isfinite(told.likely)
    if told.group.exclusive:
        seen = seen & told.given
    return told.likely[seen], told.gold[seen]


def reliability(likely: Floats, so: Bools) -> list[Bin]:
    """Ten bins of equal width, those of ``training.reliability``, without the empty ones."""
    bins = np.minimum((likely * _BINS).astype(int), _BINS - 1)
    found = []
    for number in np.unique(bins).tolist():
        mine = bins == number
        low, high = wilson(float(so[mine].sum()), float(mine.sum()))
        found.append(
            Bin(
                decisions=int(mine.sum()),
                likely=float(likely[mine].mean()),
                share=float(so[mine].mean()),
                low=low,
                high=high,
            )
        )
    return found
