"""Learning curves: how well models do that were given fewer labelled articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

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
    """

    articles: int
    f1_macro: float
    f1_micro: float
    f1_macro_error: float | None


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One fold judged at one size.

    ``learnt`` says how many articles each group was learnt from, shape (groups,); ``sheets``
    holds what was scored, group by group.
    """

    learnt: Rows
    sheets: list[Sheet]


def gain_phrase(points: Sequence[Point]) -> str | None:
    """What the last step brought, and whether that is clear; None where there is no step.

    The standard errors of both points together are rather wide, as these share their articles.
    """
    if len(points) < 2:
        return None
    before, last = points[-2:]
    gain = last.f1_macro - before.f1_macro
    told = f"{before.articles:,} to {last.articles:,} articles brought {gain:+.3f} macro-F1"
    if before.f1_macro_error is None or last.f1_macro_error is None:
        return told
    error = hypot(before.f1_macro_error, last.f1_macro_error)
    return f"{told} (± {error:.3f}): {'labelling more pays' if gain > error else 'no clear gain'}"


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
        group.id: [_point(problem, at, of_size) for of_size in zip(*found, strict=True)]
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


def _point(problem: Problem, at: int, folds: Sequence[_Step]) -> Point:
    group = problem.scheme.groups[at]
    sheets = [step.sheets[at] for step in folds]
    if len(folds) == 1:
        sheets = sheets[0].halves()
    decided = zip(given(group, sheets), sheets, strict=True)
    tables = np.array([counts_of_labels(one, s.gold, s.weights) for one, s in decided])
    whole = tables.sum(axis=0)
    return Point(
        articles=round(float(np.mean([step.learnt[at] for step in folds]))),
        f1_macro=mean_f1(whole),
        f1_micro=float(f1_of(whole.sum(axis=0))),
        f1_macro_error=_jackknife(tables) if len(folds) > 1 else None,
    )


def _jackknife(tables: Floats) -> float:
    """The standard error of the macro-F1 of (folds, labels, 3) counts."""
    count = len(tables)
    without = [mean_f1(np.delete(tables, at, axis=0).sum(axis=0)) for at in range(count)]
    return float(np.sqrt((count - 1) * np.var(without)))
