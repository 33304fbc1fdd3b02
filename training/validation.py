"""Cross-validation: every article judged by a model that has not seen it or its near-duplicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import joblib
import numpy as np

from labels.corpus import Corpus
from labels.folds import stratified_folds
from labels.scheme import Scheme
from models.calibration import Calibration
from models.decision import Rule, decide
from training.calibrate import fit_calibration
from training.counts import Counts, Matrix, Rows
from training.linear import Bools, Floats, Linear, fit_linear, trained_labels
from training.recipe import Recipe
from training.thresholds import fit_rule

Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A corpus as arrays: what validation needs, and cheap to send to other processes.

    ``targets`` has shape (n, outputs), ``known`` shape (n, groups), ``clusters`` shape (n,).
    """

    scheme: Scheme
    recipe: Recipe
    counts: Counts
    targets: Bools
    known: Bools
    clusters: Rows


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """The last steps of a model, learnt out of fold; keyed by group id."""

    calibrations: Mapping[str, Calibration]
    rules: Mapping[str, Rule]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one partition says of the articles it judged.

    ``likely`` and ``given`` have shape (n, outputs), ``review`` shape (n, groups); rows that
    were not judged hold NaN and False.
    """

    likely: Floats
    given: Bools
    review: Bools


def pose(corpus: Corpus, counts: Counts, recipe: Recipe) -> Problem:
    """The corpus as arrays."""
    known = np.column_stack([corpus.known(group) for group in corpus.scheme.groups])
    return Problem(
        scheme=corpus.scheme,
        recipe=recipe,
        counts=counts,
        targets=corpus.strata,
        known=known,
        clusters=corpus.clusters,
    )


def out_of_fold(
    problem: Problem, rows: Rows, seed: int, features: Mapping[str, Matrix] | None = None
) -> Floats:
    """Linear scores of ``rows``, shape (n, outputs), each by a model of the other folds.

    NaN stands where that model had too few articles to learn the label: it says nothing of how
    the label scores. Given ``features`` serve every fold: those of all ``rows`` know no labels,
    and stand in only inside training rows, to calibrate. Otherwise each fold makes its own.
    """
    scores = np.full(problem.targets.shape, np.nan)
    fold = _folds(problem, rows, seed)
    for part in np.unique(fold):
        train, test = rows[fold != part], rows[fold == part]
        own = features or _features(problem, train)
        for at, group in enumerate(problem.scheme.groups):
            columns = problem.scheme.columns(group)
            linear = _fit(problem, at, own, train)
            found = linear.scores(own[group.kind][test])
            scores[test, columns] = np.where(linear.trained, found, np.nan)
    return scores


def learn_deciding(problem: Problem, rows: Rows, scores: Floats) -> Deciding:
    """Calibration and thresholds of every group from out-of-fold scores of ``rows``."""
    calibrations, rules = {}, {}
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        mine = rows[problem.known[rows, at]]
        targets, own = problem.targets[mine, columns], scores[mine, columns]
        trained = trained_labels(group, targets) & _judged(targets, own)
        calibrations[group.id] = fit_calibration(group, own, targets, trained)
        rules[group.id] = fit_rule(group, calibrations[group.id], own, targets, problem.recipe)
    return Deciding(calibrations=calibrations, rules=rules)


def _judged(targets: Bools, scores: Floats) -> Bools:
    """Which labels have an out-of-fold score of an article with and of one without them.

    Without both, nothing is known of how surely they are told apart.
    """
    seen = np.isfinite(scores)
    return np.asarray((seen & targets).any(axis=0) & (seen & ~targets).any(axis=0))


def judge(
    problem: Problem, evaluated: Rows, seeds: Sequence[int], jobs: int, progress: Progress
) -> list[Judged]:
    """Judge the ``evaluated`` rows once for each seed, nested.

    Each fold of them is judged by a model of all other rows; its weights, calibration and
    thresholds are learnt without the fold. Rows that are not evaluated are only trained on.
    """
    tasks = [
        (seed, evaluated[part])
        for seed in seeds
        for part in _parts(_folds(problem, evaluated, seed))
    ]
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
    results = parallel(joblib.delayed(_judge_fold)(problem, test, seed) for seed, test in tasks)
    judged = {seed: _nothing(problem) for seed in seeds}
    for done, ((seed, test), part) in enumerate(zip(tasks, results, strict=True), start=1):
        judged[seed].likely[test] = part.likely
        judged[seed].given[test] = part.given
        judged[seed].review[test] = part.review
        progress(done, len(tasks))
    return list(judged.values())


def _folds(problem: Problem, rows: Rows, seed: int) -> Rows:
    clusters = problem.clusters[rows]
    return stratified_folds(problem.targets[rows], clusters, problem.recipe.folds, seed)


def _parts(fold: Rows) -> list[Rows]:
    return [np.flatnonzero(fold == part) for part in np.unique(fold)]


def _nothing(problem: Problem) -> Judged:
    return Judged(
        likely=np.full(problem.targets.shape, np.nan),
        given=np.zeros(problem.targets.shape, bool),
        review=np.zeros(problem.known.shape, bool),
    )


def _features(problem: Problem, train: Rows) -> dict[str, Matrix]:
    """Features of all rows, by the kind of group that reads them."""
    kinds = {group.kind: group for group in problem.scheme.groups}
    return {
        kind: problem.counts.features(problem.recipe.blocks_of(group), train)
        for kind, group in kinds.items()
    }


def _fit(problem: Problem, at: int, features: Mapping[str, Matrix], train: Rows) -> Linear:
    group = problem.scheme.groups[at]
    rows = train[problem.known[train, at]]
    targets = problem.targets[rows, problem.scheme.columns(group)]
    return fit_linear(group, features[group.kind][rows], targets, problem.recipe)


def _judge_fold(problem: Problem, test: Rows, seed: int) -> Judged:
    """One fold; the arrays have the rows of ``test`` only."""
    apart = ~np.isin(problem.clusters, problem.clusters[test])
    train = np.flatnonzero(apart)
    features = _features(problem, train)
    deciding = learn_deciding(problem, train, out_of_fold(problem, train, seed, features))
    likely = np.zeros((len(test), problem.targets.shape[1]))
    given = np.zeros(likely.shape, bool)
    review = np.zeros((len(test), len(problem.scheme.groups)), bool)
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        scores = _fit(problem, at, features, train).scores(features[group.kind][test])
        likely[:, columns] = deciding.calibrations[group.id](scores)
        for row in range(len(test)):
            choice = decide(group, deciding.rules[group.id], likely[row, columns])
            given[row, columns.start + np.array(choice.given, int)] = True
            review[row, at] = bool(choice.reasons)
    return Judged(likely=likely, given=given, review=review)
