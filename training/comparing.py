"""Comparing: from what two versions said of the same articles to what can be said of the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labels.duplicates import cluster_weights
from labels.scheme import Group
from models.manifest import read_manifest
from models.sums import check_files, check_sums
from training.changes import ArticleChange, Exact, GroupChange, LabelChange, Outcome
from training.comparison import Comparison
from training.sides import FILES, Sides, read_sides
from training.simultaneous import Answers, Bools, Difference, Floats, Swapped, swapped


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """Figures of both sides and their differences, of labels and behind them of groups."""

    first: Floats
    second: Floats
    differences: list[Difference]


def compare(first: Path, second: Path) -> Comparison:
    """Compare two version directories.

    Raises:
        StateError: they have different schemes.
        VersionError: one is damaged.
    """
    for folder in (first, second):
        read_manifest(folder)  # says so where it is no version, or of another format
        check_sums(folder)
    return compare_sides(read_sides(first, second))


def compare_with_live(champion: Path, version: Path) -> Comparison:
    """Compare a version directory, known to be whole or being written, with what is live.

    A file too many does not keep the live one from being judged.

    Raises:
        StateError: they have different schemes.
        VersionError: one is not what newstag wrote.
    """
    read_manifest(champion)
    check_files(champion, FILES)
    return compare_sides(read_sides(champion, version))


def compare_sides(sides: Sides, seed: int = 0) -> Comparison:
    """Compare what two versions said; ``seed`` is that of the intervals."""
    answers = _answers(sides)
    draws = swapped(answers, seed)
    found = _Found(
        first=answers.figures(answers.first),
        second=answers.figures(answers.second),
        differences=draws.simultaneous(),
    )
    return Comparison(
        first=sides.versions[0],
        second=sides.versions[1],
        source=sides.source,
        articles=len(sides),
        distinct=len(np.unique(sides.clusters)),
        relabelled=sides.relabelled,
        edited=sides.edited,
        starter=sides.starter,
        reviewed=_reviewed(sides),
        searched=list(sides.searched),
        groups=list(_groups(sides, answers, draws, found)),
        labels=list(_labels(sides, answers, found)),
        changed=list(_changed(sides)),
    )


def _answers(sides: Sides) -> Answers:
    groups = sides.scheme.groups
    gold = [tuple(labels.get(group.id, frozenset()) for group in groups) for labels in sides.gold]
    return Answers(
        first=_as_array(sides, sides.given[0]),
        second=_as_array(sides, sides.given[1]),
        gold=_as_array(sides, tuple(gold)),
        weights=np.repeat(sides.weights, [len(group.ids) for group in groups], axis=1),
        clusters=sides.clusters,
        groups=tuple(sides.scheme.columns(group) for group in groups),
    )


def _as_array(sides: Sides, rows: tuple[tuple[frozenset[str], ...], ...]) -> Bools:
    groups = sides.scheme.groups
    flat = [
        [label in names for group, names in zip(groups, row, strict=True) for label in group.ids]
        for row in rows
    ]
    return np.array(flat, bool).reshape(len(rows), len(sides.scheme.outputs))


def _reviewed(sides: Sides) -> tuple[float, float]:
    """The shares of articles that go to a person for whatever group."""
    first, second = (_share(sides, np.asarray(side.any(axis=1))) for side in sides.reviewed)
    return first, second


def _share(sides: Sides, chosen: Bools, group: int | None = None) -> float:
    """The share of the chosen articles, near-duplicates counted once.

    Of those that the group is judged on, or where that is none of all.
    """
    weights = cluster_weights(sides.clusters)
    if group is not None and sides.judged[:, group].any():
        weights = sides.weights[:, group]
    return float(weights[chosen].sum() / max(weights.sum(), 1.0))


def _groups(sides: Sides, answers: Answers, draws: Swapped, found: _Found) -> Iterator[GroupChange]:
    labels = len(sides.scheme.outputs)
    scores = found.first[:labels], found.second[:labels]
    for at, group in enumerate(sides.scheme.groups):
        mine = np.zeros(labels, bool)
        columns = sides.scheme.columns(group)
        mine[columns] = answers.present[columns]
        first, second = (float(score[mine].mean()) if mine.any() else 0.0 for score in scores)
        before, after = (_share(sides, side[:, at], at) for side in sides.reviewed)
        yield GroupChange(
            group=group.id,
            source=sides.sources[at],
            articles=int(sides.judged[:, at].sum()),
            distinct=sides.distinct(at),
            first=first,
            second=second,
            difference=draws.mean(mine),
            exact=Exact(
                first=float(found.first[labels + at]),
                second=float(found.second[labels + at]),
                difference=found.differences[labels + at],
            ),
            reviewed=(before, after),
        )


def _labels(sides: Sides, answers: Answers, found: _Found) -> Iterator[LabelChange]:
    counted = answers.weights > 0
    gold = (answers.gold & counted).sum(axis=0)
    gained = (answers.second & ~answers.first & counted).sum(axis=0)
    lost = (answers.first & ~answers.second & counted).sum(axis=0)
    for at, (group, label) in enumerate(sides.scheme.outputs):
        if counted[:, at].any():
            yield LabelChange(
                group=group,
                label=label,
                articles=int(gold[at]),
                first=float(found.first[at]),
                second=float(found.second[at]),
                gained=int(gained[at]),
                lost=int(lost[at]),
                difference=found.differences[at],
            )


def _changed(sides: Sides) -> Iterator[ArticleChange]:
    for row, (first, second) in enumerate(zip(*sides.given, strict=True)):
        for at, group in enumerate(sides.scheme.groups):
            if first[at] != second[at]:
                yield _article_change(sides, row, at, group)


def _article_change(sides: Sides, row: int, at: int, group: Group) -> ArticleChange:
    first, second = (side[row][at] for side in sides.given)
    gold = sides.gold[row].get(group.id)
    judged = gold is None or bool(sides.judged[row, at])
    return ArticleChange(
        id=sides.ids[row],
        group=group.id,
        first=sorted(first),
        second=sorted(second),
        gold=None if gold is None else sorted(gold),
        outcome=_outcome(first, second, gold) if judged else "not judged",
    )


def _outcome(first: frozenset[str], second: frozenset[str], gold: frozenset[str] | None) -> Outcome:
    if gold is None:
        return "unknown"
    if second == gold:
        return "mended"
    return "broken" if first == gold else "still wrong"
