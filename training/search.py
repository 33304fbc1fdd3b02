"""A recipe search: many learners tried on the same folds, the best of them taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement

import joblib
import numpy as np

from labels.scheme import Group, Kind
from training.calibrate import Evidence, fit_calibration
from training.candidates import candidates
from training.choice import Found, Mark, Outcome, Standing, choose, share_of_given
from training.counts import Matrix, Rows
from training.linear import Bools, Floats
from training.paired import macro_f1, micro_f1
from training.problem import Problem
from training.recipe import Learner
from training.validation import Progress, theme_folds

_LEAST = 1e-12  # instead of a probability of 0

# What a learner scored: by the two folds that its training left out, the scores of the second.
_Scores = dict[tuple[int, int], Floats]
# A kind of group, learners of the same features, folds, and whether they are the starter's themes.
_Task = tuple[Kind, Sequence[Learner], Sequence[Rows], bool]


def search(
    problem: Problem, parted: Sequence[Sequence[Rows]], jobs: int, progress: Progress
) -> Found:
    """Try every candidate on ``parted``, and choose one for each kind of group.

    The folds stand in for new articles twice. For the recipe that is returned, each fold is
    scored by models of all others. For the recipes of single folds, a fold is left out of
    everything, and each other fold is scored by models of the rest: what is chosen so has not
    seen the fold, and can be judged on it.

    The best has the greatest F1 - log loss: few articles share many an F1, and log loss tells
    apart what F1 cannot. Some tens of given articles alone would choose by chance, so starter
    articles have a say, by leaving out their themes; a given one weighs as many as
    ``Recipe.trust``.
    """
    themes = [] if problem.given.all() else [theme_folds(problem)]
    kinds = dict.fromkeys(group.kind for group in problem.scheme.groups)
    tasks = [
        (kind, alike, folds, beside)
        for kind in kinds
        for alike in _alike(candidates(kind, problem.mixed))
        for beside, some in ((False, parted), (True, themes))
        for folds in some
    ]
    outcomes = _outcomes(problem, tasks, jobs, progress)
    tried = {
        kind: {
            learner: Standing(
                own=outcomes[kind, learner][: len(parted)],
                themes=outcomes[kind, learner][-1] if themes else None,
                share=share_of_given(problem, kind),
            )
            for learner in candidates(kind, problem.mixed)
        }
        for kind in kinds
    }
    return choose(problem.recipe, tried, [len(folds) for folds in parted])


def _outcomes(
    problem: Problem, tasks: Sequence[_Task], jobs: int, progress: Progress
) -> dict[tuple[Kind, Learner], list[Outcome]]:
    """What each learner of the tasks did, in their order."""
    parallel = joblib.Parallel(n_jobs=1 if problem.large else jobs, return_as="generator")
    results = parallel(joblib.delayed(_try)(problem, *task) for task in tasks)
    outcomes: dict[tuple[Kind, Learner], list[Outcome]] = {}
    for done, ((kind, alike, *_), found) in enumerate(zip(tasks, results, strict=True), start=1):
        for learner, outcome in zip(alike, found, strict=True):
            outcomes.setdefault((kind, learner), []).append(outcome)
        progress(done, len(tasks))
    return outcomes


def _alike(learners: Sequence[Learner]) -> Iterator[list[Learner]]:
    """Learners of the same features together, which are made once for all of them."""
    for blocks in dict.fromkeys(learner.blocks for learner in learners):
        yield [learner for learner in learners if learner.blocks == blocks]


def _try(
    problem: Problem, kind: Kind, alike: Sequence[Learner], folds: Sequence[Rows], beside: bool
) -> list[Outcome]:
    """Every learner of the same features, in one partition.

    With ``beside`` the folds are the starter's themes, and given articles are left out. Where
    there are such, the themes are not judged and need no outcome without each of them.
    """
    usable = ~problem.given if beside else np.full(len(problem.known), True)
    numbers = range(len(folds))
    pairs = list(combinations_with_replacement(numbers, 2))
    nested = not (beside and problem.mixed)
    if not nested:
        pairs = [(number, number) for number in numbers]
    groups = [at for at, group in enumerate(problem.scheme.groups) if group.kind == kind]
    scores: list[dict[int, _Scores]] = [{at: {} for at in groups} for _ in alike]
    for pair in pairs:
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
        _outcome(problem, learner, own, folds, nested)
        for learner, own in zip(alike, scores, strict=True)
    ]


def _outcome(
    problem: Problem,
    learner: Learner,
    scores: Mapping[int, _Scores],
    folds: Sequence[Rows],
    nested: bool,
) -> Outcome:
    numbers = range(len(folds))

    def over(parts: Mapping[int, int]) -> Mark | None:
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
            if any(len(targets) for _, targets in each):
                found.append(_measure(group, learner, each))
        if not found:
            return None
        return Mark(
            loss=float(np.mean([one.loss for one in found])),
            f1=float(np.mean([one.f1 for one in found])),
        )

    return Outcome(
        whole=over({one: one for one in numbers}),
        without=[
            over({other: one for other in numbers if other != one})
            for one in (numbers if nested else ())
        ],
    )


def _measure(group: Group, learner: Learner, parts: Sequence[tuple[Floats, Bools]]) -> Mark:
    """Log loss and F1 of probabilities, each part calibrated by the others."""
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
    return Mark(loss=_log_loss(group, found, gold), f1=_f1(group, found, gold))


def _log_loss(group: Group, likely: Floats, gold: Bools) -> float:
    """Per article where exclusive, else the sum over labels."""
    if group.exclusive:
        return float(-np.log(likely[gold]).sum() / max(len(gold), 1))
    return float(-np.log(np.where(gold, likely, 1 - likely)).sum() / max(len(gold), 1))


def _f1(group: Group, likely: Floats, gold: Bools) -> float:
    if not group.exclusive:
        return micro_f1(likely >= 0.5, gold)
    return macro_f1(np.arange(likely.shape[1]) == likely.argmax(axis=1)[:, None], gold)
