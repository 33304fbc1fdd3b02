"""Planted: a file whose bad records are known by their places, and what must become of it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A way in which a record is bad; or merely odd, where it has no ``reason``.

    ``make`` makes it of a good row; of bad CSV and JSON lines it gives the bytes, the last line
    break left out. ``reason`` is a pattern of what must be said; there are ``most`` of the kind.
    """

    name: str
    make: Callable[[Row], Any]
    reason: str = ""
    most: int = 1_000_000


@dataclass(kw_only=True)
class Planted:
    """``bad`` has the kind of each bad record by its position, ``good`` the ids of the others."""

    path: Path
    unit: str
    bad: dict[int, Kind] = field(default_factory=dict)
    odd: Counter[str] = field(default_factory=Counter)
    good: list[str] = field(default_factory=list)

    def add(self, kind: Kind | None, identity: str, positions: Sequence[int]) -> None:
        """A record stands there; ``kind`` is None of a common one."""
        if kind is not None and kind.reason:
            self.bad.update(dict.fromkeys(positions, kind))
            return
        self.good.append(identity)
        if kind is not None:
            self.odd[kind.name] += 1

    def faults(self, rejects: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> Iterator[str]:
        """What is not as it must be, in the rows of the rejects and the ids of the output."""
        found = {row["position"]: row for row in rejects}
        if len(found) != len(rejects):
            yield f"{len(rejects)} rejects at {len(found)} positions"
        for position in sorted(self.bad.keys() - found.keys()):
            yield f"{self.unit} {position} ({self.bad[position].name}) was not rejected"
        for position in sorted(found.keys() - self.bad.keys(), key=str):
            yield f"{self.unit} {position} was rejected, but is good: {found[position]['reason']}"
        for position in sorted(self.bad.keys() & found.keys()):
            yield from self._unlike(position, found[position])
        if list(ids) != self.good:
            yield _first_difference(self.good, ids)

    def _unlike(self, position: int, row: Mapping[str, Any]) -> Iterator[str]:
        kind, where = self.bad[position], f"{self.unit} {position}"
        if (row["source"], row["unit"]) != (str(self.path), self.unit):
            yield f"{where} is said to be {row['unit']} {position} of {row['source']}"
        if not re.search(kind.reason, row["reason"]):
            yield f"{where} ({kind.name}) has another reason: {row['reason']}"
        if not row["fix"]:
            yield f"{where} ({kind.name}) has no fix"

    def table(self, rejects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
        """Kind, count, and a reason that was given."""
        said = {row["position"]: row["reason"] for row in rejects}
        counts = Counter(kind.name for kind in self.bad.values())
        for name, count in counts.items():
            reasons = (said.get(at, "") for at, kind in self.bad.items() if kind.name == name)
            yield name, str(count), next(filter(None, reasons), "none").replace("|", "\\|")
        for name, count in self.odd.items():
            yield name, str(count), "(odd, but good)"


def _first_difference(good: Sequence[str], ids: Sequence[str]) -> str:
    both = zip(good, ids, strict=False)
    at = next((n for n, (one, other) in enumerate(both) if one != other), min(len(good), len(ids)))
    here = ids[at] if at < len(ids) else "nothing"
    return f"{len(ids)} results, not {len(good)}; the first that differs is {here}, number {at}"


def plan(count: int, kinds: Sequence[Kind], odd: Sequence[Kind], seed: int = 0) -> dict[int, Kind]:
    """Which records are bad, one in a hundred, and which are odd, one in two hundred."""
    draw = random.Random(seed)  # noqa: S311 - places, no secrets
    wanted = [*_in_turn(kinds, count // 100), *_in_turn(odd, count // 200)]
    return dict(zip(draw.sample(range(1, count), len(wanted)), wanted, strict=True))


def _in_turn(kinds: Sequence[Kind], count: int) -> list[Kind]:
    """So many kinds, each as often as the others or as often as it may be."""
    found: list[Kind] = []
    turn = 0
    while len(found) < count:
        found += [kind for kind in kinds if turn < kind.most]
        turn += 1
    return found[:count]
