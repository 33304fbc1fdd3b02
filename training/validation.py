"""Cross-validation: every article judged by a model that has not seen it or its near-duplicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import joblib
import numpy as np

from labels.corpus import Corpus
from labels.folds import stratified_folds
from labels.scheme import Scheme
from models.calibration import Calibration
from models.decision import Rule, decide
from training.abstention import Promise, promise
from training.calibrate import Evidence, fit_calibration
from training.counts import Counts, Matrix, Rows
from training.linear import Bools, Examples, Floats, Linear, fit_linear, trained_labels
from training.recipe import Recipe
from training.thresholds import fit_rule

Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A corpus as arrays: what validation needs, and cheap to send to other processes.

    ``targets`` has shape (n, outputs), ``known`` shape (n, groups). ``clusters`` of
    near-duplicates, ``kin`` and ``given`` have shape (n,); see ``Corpus``.
    """

    scheme: Scheme
    recipe: Recipe
    counts: Counts
    targets: Bools
    known: Bools
    clusters: Rows
    kin: Rows
    given: Bools

    def fit(self, at: int, features: Mapping[str, Matrix], train: Rows) -> Linear:
        """Learn group number ``at`` from those of the rows whose labels of it are known."""
        group = self.scheme.groups[at]
        rows = train[self.known[train, at]]
        learner = self.recipe.learner_of(group)
        examples = Examples(
            features=features[group.kind][rows],
            targets=self.targets[rows, self.scheme.columns(group)],
            weights=self.weights(rows, learner.given_weight),
        )
        return fit_linear(group, examples, learner, self.recipe.seed)

    def weights(self, rows: Rows, of_given: float) -> Floats:
        """What each row counts, shape (rows,); all the same where there is one source only."""
        mixed = bool(self.given.any() and not self.given.all())
        return np.where(self.given[rows] & mixed, of_given, 1.0)

    def features(self, train: Rows) -> dict[str, Matrix]:
        """Features of all rows, by the kind of group that reads them."""
        kinds = {group.kind: group for group in self.scheme.groups}
        return {
            kind: self.counts.features(self.recipe.learner_of(group).blocks, train)
            for kind, group in kinds.items()
        }


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """The last steps of a model, learnt out of fold; keyed by group id.

    ``promises`` is empty where the recipe asks for no precision.
    """

    calibrations: Mapping[str, Calibration]
    rules: Mapping[str, Rule]
    promises: Mapping[str, Sequence[Promise]]


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
        kin=corpus.kin,
        given=corpus.given,
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
    fold = _folds(problem, rows, problem.kin, seed)
    for part in np.unique(fold):
        train, test = rows[fold != part], rows[fold == part]
        own = features or problem.features(train)
        for at, group in enumerate(problem.scheme.groups):
            columns = problem.scheme.columns(group)
            linear = problem.fit(at, own, train)
            found = linear.scores(own[group.kind][test])
            scores[test, columns] = np.where(linear.trained, found, np.nan)
    return scores


def learn_deciding(problem: Problem, rows: Rows, scores: Floats) -> Deciding:
    """Calibration and thresholds of every group from out-of-fold scores of ``rows``."""
    calibrations, rules, promises = {}, {}, {}
    recipe = problem.recipe
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        mine = rows[problem.known[rows, at]]
        evidence = Evidence(
            scores=scores[mine, columns],
            targets=problem.targets[mine, columns],
            weights=problem.weights(mine, recipe.trust),
        )
        trained = trained_labels(group, evidence.targets) & _judged(evidence)
        kind = recipe.learner_of(group).calibration
        calibration = fit_calibration(group, evidence, trained, kind)
        rule = fit_rule(group, calibration, evidence, recipe)
        if recipe.precision is not None:
            # A promise speaks of the articles that it was measured on: never of invented ones
            # where real ones are at hand.
            real = problem.given[mine]
            spoken = evidence.of(np.flatnonzero(real)) if real.any() else evidence
            likely = calibration(spoken.scores)
            held = promise(group, rule, likely, spoken.targets, recipe.precision)
            rule, promises[group.id] = held
        calibrations[group.id], rules[group.id] = calibration, rule
    return Deciding(calibrations=calibrations, rules=rules, promises=promises)


def _judged(evidence: Evidence) -> Bools:
    """Which labels have an out-of-fold score of an article with and of one without them.

    Without both, nothing is known of how surely they are told apart.
    """
    seen = np.isfinite(evidence.scores)
    with_it, without = seen & evidence.targets, seen & ~evidence.targets
    return np.asarray(with_it.any(axis=0) & without.any(axis=0))


def partitions(
    problem: Problem, evaluated: Rows, seeds: Sequence[int], together: Rows | None = None
) -> list[list[Rows]]:
    """The evaluated rows in folds, once for each seed.

    Near-duplicates share a fold, or whatever has an equal number in ``together``, shape (n,).
    """
    apart = problem.clusters if together is None else together
    folds = [_folds(problem, evaluated, apart, seed) for seed in seeds]
    return [[evaluated[np.flatnonzero(fold == part)] for part in np.unique(fold)] for fold in folds]


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
    """
    tasks = [(at, number) for at, folds in enumerate(parted) for number in range(len(folds))]
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
    results = parallel(
        joblib.delayed(_judge_fold)(
            replace(problem, recipe=(recipes or {}).get((at, number), problem.recipe)),
            parted[at][number],
            at,
        )
        for at, number in tasks
    )
    judged = [_nothing(problem) for _ in parted]
    for done, ((at, number), part) in enumerate(zip(tasks, results, strict=True), start=1):
        test = parted[at][number]
        judged[at].likely[test] = part.likely
        judged[at].given[test] = part.given
        judged[at].review[test] = part.review
        progress(done, len(tasks))
    return judged


def _folds(problem: Problem, rows: Rows, together: Rows, seed: int) -> Rows:
    return stratified_folds(problem.targets[rows], together[rows], problem.recipe.folds, seed)


def _nothing(problem: Problem) -> Judged:
    return Judged(
        likely=np.full(problem.targets.shape, np.nan),
        given=np.zeros(problem.targets.shape, bool),
        review=np.zeros(problem.known.shape, bool),
    )


def _judge_fold(problem: Problem, test: Rows, seed: int) -> Judged:
    """One fold; the arrays have the rows of ``test`` only."""
    apart = ~np.isin(problem.clusters, problem.clusters[test])
    train = np.flatnonzero(apart)
    features = problem.features(train)
    deciding = learn_deciding(problem, train, out_of_fold(problem, train, seed, features))
    likely = np.zeros((len(test), problem.targets.shape[1]))
    given = np.zeros(likely.shape, bool)
    review = np.zeros((len(test), len(problem.scheme.groups)), bool)
    for at, group in enumerate(problem.scheme.groups):
        columns = problem.scheme.columns(group)
        scores = problem.fit(at, features, train).scores(features[group.kind][test])
        likely[:, columns] = deciding.calibrations[group.id](scores)
        for row in range(len(test)):
            choice = decide(group, deciding.rules[group.id], likely[row, columns])
            given[row, columns.start + np.array(choice.given, int)] = True
            review[row, at] = bool(choice.reasons)
    return Judged(likely=likely, given=given, review=review)
