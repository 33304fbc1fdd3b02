"""A recipe search: many learners tried on the same folds, the best of them taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations_with_replacement

import joblib
import numpy as np

from labels.scheme import Group, Kind
from training.calibrate import Evidence, fit_calibration
from training.candidates import candidates
from training.counts import Matrix, Rows
from training.linear import Bools, Floats
from training.paired import macro_f1, micro_f1
from training.recipe import Learner, Recipe
from training.validation import Problem, Progress, partitions

_LEAST = 1e-12  # instead of a probability of 0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one learner did, over all partitions.

    ``f1`` is macro-F1 where exclusive, else micro-F1 at probability 0.5; ``loss`` the log loss
    of calibrated probabilities. ``starter_f1`` and ``starter_loss`` are those on starter
    articles of themes left out, where given ones were tried beside them. ``chosen`` is the
    share of outer folds for which the learner was taken without a look at the fold.
    """

    kind: Kind
    learner: Learner
    f1: float
    loss: float
    starter_f1: float | None
    starter_loss: float | None
    chosen: float
    best: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Found:
    """``recipe`` is the best of all; ``recipes`` by partition and fold that found without it."""

    recipe: Recipe
    recipes: Mapping[tuple[int, int], Recipe]
    trials: Sequence[Trial]


# Loss and F1 of a learner in one partition: without each of its folds, and of all of them.
_Pair = tuple[float, float]
_Outcome = tuple[list[_Pair], _Pair]
# What a learner scored: by the two folds that its training left out, the scores of the second.
_Scores = dict[tuple[int, int], Floats]


def search(
    problem: Problem, parted: Sequence[Sequence[Rows]], jobs: int, progress: Progress
) -> Found:
    """Try every candidate on ``parted``, and choose one for each kind of group.

    The folds stand in for new articles twice. For the recipe that is returned, each fold is
    scored by models of all others. For ``recipes``, a fold is left out of everything, and each
    other fold is scored by models of the rest: what is chosen so has not seen the fold, and can
    be judged on it.

    The best has the greatest F1 - log loss: few articles share many an F1, and log loss tells
    apart what F1 cannot. Some tens of given articles alone would choose by chance, so starter
    articles have a say, by leave-one-theme-out; a given one weighs as many as ``Recipe.trust``.
    """
    mixed = bool(problem.given.any() and not problem.given.all())
    kinds = dict.fromkeys(group.kind for group in problem.scheme.groups)
    tried = {kind: candidates(kind, mixed) for kind in kinds}
    tasks = [
        (kind, alike, folds)
        for kind, learners in tried.items()
        for alike in _alike(learners)
        for folds in (*parted, *([None] if mixed else []))
    ]
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
    results = parallel(joblib.delayed(_try)(problem, *task) for task in tasks)
    outcomes: dict[tuple[Kind, Learner], list[_Outcome]] = {}
    for done, ((kind, alike, _), found) in enumerate(zip(tasks, results, strict=True), start=1):
        for learner, outcome in zip(alike, found, strict=True):
            outcomes.setdefault((kind, learner), []).append(outcome)
        progress(done, len(tasks))
    return _choose(problem, tried, outcomes, parted)


def _alike(learners: Sequence[Learner]) -> Iterator[list[Learner]]:
    """Learners of the same features together, which are made once for all of them."""
    for blocks in dict.fromkeys(learner.blocks for learner in learners):
        yield [learner for learner in learners if learner.blocks == blocks]


def _choose(
    problem: Problem,
    tried: Mapping[Kind, Sequence[Learner]],
    outcomes: Mapping[tuple[Kind, Learner], list[_Outcome]],
    parted: Sequence[Sequence[Rows]],
) -> Found:
    places = [(at, number) for at, folds in enumerate(parted) for number in range(len(folds))]
    recipe = problem.recipe
    recipes = dict.fromkeys(places, recipe)
    trials: list[Trial] = []
    for kind, learners in tried.items():
        each = [_Standing.of(problem, outcomes[kind, one], len(parted)) for one in learners]
        best = int(np.argmax([standing.worth(standing.whole) for standing in each]))
        recipe = recipe.having(kind, learners[best])
        taken = Counter[int]()
        for at, number in places:
            winner = int(np.argmax([one.worth(one.without[at][number]) for one in each]))
            taken[winner] += 1
            recipes[at, number] = recipes[at, number].having(kind, learners[winner])
        trials += [
            Trial(
                kind=kind,
                learner=learner,
                loss=one.whole[0],
                f1=one.whole[1],
                starter_loss=one.starter[0] if one.starter else None,
                starter_f1=one.starter[1] if one.starter else None,
                chosen=taken[at] / len(places),
                best=at == best,
            )
            for at, (learner, one) in enumerate(zip(learners, each, strict=True))
        ]
    return Found(recipe=recipe, recipes=recipes, trials=trials)


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """Loss and F1 of a learner: over all partitions, without each fold, on the starter's themes.

    ``share`` is how much the partitions weigh against the themes.
    """

    whole: _Pair
    without: list[list[_Pair]]
    starter: _Pair | None
    share: float

    @classmethod
    def of(cls, problem: Problem, outcomes: Sequence[_Outcome], partitions: int) -> _Standing:
        own, beside = outcomes[:partitions], outcomes[partitions:]
        given = problem.recipe.trust * float(problem.given.sum())
        starter = float((~problem.given).sum())
        loss, f1 = np.mean([whole for _, whole in own], axis=0).tolist()
        return cls(
            whole=(loss, f1),
            without=[folds for folds, _ in own],
            starter=beside[0][1] if beside else None,
            share=given / (given + starter) if beside else 1.0,
        )

    def worth(self, own: _Pair) -> float:
        mine = own[1] - own[0]
        if self.starter is None:
            return mine
        return self.share * mine + (1 - self.share) * (self.starter[1] - self.starter[0])


