"""Cross-validation: every article judged by a model that has not seen it or its near-duplicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import joblib
import numpy as np

from labels.folds import stratified_folds
from models.decision import decide, trained_outputs
from training.counts import Matrix, Rows
from training.deciding import learn_deciding, probabilities, promised
from training.linear import Bools, Floats
from training.problem import Problem
from training.recipe import Recipe

Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one partition says of the articles it judged.

    ``likely``, ``given`` and ``learnt`` have shape (n, outputs), ``review`` shape (n, groups);
    rows that were not judged hold NaN and False. Review is for uncertainty: that a fold had too
    few articles to learn a label says nothing of the model of all of them. ``learnt`` says
    where it had enough; elsewhere the label has probability 0, and is missed.
    """

    likely: Floats
    given: Bools
    review: Bools
    learnt: Bools


def out_of_fold(
    problem: Problem, rows: Rows, seed: int, features: Mapping[str, Matrix] | None = None
) -> Floats:
    """Linear scores of ``rows``, shape (n, outputs), each by a model of the other folds.

    NaN stands where that model had too few articles to learn the label: it says nothing of how
    the label scores. Given ``features`` serve every fold: those of all ``rows`` know no labels,
    and stand in only inside training rows, to calibrate. Otherwise each fold makes its own.
    """
    scores = np.full(problem.targets.shape, np.nan)
    fold = _folds(problem, rows, problem.kin, seed)
    for part in np.unique(fold):
        train, test = rows[fold != part], rows[fold == part]
        scores[test] = _scores(problem, train, test, features)
    return scores


def _scores(
    problem: Problem, train: Rows, test: Rows, features: Mapping[str, Matrix] | None
) -> Floats:
    """The scores of ``test``, shape (test, outputs), by a model of ``train``.

    Features that it makes itself, which can be gigabytes, are let go before the next fold.
    """
    found = []
    own = features or problem.features(train)
    for at, group in enumerate(problem.scheme.groups):
        linear = problem.fit(at, own, train)
        found.append(np.where(linear.trained, linear.scores(own[group.kind][test]), np.nan))
    return np.hstack(found)


def partitions(
    problem: Problem, evaluated: Rows, seeds: Sequence[int], together: Rows | None = None
) -> list[list[Rows]]:
    """The evaluated rows in folds, once for each seed.

    Near-duplicates share a fold, or whatever has an equal number in ``together``, shape (n,).
    """
    apart = problem.clusters if together is None else together
    folds = [_folds(problem, evaluated, apart, seed) for seed in seeds]
    return [[evaluated[np.flatnonzero(fold == part)] for part in np.unique(fold)] for fold in folds]


def theme_folds(problem: Problem) -> list[Rows]:
    """The starter articles in folds, of which each holds whole themes."""
    starter = np.flatnonzero(~problem.given)
    (folds,) = partitions(problem, starter, [problem.recipe.seed], problem.kin)
    return folds


def judge(
    problem: Problem,
    parted: Sequence[Sequence[Rows]],
    jobs: int,
    progress: Progress,
    recipes: Mapping[tuple[int, int], Recipe] | None = None,
) -> list[Judged]:
    """Judge the rows of each partition, nested.

    Each fold is judged by a model of all other rows; its weights, calibration and thresholds are
    learnt without the fold. Rows that stand in no fold are only trained on. ``recipes`` by
    partition and fold, where a search has chosen them without the fold, replace the problem's.
    ``jobs`` processes judge a fold each, unless the problem is large.
    """
    tasks = [(at, number) for at, folds in enumerate(parted) for number in range(len(folds))]
    parallel = joblib.Parallel(n_jobs=1 if problem.large else jobs, return_as="generator")
    results = parallel(
        joblib.delayed(_judge_fold)(
            replace(problem, recipe=(recipes or {}).get((at, number), problem.recipe)),
            parted[at][number],
            problem.recipe.seed + at,
        )
        for at, number in tasks
    )
    judged = [_nothing(problem) for _ in parted]
    for done, ((at, number), part) in enumerate(zip(tasks, results, strict=True), start=1):
        test = parted[at][number]
        judged[at].likely[test] = part.likely
        judged[at].given[test] = part.given
        judged[at].review[test] = part.review
        judged[at].learnt[test] = part.learnt
        progress(done, len(tasks))
    return judged


def _folds(problem: Problem, rows: Rows, together: Rows, seed: int) -> Rows:
    return stratified_folds(_strata(problem, rows), together[rows], problem.recipe.folds, seed)


def _strata(problem: Problem, rows: Rows) -> Bools:
    """What is dealt evenly, shape (rows, strata): each label, and to lack it where that is rarer.

    Only articles whose labels are known lack one.
    """
    found = [problem.targets[rows]]
    for at, group in enumerate(problem.scheme.groups):
        if not group.exclusive:
            having = problem.targets[rows, problem.scheme.columns(group)]
            lacking = problem.known[rows, at][:, None] & ~having
            found.append(lacking[:, lacking.sum(axis=0) < having.sum(axis=0)])
    return np.hstack(found)


def _nothing(problem: Problem) -> Judged:
    return Judged(
        likely=np.full(problem.targets.shape, np.nan),
        given=np.zeros(problem.targets.shape, bool),
        review=np.zeros(problem.known.shape, bool),
        learnt=np.zeros(problem.targets.shape, bool),
    )


def _judge_fold(problem: Problem, test: Rows, seed: int) -> Judged:
    """One fold; the arrays have the rows of ``test`` only."""
    apart = ~np.isin(problem.clusters, problem.clusters[test])
    train = np.flatnonzero(apart)
    features = problem.features(train)
    scores = out_of_fold(problem, train, seed, features)
    deciding = learn_deciding(problem, train, scores)
    deciding = promised(problem, deciding, train, probabilities(problem, deciding, scores))
    groups = problem.scheme.groups
    scores = np.hstack(
        [
            problem.fit(at, features, train).scores(features[group.kind][test])
            for at, group in enumerate(groups)
        ]
    )
    likely = probabilities(problem, deciding, scores)
    learnt = np.tile(trained_outputs(problem.scheme, deciding.rules), (len(test), 1))
    given = np.zeros(likely.shape, bool)
    review = np.zeros((len(test), len(groups)), bool)
    for at, group in enumerate(groups):
        columns = problem.scheme.columns(group)
        for row in range(len(test)):
            choice = decide(group, deciding.rules[group.id], likely[row, columns].tolist())
            given[row, columns.start + np.array(choice.given, int)] = True
            review[row, at] = any(reason.startswith("uncertain:") for reason in choice.reasons)
    return Judged(likely=likely, given=given, review=review, learnt=learnt)
