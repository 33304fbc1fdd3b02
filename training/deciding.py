"""Deciding: the last steps of a model, learnt from scores of articles that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.calibration import Calibration
from models.decision import Rule
from training.abstention import Promises, promise
from training.calibrate import Evidence, fit_calibration
from training.counts import Rows
from training.linear import LEAST_CALIBRATED, LEAST_MEASURED, Bools, Floats, labels_of
from training.problem import Problem
from training.thresholds import fit_rule


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """Calibrations, rules and promises, keyed by group id.

    ``promises`` is empty where the recipe asks for no precision.
    """

    calibrations: Mapping[str, Calibration]
    rules: Mapping[str, Rule]
    promises: Mapping[str, Promises]


def learn_deciding(problem: Problem, rows: Rows, scores: Floats) -> Deciding:
    """Calibration and thresholds of every group from out-of-fold scores of ``rows``.

    A label is untrained where too few of ``rows`` have or lack it; also where too few of all do,
    so that a fold never does what the model of all articles will not.
    """
    calibrations: dict[str, Calibration] = {}
    rules: dict[str, Rule] = {}
    recipe = problem.recipe
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        mine = rows[problem.known[rows, at]]
        evidence = Evidence(
            scores=scores[mine, columns],
            targets=problem.targets[mine, columns],
            weights=problem.weights(mine, recipe.trust),
        )
        trained = (
            _judged(evidence)
            & _enough(problem, at, mine, LEAST_CALIBRATED)
            & _enough(problem, at, np.flatnonzero(problem.known[:, at]), LEAST_MEASURED)
        )
        kind = recipe.learner_of(group).calibration
        calibration = fit_calibration(group, evidence, trained, kind)
        calibrations[group.id] = calibration
        rules[group.id] = fit_rule(group, calibration, evidence, recipe)
    return Deciding(calibrations=calibrations, rules=rules, promises={})


def probabilities(problem: Problem, deciding: Deciding, scores: Floats) -> Floats:
    """Calibrated ``scores``, both of shape (n, outputs)."""
    groups = problem.scheme.groups
    return np.hstack(
        [deciding.calibrations[g.id](scores[:, problem.scheme.columns(g)]) for g in groups]
    )


def promised(problem: Problem, deciding: Deciding, rows: Rows, likely: Floats) -> Deciding:
    """The same, with labels passing unseen only where the recipe's precision can be promised.

    ``likely`` are probabilities of shape (n, outputs); those of ``rows`` carry the promise, and
    so must come from models that saw nothing of them. That of a calibration that did, as in the
    folds of an evaluation, is forgiven: the evaluation measures what comes of it.
    """
    precision = problem.recipe.precision
    if precision is None:
        return deciding
    # A promise speaks of the articles that it was measured on: never of invented ones where
    # there are real ones, even where those say nothing of a group.
    of_given = bool(problem.given.any())
    rules, promises = {}, {}
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        mine = rows[problem.known[rows, at] & (problem.given[rows] == of_given)]
        rule = deciding.rules[group.id]
        targets, clusters = problem.targets[mine, columns], problem.clusters[mine]
        rules[group.id], held = promise(
            group, rule, likely[mine, columns], targets, clusters, precision
        )
        promises[group.id] = Promises(
            source="given" if of_given else "starter",
            articles=len(mine),
            distinct=len(np.unique(clusters)),
            labels=held,
        )
    return replace(deciding, rules=rules, promises=promises)


def _enough(problem: Problem, at: int, rows: Rows, least: int) -> Bools:
    """Which labels of group number ``at`` have articles enough among rows that are known in it."""
    group = problem.scheme.groups[at]
    targets = problem.targets[rows, problem.scheme.columns(group)]
    return labels_of(group, targets, problem.clusters[rows], least)


def _judged(evidence: Evidence) -> Bools:
    """Which labels have an out-of-fold score of an article with and of one without them.

    Without both, nothing is known of how surely they are told apart.
    """
    seen = np.isfinite(evidence.scores)
    with_it, without = seen & evidence.targets, seen & ~evidence.targets
    return np.asarray(with_it.any(axis=0) & without.any(axis=0))
