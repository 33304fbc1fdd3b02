"""Learning curves: how well models do that were given fewer labelled articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import joblib
import numpy as np

from training.counts import Counts, Rows
from training.linear import Floats
from training.measures import counts_of_labels, f1_of, mean_f1
from training.problem import Problem
from training.recipe import Recipe
from training.sheets import Sheet, given

# Of the articles that there are to learn from: each step doubles them.
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
# Of a fold, clusters of articles that are judged: more would cost more than they tell.
_JUDGED = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """How models do that learnt a group from so many ``articles`` of the evaluated source.

    ``articles`` is a mean over folds, of those whose labels of the group are known. ``f1_macro``
    and ``f1_micro`` are of all folds together. ``f1_macro_error`` is the standard error of
    macro-F1, by the jackknife over folds (Efron and Stein 1981); None where one fold was judged.
    ``gain_error`` is that of the gain over the point before, fold by fold, so that what makes a
    fold hard for both is not counted; None for the first point as well.
    """

    articles: int
    f1_macro: float
    f1_micro: float
    f1_macro_error: float | None
    gain_error: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One fold judged at one size.

    ``learnt`` says how many articles each group was learnt from, shape (groups,); ``sheets``
    holds what was scored, group by group.
    """

    learnt: Rows
    sheets: list[Sheet]


def gain_phrase(points: Sequence[Point], source: str) -> str | None:
    """What the last step brought, and whether that is clear; None where there is no step.

    Clear is what two standard errors do not explain. Of starter articles it is not said: how
    fast they are learnt tells nothing of real posts.
    """
    if len(points) < 2:
        return None
    before, last = points[-2:]
    gain = last.f1_macro - before.f1_macro
    told = f"{before.articles:,} to {last.articles:,} articles brought {gain:+.3f} macro-F1"
    if last.gain_error is None:
        return told
    reach = 2 * last.gain_error
    told = f"{told} (± {reach:.3f})"
    if source == "starter":
        return told
    return f"{told}: {'labelling more pays' if gain > reach else 'no clear gain'}"


def learning_curves(  # noqa: PLR0913, PLR0917 - of what, judged on what, how far, and how
    problem: Problem,
    source: Rows,
    folds: Sequence[Rows],
    most: float,
    jobs: int,
    recipes: Mapping[tuple[int, int], Recipe] | None = None,
) -> dict[str, list[Point]]:
    """Points by group, from few articles to the share ``most`` of them all.

    Each fold of ``source`` is judged by models of nested random subsets of the rest of it, whole
    clusters of near-duplicates, with all articles of other sources beside; there the first
    subset is empty. To cost little, a model is fitted once, and of a fold 4,000 distinct articles
    are judged at most: there is neither calibration nor a threshold for each label. Scores give
    labels by themselves, see ``training.sheets``; where one fold is judged, the threshold of one
    half of it is that of the other. So the last point differs, mostly a little, from what the
    report says of the whole recipe. ``recipes`` by partition and fold, of the first partition,
    replace the problem's.
    """
    beside = len(source) < len(problem.targets)
    steps = _shares(problem, source, folds, most, beside)
    parallel = joblib.Parallel(n_jobs=1 if problem.large else jobs)
    found: list[list[_Step]] = parallel(
        joblib.delayed(_judge_fold)(
            replace(problem, recipe=(recipes or {}).get((0, number), problem.recipe)),
            source,
            test,
            steps,
            problem.recipe.seed + number,
        )
        for number, test in enumerate(folds)
    )
    judged = problem.known[np.concatenate(folds)].sum(axis=0)
    return {
        group.id: _curve(problem, at, list(zip(*found, strict=True)))
        for at, group in enumerate(problem.scheme.groups)
        if judged[at]
    }


def _shares(
    problem: Problem, source: Rows, folds: Sequence[Rows], most: float, beside: bool
) -> list[float]:
    """Those of the shares at which every fold has more clusters than at the one before."""
    least = min(len(np.unique(problem.clusters[_rest(problem, source, fold)])) for fold in folds)
    kept = [0.0] if beside else []
    for share in SHARES[1 if beside else 0 :]:
        if int(share * most * least) > int((kept[-1] if kept else 0.0) * least):
            kept.append(share * most)
    return kept


def _rest(problem: Problem, rows: Rows, test: Rows) -> Rows:
    """The rows without the fold and its near-duplicates."""
    return rows[~np.isin(problem.clusters[rows], problem.clusters[test])]


