"""How far two readers agree on the same articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labels.scheme import Group

Reading = frozenset[str]  # the labels of one group that one reader gave one article


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Two readings of one group over ``articles`` articles.

    ``kappa`` (of an exclusive group only) and the values of ``label_kappa`` are Cohen's; None
    where both readers gave everything the same one answer, so that nothing can be said.
    """

    articles: int
    equal: int
    kappa: float | None
    label_kappa: dict[str, float | None]


def agreement(group: Group, first: Sequence[Reading], second: Sequence[Reading]) -> Agreement:
    """Compare two readings, the articles in the same order."""
    whole = (
        cohen_kappa([min(x) for x in first], [min(x) for x in second]) if group.exclusive else None
    )
    return Agreement(
        articles=len(first),
        equal=sum(x == y for x, y in zip(first, second, strict=True)),
        kappa=whole,
        label_kappa={
            label: cohen_kappa([label in x for x in first], [label in y for y in second])
            for label in group.ids
        },
    )


def cohen_kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    """(observed - expected) / (1 - expected) agreement (Cohen 1960); None where undefined."""
    count = len(first)
    if not count:
        return None
    observed = sum(x == y for x, y in zip(first, second, strict=True)) / count
    answers = set(first) | set(second)
    expected = sum(list(first).count(x) * list(second).count(x) for x in answers) / count**2
    return None if expected == 1 else (observed - expected) / (1 - expected)
