"""A linear model of one group, fitted by scikit-learn, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from labels.scheme import Group
from training.counts import Matrix, Rows
from training.machine import fit_machine
from training.recipe import Learner

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# With fewer articles than this a label cannot be learnt. To be calibrated, by a model that has
# not seen all of them, it takes one more; to be measured, with one of them left out of all that,
# yet another. Of these none is a near-duplicate of another.
LEAST_ARTICLES = 2
LEAST_CALIBRATED = 3
LEAST_MEASURED = 4
_LOGISTIC = 10.0  # times the C of the support vector machine
_NO = -1.0  # the margin of a support vector machine on the negative side


@dataclass(frozen=True, kw_only=True)
class Linear:
    """Scores are ``features @ weights + intercepts``; an untrained label scores -1 everywhere.

    ``weights`` has shape (features, labels); ``intercepts`` and ``trained`` shape (labels,).
    ``classifier`` is the fitted estimator over the trained labels, None where there is none.
    """

    weights: Floats
    intercepts: Floats
    trained: Bools
    classifier: Any

    def scores(self, features: Matrix) -> Floats:
        return np.asarray(features @ self.weights + self.intercepts)


def trained_labels(group: Group, targets: Bools) -> Bools:
    """Which labels have articles enough, with and (in a multi group) without them."""
    having = targets.sum(axis=0)
    enough: Bools = having >= LEAST_ARTICLES
    return enough if group.exclusive else enough & (len(targets) - having >= LEAST_ARTICLES)


def distinct(targets: Bools, clusters: Rows) -> Rows:
    """How many articles each label has when near-duplicates count once, shape (labels,)."""
    return np.array([len(np.unique(clusters[column])) for column in targets.T], np.intp)


def labels_of(group: Group, targets: Bools, clusters: Rows, least: int) -> Bools:
    """Which labels have at least so many distinct articles, and are lacking in as many."""
    enough: Bools = distinct(targets, clusters) >= least
    return enough if group.exclusive else enough & (distinct(~targets, clusters) >= least)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Rows whose labels are known: features (n, terms), targets (n, labels), weights (n,).

    Rows of weight 0 are not learnt from.
    """

    features: Matrix
    targets: Bools
    weights: Floats


def fit_linear(
    group: Group, examples: Examples, learner: Learner, seed: int, threads: int = 1
) -> Linear:
    """Fit one group; ``threads`` are of use to large problems only."""
    features, targets, weights = examples.features, examples.targets, examples.weights
    trained = trained_labels(group, targets[weights > 0])
    if trained.sum() < (2 if group.exclusive else 1) or not features.shape[1]:
        return _untrained(features.shape[1], targets.shape[1])
    if group.exclusive:
        rows = np.flatnonzero(targets[:, trained].any(axis=1))
        answers: Any = targets[rows].argmax(axis=1)
        if len(rows) < len(targets):  # a copy can be a gigabyte
            features, weights = features[rows], weights[rows]
    else:
        answers = targets[:, trained].astype(int)
    fitted = [
        _fit(classifier, features, answers, weights, threads)
        for classifier in _classifiers(learner, seed)
    ]
    classifier = fitted[0] if len(fitted) == 1 else _averaged(fitted, features, weights)
    coefficients, intercepts = _plain(classifier)
    if group.exclusive:
        coefficients, intercepts = _two_sided(coefficients, intercepts)
    return _spread(coefficients, intercepts, trained, classifier)


def _classifiers(learner: Learner, seed: int) -> Iterator[Any]:
    """Unfitted estimators; C is that of each alone, also where they are averaged."""
    balance = "balanced" if learner.balanced else None
    if learner.classifier in ("svm", "average"):
        yield LinearSVC(C=learner.c, class_weight=balance, random_state=seed, max_iter=20_000)
    if learner.classifier in ("logistic", "average"):
        # Its loss flattens out sooner, so that it wants a weaker regularisation; label by label,
        # as the machine is, with liblinear: forty times as fast here as a softmax over all.
        yield LogisticRegression(
            C=_LOGISTIC * learner.c,
            class_weight=balance,
            random_state=seed,
            max_iter=2000,
            solver="liblinear",
            dual=True,  # articles are fewer than terms
        )


def _fit(classifier: Any, features: Matrix, answers: Any, weights: Floats, threads: int) -> Any:
    if isinstance(classifier, LinearSVC) and features.dtype == np.float32:
        return fit_machine(classifier, features, answers, weights, threads)
    if answers.ndim == 1 and isinstance(classifier, LinearSVC):
        return classifier.fit(features, answers, sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        each = OneVsRestClassifier(classifier.set_fit_request(sample_weight=True))
        return each.fit(features, answers, sample_weight=weights)


def _plain(classifier: Any) -> tuple[Floats, Floats]:
    """Coefficients, shape (labels, features), and intercepts, shape (labels,)."""
    each = getattr(classifier, "estimators_", [classifier])
    return np.vstack([one.coef_ for one in each]), np.concatenate([one.intercept_ for one in each])


def _averaged(fitted: Sequence[Any], features: Matrix, weights: Floats) -> Any:
    """The first classifier, with the mean of all their coefficients.

    Each is first divided by the root mean square of its scores on the training rows; centring
    them as well would undo what the intercepts say of the labels.
    """
    scaled = []
    for classifier in fitted:
        coefficients, intercepts = _plain(classifier)
        scores = (features @ coefficients.T + intercepts)[weights > 0]
        size = max(float(np.sqrt(np.mean(np.square(scores)))), 1e-12)
        scaled.append((coefficients / size, intercepts / size))
    coefficients = np.mean([one for one, _ in scaled], axis=0)
    intercepts = np.mean([one for _, one in scaled], axis=0)
    first = fitted[0]
    each = getattr(first, "estimators_", None)
    if each is None:
        first.coef_, first.intercept_ = coefficients, intercepts
        return first
    for at, one in enumerate(each):
        one.coef_, one.intercept_ = coefficients[at : at + 1], intercepts[at : at + 1]
    return first


def _untrained(features: int, labels: int) -> Linear:
    return Linear(
        weights=np.zeros((features, labels)),
        intercepts=np.full(labels, _NO),
        trained=np.zeros(labels, bool),
        classifier=None,
    )


def _two_sided(weights: Floats, intercepts: Floats) -> tuple[Floats, Floats]:
    """Of two classes scikit-learn keeps one row: the score of the second."""
    if len(weights) == 1:
        return np.vstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return weights, intercepts


def _spread(weights: Floats, intercepts: Floats, trained: Bools, classifier: Any) -> Linear:
    """The rows of the trained labels among those of all labels."""
    all_weights = np.zeros((weights.shape[1], len(trained)))
    all_weights[:, trained] = weights.T
    all_intercepts = np.full(len(trained), _NO)
    all_intercepts[trained] = intercepts
    return Linear(
        weights=all_weights, intercepts=all_intercepts, trained=trained, classifier=classifier
    )
