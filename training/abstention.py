"""Abstention: letting a label pass unseen only where its precision can be promised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv

from labels.scheme import Group
from models.decision import NEVER, Rule
from training.counts import Rows
from training.giving import given_by
from training.linear import Bools, Floats

_ERROR = 0.05  # the chance that a promise is broken


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What could be promised of one label, on how much evidence; near-duplicates count as one.

    ``given`` articles got the label out of fold; of them ``kept`` give no cause for review by
    this label, ``wrong`` of those wrongly. ``bound`` is the one-sided 95 % Clopper-Pearson
    bound of precision among the kept; ``sure`` the probability from which the label passes,
    None where no promise holds. ``needed`` articles without an error are the least that can
    carry the promise.
    """

    label: str
    given: int
    kept: int
    wrong: int
    bound: float
    sure: float | None
    needed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Promises:
    """What could be promised of a group, each label by itself.

    It rests on ``articles`` of ``source``, given or starter; ``distinct`` are left when
    near-duplicates count once. A label that keeps its promise can stand on an article that
    goes to review for another label, group or its text: how precise it is among those that
    pass altogether is not promised.
    """

    source: str
    articles: int
    distinct: int
    labels: list[Promise]


def promise(  # noqa: PLR0913, PLR0917 - what is promised, and the four columns of evidence
    group: Group, rule: Rule, likely: Floats, targets: Bools, clusters: Rows, precision: float
) -> tuple[Rule, list[Promise]]:
    """The rule that keeps ``precision`` for each label, and what it rests on.

    ``likely`` and ``targets`` are out of fold, of shape (n, labels); ``clusters`` of
    near-duplicates has shape (n,).
    """
    given = given_by(group, rule, likely)
    promises = []
    for at, label in enumerate(group.ids):
        rows = given[:, at]
        one, right = _as_one(likely[rows, at], targets[rows, at], clusters[rows])
        promises.append(_promise(label, one, right, precision))
    sure = tuple(NEVER if one.sure is None else one.sure for one in promises)
    return replace(rule, sure=sure), promises


def _as_one(likely: Floats, right: Bools, clusters: Rows) -> tuple[Floats, Bools]:
    """Near-duplicates as one article, at their worst: they are no independent evidence.

    They are wrong as soon as a wrong one of them passes, right once all of them pass.
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    count = int(cluster.max(initial=-1)) + 1
    all_right = np.full(count, True)
    np.logical_and.at(all_right, cluster, right)
    least, most_wrong = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, cluster, likely)
    np.maximum.at(most_wrong, cluster[~right], likely[~right])
    return np.where(all_right, least, most_wrong), all_right


def _promise(label: str, likely: Floats, right: Bools, precision: float) -> Promise:
    """Fixed-sequence testing down the ranked articles (Angelopoulos et al. 2021, section 4.2).

    It begins at the first place where an errorless start could carry the promise and stops at
    the first place whose bound falls short, so that choosing the last one that held does not
    spend more than the 5 %.
    """
    order = np.argsort(-likely, kind="stable")
    likely, errors = likely[order], np.cumsum(~right[order])
    needed = least_articles(precision)
    # Articles of equal probability pass together or not at all.
    ends = (
        np.flatnonzero(np.append(np.diff(likely) < 0, True)) if len(likely) else np.array([], int)
    )
    kept, bound = 0, 0.0
    for at in ends[ends >= needed - 1].tolist():
        held = precision_bound(at + 1, int(errors[at]))
        if held < precision:
            break
        kept, bound = at + 1, held
    return Promise(
        label=label,
        given=len(likely),
        kept=kept,
        wrong=int(errors[kept - 1]) if kept else 0,
        bound=bound,
        sure=float(likely[kept - 1]) if kept else None,
        needed=needed,
    )


def precision_bound(kept: int, wrong: int) -> float:
    """The one-sided 95 % lower bound of a proportion (Clopper and Pearson 1934)."""
    # The quantile of a beta distribution, for which scipy.stats takes thirty times as long.
    return float(betaincinv(kept - wrong, wrong + 1, _ERROR)) if kept > wrong else 0.0


def least_articles(precision: float) -> int:
    """How many articles without an error are needed to promise ``precision``: 59 for 0.95."""
    return int(np.ceil(np.log(_ERROR) / np.log(precision)))