def _try(
    problem: Problem, kind: Kind, alike: Sequence[Learner], folds: Sequence[Rows] | None
) -> list[_Outcome]:
    """Every learner of the same features, in one partition; None are the starter's themes."""
    usable = np.full(len(problem.known), True)
    if folds is None:
        starter = np.flatnonzero(~problem.given)
        usable = ~problem.given
        (folds,) = partitions(problem, starter, [0], problem.kin)
    numbers = range(len(folds))
    groups = [at for at, group in enumerate(problem.scheme.groups) if group.kind == kind]
    scores: list[dict[int, _Scores]] = [{at: {} for at in groups} for _ in alike]
    for pair in combinations_with_replacement(numbers, 2):
        out = np.concatenate([folds[number] for number in dict.fromkeys(pair)])
        train = np.flatnonzero(usable & ~np.isin(problem.clusters, problem.clusters[out]))
        features: dict[str, Matrix] = {kind: problem.counts.features(alike[0].blocks, train)}
        for learner, own in zip(alike, scores, strict=True):
            candidate = replace(problem, recipe=problem.recipe.having(kind, learner))
            for at in groups:
                linear = candidate.fit(at, features, train)
                for one, other in {pair, pair[::-1]}:
                    own[at][one, other] = linear.scores(features[kind][folds[other]])
    return [
        _outcome(problem, learner, own, folds) for learner, own in zip(alike, scores, strict=True)
    ]


def _outcome(
    problem: Problem, learner: Learner, scores: Mapping[int, _Scores], folds: Sequence[Rows]
) -> _Outcome:
    numbers = range(len(folds))

    def over(parts: Mapping[int, int]) -> _Pair:
        """The mean over groups; ``parts`` maps a fold to the one left out beside it."""
        found = []
        for at, own in scores.items():
            group = problem.scheme.groups[at]
            each = []
            for number, beside in parts.items():
                rows = folds[number]
                known = problem.known[rows, at]
                targets = problem.targets[rows[known], problem.scheme.columns(group)]
                each.append((own[beside, number][known], targets))
            found.append(_measure(group, learner, each))
        loss, f1 = np.mean(found, axis=0)
        return float(loss), float(f1)

    without = [over({other: one for other in numbers if other != one}) for one in numbers]
    return without, over({one: one for one in numbers})


def _measure(
    group: Group, learner: Learner, parts: Sequence[tuple[Floats, Bools]]
) -> tuple[float, float]:
    """Log loss and F1 of probabilities, each part calibrated by the others.

    Without a part, as beside the only fold of a single article, all learners are alike.
    """
    if not parts:
        return 0.0, 0.0
    likely = []
    for at in range(len(parts)):
        others = [part for number, part in enumerate(parts) if number != at] or [parts[at]]
        scores, targets = (np.concatenate(side) for side in zip(*others, strict=True))
        evidence = Evidence(scores=scores, targets=targets, weights=np.ones(len(scores)))
        # Few articles choose here: a label that none of them has still counts by its scores.
        every = np.ones(len(group.ids), bool)
        calibration = fit_calibration(group, evidence, every, learner.calibration)
        likely.append(calibration(parts[at][0]))
    gold = np.concatenate([targets for _, targets in parts])
    found = np.clip(np.concatenate(likely), _LEAST, 1 - _LEAST)
    return _log_loss(group, found, gold), _f1(group, found, gold)


def _log_loss(group: Group, likely: Floats, gold: Bools) -> float:
    """Per article where exclusive, else the sum over labels."""
    if group.exclusive:
        return float(-np.log(likely[gold]).sum() / max(len(gold), 1))
    return float(-np.log(np.where(gold, likely, 1 - likely)).sum() / max(len(gold), 1))


def _f1(group: Group, likely: Floats, gold: Bools) -> float:
    if not group.exclusive:
        return micro_f1(likely >= 0.5, gold)
    return macro_f1(np.arange(likely.shape[1]) == likely.argmax(axis=1)[:, None], gold)
