"""Folds: parts of a corpus of which each is predicted by a model that has not seen it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def stratified_folds(
    strata: npt.NDArray[np.bool_], clusters: npt.NDArray[np.intp], count: int, seed: int
) -> npt.NDArray[np.intp]:
    """The fold of each article, shape (n,), values 0 to ``count`` - 1.

    ``strata`` of shape (n, s) says which labels an article has; each fold gets about the same
    number of each, the rarest dealt first (Sechidis et al. 2011, iterative stratification, with
    a fixed order). Articles of one cluster share a fold. With fewer clusters than ``count``
    some folds stay empty.
    """
    random = np.random.default_rng(seed)
    members, at = np.unique(clusters, return_inverse=True)
    carried = np.zeros((len(members), strata.shape[1] + 1))
    np.add.at(carried, at, np.column_stack([strata, np.ones(len(strata))]))
    wanted = np.tile(carried.sum(axis=0) / count, (count, 1))
    fold = np.full(len(members), -1)
    for stratum in np.argsort(carried.sum(axis=0), kind="stable"):
        holders = np.flatnonzero((carried[:, stratum] > 0) & (fold < 0))
        for cluster in random.permutation(holders):
            fold[cluster] = _neediest(wanted, int(stratum), random)
            wanted[fold[cluster]] -= carried[cluster]
    return fold[at].astype(np.intp)


def _neediest(wanted: npt.NDArray[np.float64], stratum: int, random: np.random.Generator) -> int:
    """The fold that lacks most of the stratum; then most articles; then any."""
    count = len(wanted)
    return int(np.lexsort((random.random(count), -wanted[:, -1], -wanted[:, stratum]))[0])
