"""Sides: what two versions said, out of fold, of the articles that both were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from labels.corpus import Labels
from labels.duplicates import cluster_weights, clusters
from labels.errors import StateError
from labels.scheme import Scheme, read_scheme
from models.decision import Rule, decide
from models.evidence import OutOfFold, Remembered, read_out_of_fold, read_remembered
from models.manifest import read_manifest
from models.sums import check_sums
from models.version import rule_from
from training.simultaneous import Bools, Floats, Rows

# From so many on, given articles alone are compared: starter articles are easy for anybody.
LEAST = 20

Given = tuple[frozenset[str], ...]  # the labels that an article got, by group of the scheme


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Two versions on the same articles, row for row.

    ``gold`` is that of the version trained later; ``relabelled`` counts the articles of which
    the earlier one had another. ``edited`` are articles of the same id whose text is not the
    same: they are left out, as are ``starter`` ones where ``source`` is given. ``given`` and
    ``reviewed`` have an entry a side: the labels by article and group, and which groups send
    the article to a person, shape (n, groups). ``weights`` (n,) make near-duplicates one.
    """

    versions: tuple[str, str]
    scheme: Scheme
    ids: tuple[str, ...]
    source: Literal["given", "all"]
    gold: tuple[Labels, ...]
    given: tuple[tuple[Given, ...], tuple[Given, ...]]
    reviewed: tuple[Bools, Bools]
    clusters: Rows
    relabelled: int = 0
    edited: int = 0
    starter: int = 0

    @property
    def weights(self) -> Floats:
        return cluster_weights(self.clusters)

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

    def rows(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.held.ids)}

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


def read_sides(first: Path, second: Path, *, sealed: bool = True) -> Sides:
    """What the two version directories hold of the articles that they have in common.

    Where ``second`` is not ``sealed`` it is being written, and has no sums yet.

    Raises:
        StateError: they have different schemes.
        VersionError: one is damaged.
    """
    for folder in (first, second):
        read_manifest(folder)  # says so where it is no version, or of another format
    check_sums(first)
    if sealed:
        check_sums(second)
    sides = _side(first), _side(second)
    if sides[0].scheme.digest() != sides[1].scheme.digest():
        what = f"another scheme than {sides[0].version}: their labels cannot be compared"
        raise StateError(sides[1].version, what, "Compare versions of one scheme")
    one, other = (side.rows() for side in sides)
    names = [name for name in one if name in other]
    same = [name for name in names if _text(sides[0], one[name]) == _text(sides[1], other[name])]
    given = [
        name
        for name in same
        if sides[0].held.sources[one[name]] == sides[1].held.sources[other[name]] == "given"
    ]
    kept = given if len(given) >= LEAST else same
    pairs = [(one[name], other[name]) for name in kept]
    told = (
        sides[0].decide([row for row, _ in pairs]),
        sides[1].decide([row for _, row in pairs]),
    )
    later = int(sides[0].version <= sides[1].version)
    gold = [tuple(sides[at].held.labels[pair[at]] for pair in pairs) for at in (0, 1)]
    sketches = sides[later].remembered.sketches[[pair[later] for pair in pairs]]
    return Sides(
        versions=(sides[0].version, sides[1].version),
        scheme=sides[later].scheme,
        ids=tuple(kept),
        source="given" if kept is given else "all",
        gold=gold[later],
        given=(told[0][0], told[1][0]),
        reviewed=(told[0][1], told[1][1]),
        clusters=clusters(sketches),
        relabelled=sum(a != b for a, b in zip(*gold, strict=True)),
        edited=len(names) - len(same),
        starter=len(same) - len(kept),
    )


def _side(folder: Path) -> _Side:
    manifest = read_manifest(folder)
    scheme = read_scheme(folder / "scheme.toml")
    return _Side(
        version=manifest.version,
        scheme=scheme,
        held=read_out_of_fold(folder, scheme),
        remembered=read_remembered(folder),
        rules=[rule_from(manifest.rules[group.id]) for group in scheme.groups],
    )


def _text(side: _Side, row: int) -> str:
    return side.remembered.texts[row]
