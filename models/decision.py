"""From probabilities to labels, or to a request that a person looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labels.scheme import Group, Scheme

# A content with fewer characters than this, blanks and furniture aside, says too little.
LEAST_CHARACTERS = 20
# Below this share of known words the article is in another language or of another field.
LEAST_KNOWN = 0.5


# No probability reaches it: a label with this in ``Rule.sure`` always goes to review.
NEVER = 2.0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one group decides.

    ``thresholds`` holds the probability from which each label of a multi group is given; an
    exclusive group gives its best label whatever its probability. ``sure`` holds the
    probability from which a given label goes without review. A label of a multi group that
    missed its threshold by less than ``margin`` goes to review as well. ``trained`` says which
    labels had articles enough to be learnt. All three have shape (labels,).
    """

    thresholds: tuple[float, ...]
    sure: tuple[float, ...]
    margin: float
    trained: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What a group decided: indices of the labels given, and the reasons to look."""

    given: tuple[int, ...]
    reasons: tuple[str, ...]


def trained_outputs(scheme: Scheme, rules: Mapping[str, Rule]) -> npt.NDArray[np.bool_]:
    """Which labels could be learnt, of all groups, shape (outputs,)."""
    return np.concatenate([np.array(rules[group.id].trained, bool) for group in scheme.groups])


def decide(group: Group, rule: Rule, probabilities: Sequence[float]) -> Choice:
    """The labels of one article in one group; ``probabilities`` are those of its labels.

    An exclusive group always gives its best guess.
    """
    untrained = [] if all(rule.trained) else _untrained(group, rule)
    if group.exclusive:
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        unsure = [f"uncertain:{group.id}"] if probabilities[best] < rule.sure[best] else []
        return Choice(given=(best,), reasons=(*unsure, *untrained))
    given, unsure = [], []
    for at, (score, threshold) in enumerate(zip(probabilities, rule.thresholds, strict=True)):
        if not rule.trained[at]:
            continue
        if score >= threshold:
            given.append(at)
            doubtful = score < rule.sure[at]
        else:
            doubtful = threshold - score < rule.margin
        if doubtful:
            unsure.append(f"uncertain:{group.id}:{group.ids[at]}")
    return Choice(given=tuple(given), reasons=(*unsure, *untrained))


def _untrained(group: Group, rule: Rule) -> list[str]:
    return [
        f"untrained:{group.id}:{label}"
        for label, trained in zip(group.ids, rule.trained, strict=True)
        if not trained
    ]
