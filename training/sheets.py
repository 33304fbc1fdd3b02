"""Sheets: scores of articles in one group, and the labels that scores give by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from labels.duplicates import cluster_weights
from labels.scheme import Group
from training.counts import Rows
from training.linear import Bools, Floats


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What one model scored: ``scores`` and ``gold`` (n, labels), near-duplicate ``clusters`` (n,).

    A label that the model had not learnt scores -inf: it is not given.
    """

    scores: Floats
    gold: Bools
    clusters: Rows

    @property
    def weights(self) -> Floats:
        """What each article counts: a cluster of near-duplicates counts as one."""
        return cluster_weights(self.clusters)

    def halves(self) -> list[Sheet]:
        """Every other cluster, and the rest."""
        odd = np.unique(self.clusters, return_inverse=True)[1] % 2 == 1
        return [
            Sheet(scores=self.scores[rows], gold=self.gold[rows], clusters=self.clusters[rows])
            for rows in (~odd, odd)
        ]


def given(group: Group, sheets: Sequence[Sheet]) -> Iterator[Bools]:
    """The labels that each sheet's articles get, shape (n, labels).

    The best score where exclusive; else each score from a threshold on, one for all labels,
    that does best on the other sheets.
    """
    for at, sheet in enumerate(sheets):
        if group.exclusive:
            best = sheet.scores.argmax(axis=1)[:, None] == np.arange(sheet.scores.shape[1])
            yield best & np.isfinite(sheet.scores)
        else:
            yield sheet.scores >= best_threshold([*sheets[:at], *sheets[at + 1 :]])


def best_threshold(sheets: Sequence[Sheet]) -> float:
    """The score from which on labels given reach the greatest micro-F1; 0 where none is right."""
    scores = np.concatenate([[], *(sheet.scores.ravel() for sheet in sheets)])
    gold = np.concatenate([[], *(sheet.gold.ravel() for sheet in sheets)])
    weights = np.concatenate(
        [[], *(np.repeat(sheet.weights, sheet.gold.shape[1]) for sheet in sheets)]
    )
    seen = np.isfinite(scores)
    order = np.argsort(-scores[seen], kind="stable")
    ordered, counted = scores[seen][order], weights[seen][order]
    hits = np.cumsum(counted * gold[seen][order])
    if not len(hits) or not hits[-1]:
        return 0.0
    f1 = 2 * hits / (np.cumsum(counted) + weights @ gold)
    ends = np.flatnonzero(np.diff(ordered, append=-np.inf) < 0)
    best = int(ends[np.argmax(f1[ends])])
    return float(ordered[best : best + 2].mean())
