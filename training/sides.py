"""Sides: what two versions said, out of fold, of the articles that both were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from labels.corpus import Labels
from labels.duplicates import cluster_weights, clusters
from labels.errors import StateError, VersionError
from labels.scheme import Scheme, read_scheme
from models.decision import Rule, decide
from models.evidence import OutOfFold, Remembered, read_out_of_fold, read_remembered
from models.manifest import NAME, read_manifest
from models.version import rules_from
from training.simultaneous import Bools, Floats, Rows

# From so many distinct ones on, given articles alone are compared: starter articles are easy for
# anybody.
LEAST = 20

SEARCH = "search.jsonl"  # in a version: what a search tried before it was trained
# What is read of a version to compare it.
FILES = (NAME, "scheme.toml", "oof.jsonl", "corpus.jsonl")

Given = tuple[frozenset[str], ...]  # the labels that an article got, by group of the scheme


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Two versions on the same articles, row for row.

    ``gold`` is that of the version trained later; ``relabelled`` counts the articles of which
    the earlier one had another. ``edited`` are articles of the same id whose text is not the
    same: they are left out, as are ``starter`` ones where ``source`` is given; ``sources`` say
    the same of what each group is judged on. ``given`` and ``reviewed`` have an entry a side: the
    labels by article and group, and which groups send the article to a person, shape (n, groups).
    ``judged`` (n, groups) says which articles count in a group: those of known gold, or the given
    ones of them where these are enough. ``clusters`` (n,) number near-duplicates alike.
    ``searched`` are the versions whose recipe was chosen by a search.
    """

    versions: tuple[str, str]
    scheme: Scheme
    ids: tuple[str, ...]
    source: Literal["given", "all"]
    sources: tuple[Literal["given", "all"], ...]
    gold: tuple[Labels, ...]
    given: tuple[tuple[Given, ...], tuple[Given, ...]]
    reviewed: tuple[Bools, Bools]
    judged: Bools
    clusters: Rows
    relabelled: int = 0
    edited: int = 0
    starter: int = 0
    searched: tuple[str, ...] = ()

    @cached_property
    def weights(self) -> Floats:
        """What an article counts in each group, shape (n, groups).

        Near-duplicates that are judged count as one article together, others nothing.
        """
        return np.stack([_weights(self.clusters, mine) for mine in self.judged.T], axis=1)

    def distinct(self, group: int) -> int:
        """How many articles a group is judged on, near-duplicates counted once."""
        return len(np.unique(self.clusters[self.judged[:, group]]))

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One version: what it remembers, and how it decides."""

    version: str
    scheme: Scheme
    held: OutOfFold
    remembered: Remembered
    rules: Sequence[Rule]
    searched: bool

    def decide(self, rows: Sequence[int]) -> tuple[tuple[Given, ...], Bools]:
        # A label that no model of the other folds had learnt is as one that was not given.
        likely = np.nan_to_num(self.held.likely, nan=0.0)
        told = np.isfinite(self.held.likely)
        given, reviewed = [], np.zeros((len(rows), len(self.rules)), bool)
        for at, row in enumerate(rows):
            labels = []
            for number, (group, rule) in enumerate(
                zip(self.scheme.groups, self.rules, strict=True)
            ):
                columns = self.scheme.columns(group)
                choice = decide(group, rule, likely[row, columns].tolist())
                chosen = choice.given if told[row, columns].any() else ()
                labels.append(frozenset(group.ids[one] for one in chosen))
                reviewed[at, number] = bool(choice.reasons)
            given.append(tuple(labels))
        return tuple(given), reviewed


def _weights(clusters: Rows, chosen: Bools) -> Floats:
    found = np.zeros(len(clusters))
    found[chosen] = cluster_weights(clusters[chosen])
    return found


def read_sides(first: Path, second: Path) -> Sides:
    """What the two version directories hold of the articles that they have in common.

    Their sums are not looked at: one may be damaged elsewhere, or is being written.

    Raises:
        StateError: they have different schemes.
        VersionError: one is not what newstag wrote.
    """
    sides = _side(first), _side(second)
    if sides[0].scheme.digest() != sides[1].scheme.digest():
        what = f"another scheme than {sides[0].version}: their labels cannot be compared"
        raise StateError(sides[1].version, what, "Compare versions of one scheme")
    later = int(sides[0].version <= sides[1].version)
    common = _common(*sides)
    pairs = _same(sides, common)
    numbers = clusters(sides[later].remembered.sketches[[pair[later] for pair in pairs]])
    given = _given(sides, pairs)
    judged = _judged(sides[later], [pair[later] for pair in pairs], given, numbers)
    alone = not judged[~given].any() and len(np.unique(numbers[given])) >= LEAST
    kept = np.flatnonzero(given) if alone else np.arange(len(pairs))
    chosen = [pairs[at] for at in kept.tolist()]
    gold = [tuple(sides[at].held.labels[pair[at]] for pair in chosen) for at in (0, 1)]
    told = [side.decide([pair[at] for pair in chosen]) for at, side in enumerate(sides)]
    return Sides(
        versions=(sides[0].version, sides[1].version),
        scheme=sides[later].scheme,
        ids=tuple(sides[0].held.ids[row] for row, _ in chosen),
        source="given" if len(kept) and given[kept].all() else "all",
        sources=tuple("all" if mine[~given].any() else "given" for mine in judged.T),
        gold=gold[later],
        given=(told[0][0], told[1][0]),
        reviewed=(told[0][1], told[1][1]),
        judged=judged[kept],
        clusters=numbers[kept],
        relabelled=sum(a != b for a, b in zip(*gold, strict=True)),
        edited=len(common) - len(pairs),
        starter=len(pairs) - len(kept),
        searched=tuple(side.version for side in sides if side.searched),
    )


def _common(first: _Side, second: _Side) -> list[tuple[int, int]]:
    """The rows of the articles that both sides have by their ids."""
    rows = {name: row for row, name in enumerate(second.held.ids)}
    return [(at, rows[name]) for at, name in enumerate(first.held.ids) if name in rows]


def _same(sides: tuple[_Side, _Side], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of the pairs whose text is the same."""
    texts, others = (side.remembered.texts for side in sides)
    return [(at, other) for at, other in pairs if texts[at] == others[other]]


