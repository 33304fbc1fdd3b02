"""How often a comparison cries wolf, and how often it sees a wolf that is there.

    python -m benchmarks.verdicts

Pairs of versions are simulated that label articles of the shipped scheme: equally good ones
(what is shown to differ then is a false alarm), and pairs whose second is worse in one label by
ten points of F1 or of recall (how often that is seen is the power). The two err on the same
articles in part, as versions do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from labels.scheme import shipped_scheme
from training.comparing import compare_sides
from training.comparison import Comparison
from training.sides import Given, Sides
from training.simultaneous import Answers, Difference, swapped

Bools = npt.NDArray[np.bool_]
Figure = Literal["f1", "recall"]

PAIRS = 200
FIGURES: tuple[Figure, ...] = ("f1", "recall")
_TYPES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What is simulated.

    ``right`` is how often a decision is right, ``alike`` how often two versions decide by the
    same die, ``shares`` those of the labels: four types, which add up to 1, and four domains.
    """

    articles: int = 400
    right: float = 0.88
    alike: float = 0.7
    shares: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25, 0.4, 0.15, 0.25, 0.15)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What two versions gave to the same articles; all three have shape (n, labels)."""

    first: Bools
    second: Bools
    gold: Bools

    def compared(self) -> Comparison:
        scheme = shipped_scheme()
        gold, first, second = (_names(one) for one in (self.gold, self.first, self.second))
        nobody = np.zeros((len(gold), len(scheme.groups)), bool)
        return compare_sides(
            Sides(
                versions=("first", "second"),
                scheme=scheme,
                ids=tuple(str(at) for at in range(len(gold))),
                source="given",
                sources=("given", "given"),
                gold=tuple(
                    {group.id: names for group, names in zip(scheme.groups, row, strict=True)}
                    for row in gold
                ),
                given=(first, second),
                reviewed=(nobody, nobody),
                judged=~nobody,
                clusters=np.arange(len(gold)),
            )
        )

    def differences(self) -> list[Difference]:
        """Those of ``compared`` by label, then by group, without names, which take its time."""
        scheme = shipped_scheme()
        answers = Answers(
            first=self.first,
            second=self.second,
            gold=self.gold,
            weights=np.ones(self.gold.shape),
            clusters=np.arange(len(self.gold)),
            groups=tuple(scheme.columns(group) for group in scheme.groups),
        )
        return swapped(answers).simultaneous()

    def alarms(self) -> bool:
        """Whether some label or group is shown to differ."""
        return any(one.shown for one in self.differences())

    def shows_worse(self, label: int) -> bool:
        """Whether that label is shown worse."""
        found = self.differences()[label]
        return found.shown and found.value < 0


def equal_pair(world: World, random: np.random.Generator) -> Pair:
    """Two versions that are equally good."""
    gold = _gold(world, random)
    common, own, others = (random.random((3, *gold.shape)) for _ in range(3))
    alike = random.random(gold.shape) < world.alike
    alike[:, :_TYPES] = alike[:, :1]  # a type is one decision
    first, second = (_answers(world, gold, np.where(alike, common, d)) for d in (own, others))
    return Pair(first=first, second=second, gold=gold)


def worse_in(
    pair: Pair, label: int, points: float, figure: Figure, random: np.random.Generator
) -> Pair:
    """The same pair with the second version so much worse in one label."""
    second = pair.second.copy()
    hits = random.permutation(np.flatnonzero(second[:, label] & pair.gold[:, label]))
    aim = _figure(second, pair.gold, label, figure) - points
    for row in hits.tolist():
        if _figure(second, pair.gold, label, figure) <= aim:
            break
        second[row, label] = False
        if label < _TYPES:
            second[row, (label + random.integers(1, _TYPES)) % _TYPES] = True
    return replace(pair, second=second)


def _gold(world: World, random: np.random.Generator) -> Bools:
    gold = random.random((world.articles, len(world.shares))) < world.shares
    types = random.choice(_TYPES, world.articles, p=world.shares[:_TYPES])
    gold[:, :_TYPES] = np.arange(_TYPES) == types[:, None]
    return np.asarray(gold)


def _answers(world: World, gold: Bools, dice: npt.NDArray[np.float64]) -> Bools:
    """As many false alarms of a domain as misses, about; a wrong type is any of the others."""
    shares = np.array(world.shares)
    alarms = (1 - world.right) * shares / (1 - shares)
    given = np.where(gold, dice[0] < world.right, dice[0] < alarms)
    types = gold[:, :_TYPES].argmax(axis=1)
    other = (types + 1 + (dice[1, :, 0] * (_TYPES - 1)).astype(int)) % _TYPES
    chosen = np.where(dice[0, :, 0] < world.right, types, other)
    given[:, :_TYPES] = np.arange(_TYPES) == chosen[:, None]
    return np.asarray(given)


def _figure(given: Bools, gold: Bools, label: int, figure: Figure) -> float:
    hits = (given & gold)[:, label].sum()
    positives = gold[:, label].sum()
    return float(
        hits / positives
        if figure == "recall"
        else 2 * hits / max(positives + given[:, label].sum(), 1)
    )


def _names(given: Bools) -> tuple[Given, ...]:
    scheme = shipped_scheme()
    parts = [(group.ids, scheme.columns(group)) for group in scheme.groups]
    return tuple(
        tuple(
            frozenset(name for name, has in zip(ids, row[columns], strict=True) if has)
            for ids, columns in parts
        )
        for row in given.tolist()
    )


def false_alarms(world: World, random: np.random.Generator, pairs: int = PAIRS) -> int:
    """How many of so many equal pairs are shown to differ."""
    return sum(equal_pair(world, random).alarms() for _ in range(pairs))


def power(
    world: World, label: int, figure: Figure, random: np.random.Generator, pairs: int = PAIRS
) -> float:
    """The share of pairs in which a drop of ten points in that label is shown."""
    worse = (worse_in(equal_pair(world, random), label, 0.1, figure, random) for _ in range(pairs))
    return sum(pair.shows_worse(label) for pair in worse) / pairs


_WORLDS = ((0.85, 0.5), (0.88, 0.7), (0.95, 0.9))
_LABELS = ((0, "type of 25%"), (4, "domain of 40%"), (6, "domain of 25%"), (5, "domain of 15%"))


def main() -> None:
    random = np.random.default_rng(20261130)
    print(f"false alarms of {PAIRS} equal pairs (family-wise 95 %: about {PAIRS // 20})")
    for articles in (20, 40, 100, 400):
        for right, alike in _WORLDS:
            world = World(articles=articles, right=right, alike=alike)
            count = false_alarms(world, random)
            print(f"  {articles:4} articles, right {right}, alike {alike}: {count:3}")
    print(f"a drop of 10 points in one label of 400 articles, in how many of {PAIRS} it is shown")
    for right, alike in _WORLDS:
        for label, named in _LABELS:
            for figure in FIGURES:
                found = power(World(right=right, alike=alike), label, figure, random)
                print(f"  {named}, {figure}, right {right}, alike {alike}: {found:.0%}")


if __name__ == "__main__":
    main()