def _judge_fold(
    problem: Problem, source: Rows, test: Rows, steps: Sequence[float], seed: int
) -> list[_Step]:
    every = _rest(problem, np.arange(len(problem.targets)), test)
    own = np.isin(every, source)
    pool, beside = every[own], every[~own]
    judged = test[_places(problem, test, seed) < _JUDGED]
    return [
        _judge(problem, np.sort(np.concatenate([beside, drawn])), drawn, judged)
        for drawn in _nested(problem, pool, steps, seed)
    ]


def _nested(problem: Problem, pool: Rows, steps: Sequence[float], seed: int) -> Iterator[Rows]:
    """Random rows of the pool for each share, whole clusters; the smaller lie in the larger."""
    place = _places(problem, pool, seed)
    count = int(place.max(initial=-1)) + 1
    return (pool[place < int(share * count)] for share in steps)


def _places(problem: Problem, rows: Rows, seed: int) -> Rows:
    """A random place for each cluster, that of all its rows, shape (rows,)."""
    members, cluster = np.unique(problem.clusters[rows], return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(members))[cluster])


def _judge(problem: Problem, train: Rows, drawn: Rows, test: Rows) -> _Step:
    """The rows of ``test`` by models of ``train``, of which ``drawn`` are counted."""
    part = _part(problem, np.concatenate([train, test]))
    trained, tested = np.arange(len(train)), np.arange(len(train), len(train) + len(test))
    features = part.features(trained)
    sheets = []
    for at, group in enumerate(problem.scheme.groups):
        linear = part.fit(at, features, trained)
        rows = tested[part.known[tested, at]]
        scores = linear.scores(features[group.kind][rows])
        sheet = Sheet(
            scores=np.where(linear.trained, scores, -np.inf),
            gold=part.targets[rows, problem.scheme.columns(group)],
            clusters=part.clusters[rows],
        )
        sheets.append(sheet)
    return _Step(learnt=problem.known[drawn].sum(axis=0), sheets=sheets)


def _part(problem: Problem, rows: Rows) -> Problem:
    """The problem of these rows alone: to weigh the terms of all others would take as long."""
    counts = problem.counts
    matrices = {block: matrix[rows] for block, matrix in counts.matrices.items()}
    return replace(
        problem,
        counts=Counts(matrices=matrices, names=counts.names),
        **{
            name: getattr(problem, name)[rows]
            for name in ("targets", "known", "clusters", "kin", "given")
        },
    )


def _curve(problem: Problem, at: int, sizes: Sequence[Sequence[_Step]]) -> list[Point]:
    """Group number ``at``; of sizes with as many articles of known labels the last."""
    learnt = [round(float(np.mean([step.learnt[at] for step in folds]))) for folds in sizes]
    last = {count: _tables(problem, at, folds) for count, folds in zip(learnt, sizes, strict=True)}
    apart = len(sizes[0]) > 1  # of one fold the halves tell nothing of how folds differ
    gains = [None, *(_jackknife(*both) if apart else None for both in pairwise(last.values()))]
    return [
        Point(
            articles=count,
            f1_macro=mean_f1(tables.sum(axis=0)),
            f1_micro=float(f1_of(tables.sum(axis=(0, 1)))),
            f1_macro_error=_jackknife(tables) if apart else None,
            gain_error=gain,
        )
        for (count, tables), gain in zip(last.items(), gains, strict=True)
    ]


def _tables(problem: Problem, at: int, folds: Sequence[_Step]) -> Floats:
    """Counts of hits, false alarms and misses, shape (folds or halves of one, labels, 3)."""
    group = problem.scheme.groups[at]
    sheets = [step.sheets[at] for step in folds]
    if len(folds) == 1:
        sheets = sheets[0].halves()
    decided = zip(given(group, sheets), sheets, strict=True)
    return np.array([counts_of_labels(one, s.gold, s.weights) for one, s in decided])


def _jackknife(tables: Floats, after: Floats | None = None) -> float:
    """The standard error of the macro-F1 of (folds, labels, 3) counts, or of the gain ``after``."""
    count = len(tables)
    without = np.array([_without(tables, at) for at in range(count)])
    if after is not None:
        without = np.array([_without(after, at) for at in range(count)]) - without
    return float(np.sqrt((count - 1) * np.var(without)))


def _without(tables: Floats, fold: int) -> float:
    return mean_f1(np.delete(tables, fold, axis=0).sum(axis=0))
