"""Comparing: from what two versions said of the same articles to what can be said of the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from labels.scheme import Group
from training.comparison import ArticleChange, Comparison, GroupChange, LabelChange, Outcome
from training.sides import Sides, read_sides
from training.simultaneous import Answers, Bools, Floats, Swapped, swapped


def compare(first: Path, second: Path, *, sealed: bool = True) -> Comparison:
    """Compare two version directories; one that is being written is not ``sealed``.

    Raises:
        StateError: they have different schemes.
        VersionError: one is damaged.
    """
    return compare_sides(read_sides(first, second, sealed=sealed))


def compare_sides(sides: Sides, seed: int = 0) -> Comparison:
    """Compare what two versions said; ``seed`` is that of the intervals."""
    answers = _answers(sides)
    draws = swapped(answers, seed)
    return Comparison(
        first=sides.versions[0],
        second=sides.versions[1],
        source=sides.source,
        articles=len(sides),
        distinct=len(np.unique(sides.clusters)),
        relabelled=sides.relabelled,
        edited=sides.edited,
        starter=sides.starter,
        groups=list(_groups(sides, answers, draws)),
        labels=list(_labels(sides, answers, draws)),
        changed=list(_changed(sides)),
    )


def _answers(sides: Sides) -> Answers:
    groups = sides.scheme.groups
    known = [[group.id in labels for group in groups] for labels in sides.gold]
    gold = [tuple(labels.get(group.id, frozenset()) for group in groups) for labels in sides.gold]
    widths = [len(group.ids) for group in groups]
    shape = (len(sides), len(groups))
    counted = np.array(known, np.float64).reshape(shape) * sides.weights[:, None]
    return Answers(
        first=_as_array(sides, sides.given[0]),
        second=_as_array(sides, sides.given[1]),
        gold=_as_array(sides, tuple(gold)),
        weights=np.repeat(counted, widths, axis=1),
        clusters=sides.clusters,
    )


def _as_array(sides: Sides, rows: tuple[tuple[frozenset[str], ...], ...]) -> Bools:
    groups = sides.scheme.groups
    flat = [
        [label in names for group, names in zip(groups, row, strict=True) for label in group.ids]
        for row in rows
    ]
    return np.array(flat, bool).reshape(len(rows), len(sides.scheme.outputs))


def _groups(sides: Sides, answers: Answers, draws: Swapped) -> Iterator[GroupChange]:
    scores = _scores(answers)
    for at, group in enumerate(sides.scheme.groups):
        columns = sides.scheme.columns(group)
        known = np.array([group.id in labels for labels in sides.gold], bool)
        mine = np.zeros(len(answers.present), bool)
        mine[columns] = answers.present[columns]
        if not known.any():
            continue
        reviewed = [float(np.average(s[:, at], weights=sides.weights)) for s in sides.reviewed]
        yield GroupChange(
            group=group.id,
            articles=int(known.sum()),
            first=float(scores[0][mine].mean()) if mine.any() else 0.0,
            second=float(scores[1][mine].mean()) if mine.any() else 0.0,
            difference=draws.mean(mine),
            reviewed=(reviewed[0], reviewed[1]),
        )


def _scores(answers: Answers) -> tuple[Floats, Floats]:
    return answers.f1(answers.first), answers.f1(answers.second)


def _labels(sides: Sides, answers: Answers, draws: Swapped) -> Iterator[LabelChange]:
    counted = answers.weights > 0
    first, second = _scores(answers)
    differences = draws.simultaneous()
    gold = (answers.gold & counted).sum(axis=0)
    gained = (answers.second & ~answers.first & counted).sum(axis=0)
    lost = (answers.first & ~answers.second & counted).sum(axis=0)
    for at, (group, label) in enumerate(sides.scheme.outputs):
        if counted[:, at].any():
            yield LabelChange(
                group=group,
                label=label,
                articles=int(gold[at]),
                first=float(first[at]),
                second=float(second[at]),
                gained=int(gained[at]),
                lost=int(lost[at]),
                difference=differences[at],
            )


def _changed(sides: Sides) -> Iterator[ArticleChange]:
    for name, gold, first, second in zip(sides.ids, sides.gold, *sides.given, strict=True):
        for group, before, after in zip(sides.scheme.groups, first, second, strict=True):
            if before != after:
                yield _article_change(name, group, before, after, gold.get(group.id))


def _article_change(
    name: str,
    group: Group,
    first: frozenset[str],
    second: frozenset[str],
    gold: frozenset[str] | None,
) -> ArticleChange:
    return ArticleChange(
        id=name,
        group=group.id,
        first=sorted(first),
        second=sorted(second),
        gold=None if gold is None else sorted(gold),
        outcome=_outcome(first, second, gold),
    )


def _outcome(first: frozenset[str], second: frozenset[str], gold: frozenset[str] | None) -> Outcome:
    if gold is None:
        return "unknown"
    if second == gold:
        return "mended"
    return "broken" if first == gold else "still wrong"