def _given(sides: tuple[_Side, _Side], pairs: Sequence[tuple[int, int]]) -> Bools:
    """Which pairs are a given article on both sides, shape (pairs,)."""
    sources, others = (side.held.sources for side in sides)
    return np.array([sources[at] == others[to] == "given" for at, to in pairs], bool)


def _judged(side: _Side, rows: Sequence[int], given: Bools, numbers: Rows) -> Bools:
    """Which of these rows count in each group, shape (rows, groups).

    Given articles alone, unless they are too few and there are others of known gold.
    """
    labels = [side.held.labels[row] for row in rows]
    found = np.zeros((len(rows), len(side.scheme.groups)), bool)
    for at, group in enumerate(side.scheme.groups):
        known = np.array([group.id in held for held in labels], bool)
        few = len(np.unique(numbers[known & given])) < LEAST
        found[:, at] = known if few else known & given
    return found


def _side(folder: Path) -> _Side:
    manifest = read_manifest(folder)  # says so where it is no version, or of another format
    scheme = read_scheme(folder / "scheme.toml")
    held, remembered = read_out_of_fold(folder, scheme), read_remembered(folder)
    if held.ids != remembered.ids:
        what = "not the articles of oof.jsonl"
        raise VersionError(str(folder / "corpus.jsonl"), what, "Train again")
    return _Side(
        version=manifest.version,
        scheme=scheme,
        held=held,
        remembered=remembered,
        rules=rules_from(folder, manifest, scheme),
        searched=(folder / SEARCH).exists(),
    )
