"""From probabilities to labels, or to a request that a person looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labels.scheme import Group
from models.scorer import Scores

# A content with fewer characters than this, blanks and furniture aside, says too little.
LEAST_CHARACTERS = 20
# Below this share of known words the article is in another language or of another field.
LEAST_KNOWN = 0.5


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one group decides.

    ``thresholds`` holds, for a multi group, the probability from which each label is given; for
    an exclusive group, the probability that the best label needs to go without review. A
    label within ``margin`` of its threshold, in a multi group, goes to review as well.
    ``trained`` says which labels had articles enough to be learnt. Both have shape (labels,).
    """

    thresholds: tuple[float, ...]
    margin: float
    trained: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What a group decided: indices of the labels given, and the reasons to look."""

    given: tuple[int, ...]
    reasons: tuple[str, ...]


def decide(group: Group, rule: Rule, probabilities: Scores) -> Choice:
    """The labels of one article in one group; ``probabilities`` has shape (labels,).

    An exclusive group always gives its best guess.
    """
    untrained = [
        f"untrained:{group.id}:{label}"
        for label, trained in zip(group.ids, rule.trained, strict=True)
        if not trained
    ]
    if group.exclusive:
        best = int(np.argmax(probabilities))
        unsure = [f"uncertain:{group.id}"] if probabilities[best] < rule.thresholds[best] else []
        return Choice(given=(best,), reasons=(*unsure, *untrained))
    distance = probabilities - np.array(rule.thresholds)
    close = (np.abs(distance) < rule.margin) & np.array(rule.trained)
    unsure = [f"uncertain:{group.id}:{group.ids[at]}" for at in np.flatnonzero(close)]
    given = np.flatnonzero((distance >= 0) & np.array(rule.trained))
    return Choice(given=tuple(given.tolist()), reasons=(*unsure, *untrained))
