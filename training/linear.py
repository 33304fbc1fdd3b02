"""A linear model of one group, fitted by scikit-learn, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from labels.scheme import Group
from training.counts import Matrix
from training.recipe import Recipe

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# With fewer articles than this a label is not learnt, and said to be untrained.
LEAST_ARTICLES = 2
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


def fit_linear(group: Group, features: Matrix, targets: Bools, recipe: Recipe) -> Linear:
    """Fit one group on rows whose labels are known; ``targets`` has shape (n, labels)."""
    trained = trained_labels(group, targets)
    if trained.sum() < (2 if group.exclusive else 1):
        return _untrained(features.shape[1], targets.shape[1])
    svm = LinearSVC(C=recipe.c, class_weight="balanced", random_state=recipe.seed, max_iter=20_000)
    if group.exclusive:
        rows = np.flatnonzero(targets[:, trained].any(axis=1))
        classifier = svm.fit(features[rows], targets[rows].argmax(axis=1))
        weights, intercepts = _two_sided(classifier.coef_, classifier.intercept_)
    else:
        classifier = OneVsRestClassifier(svm).fit(features, targets[:, trained].astype(int))
        weights = np.vstack([one.coef_ for one in classifier.estimators_])
        intercepts = np.concatenate([one.intercept_ for one in classifier.estimators_])
    return _spread(weights, intercepts, trained, classifier)


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
