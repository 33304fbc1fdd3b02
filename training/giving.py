"""Giving: the labels that a rule gives to many articles at once."""

from __future__ import annotations

import numpy as np

from labels.scheme import Group
from models.decision import Rule
from training.linear import Bools, Floats


def given_by(group: Group, rule: Rule, likely: Floats) -> Bools:
    """The labels of each article by ``likely`` of it, both of shape (n, labels).

    As ``models.decision.decide`` gives them; but NaN, of a label that the models of the other
    folds had not learnt, is no label. Nor is a best probability of 0: no label had been learnt.
    """
    known = np.nan_to_num(likely, nan=0.0)
    if group.exclusive:
        best = known.argmax(axis=1)[:, None] == np.arange(likely.shape[1])
        return np.asarray(best & (known > 0))
    return np.asarray((known >= np.array(rule.thresholds)) & np.array(rule.trained))
