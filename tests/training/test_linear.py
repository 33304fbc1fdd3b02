from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from labels.scheme import Group, Scheme
from training.linear import Bools, Examples, Floats, Linear, fit_linear, trained_labels
from training.recipe import Classifier, Learner

FEATURES = sparse.csr_array(np.eye(8))


LEARNER = Learner(blocks=())
CLASSIFIERS: tuple[Classifier, ...] = ("svm", "logistic", "average")


def fit(
    group: Group, targets: Bools, learner: Learner = LEARNER, weights: Floats | None = None
) -> Linear:
    examples = Examples(
        features=FEATURES, targets=targets, weights=np.ones(8) if weights is None else weights
    )
    return fit_linear(group, examples, learner, 0)


def targets(*labels: int, of: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.array([[label == at for at in range(of)] for label in labels])


def test_an_exclusive_group_of_two_trained_labels_scores_both(scheme: Scheme) -> None:
    group = scheme.groups[0]
    linear = fit(group, targets(0, 0, 0, 0, 2, 2, 2, 2))
    scores = linear.scores(FEATURES)
    assert linear.trained.tolist() == [True, False, True, False]
    assert np.allclose(scores[:, 0], -scores[:, 2])
    assert (scores[:4, 0] > 0).all()


def test_an_untrained_label_scores_a_plain_no(scheme: Scheme) -> None:
    group = scheme.groups[0]
    linear = fit(group, targets(0, 0, 0, 0, 2, 2, 2, 3))
    assert linear.scores(FEATURES)[:, 3].tolist() == [-1.0] * 8


def test_a_label_of_one_article_is_not_trained(scheme: Scheme) -> None:
    counted = trained_labels(scheme.groups[0], targets(0, 0, 1, 2, 2, 2, 2, 2))
    assert counted.tolist() == [True, False, True, False]


def test_a_multi_label_that_all_articles_have_is_not_trained(scheme: Scheme) -> None:
    group = replace(scheme.groups[1], labels=scheme.groups[1].labels[:2])
    everywhere = np.column_stack([np.ones(8, bool), np.arange(8) < 4])
    assert trained_labels(group, everywhere).tolist() == [False, True]


def test_a_group_without_trained_labels_fits_to_a_plain_no(scheme: Scheme) -> None:
    linear = fit(scheme.groups[1], np.zeros((8, 4), bool))
    assert linear.classifier is None
    assert (linear.scores(FEATURES) == -1.0).all()


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_learns_both_kinds_of_group(
    scheme: Scheme, classifier: Classifier
) -> None:
    gold = targets(0, 0, 1, 1, 2, 2, 3, 3)
    for group in scheme.groups:
        linear = fit(group, gold, Learner(blocks=(), classifier=classifier))
        assert (linear.scores(FEATURES).argmax(axis=1) == gold.argmax(axis=1)).all()


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_scores_are_those_of_the_fitted_classifier(
    scheme: Scheme, classifier: Classifier
) -> None:
    gold = targets(0, 0, 1, 1, 2, 2, 3, 3)
    for group in scheme.groups:
        linear = fit(group, gold, Learner(blocks=(), classifier=classifier))
        theirs = linear.classifier.decision_function(FEATURES)
        assert np.abs(linear.scores(FEATURES) - theirs).max() < 1e-12


@pytest.mark.parametrize("labels", [(0, 0, 1, 1, 2, 2, 3, 3), (0, 0, 0, 0, 2, 2, 2, 2)])
def test_the_average_weighs_both_classifiers_by_the_size_of_their_scores(
    scheme: Scheme, labels: tuple[int, ...]
) -> None:
    for group in scheme.groups:
        scores = {
            classifier: fit(
                group, targets(*labels), Learner(blocks=(), classifier=classifier)
            ).scores(FEATURES)[:, sorted(set(labels))]
            for classifier in CLASSIFIERS
        }
        scaled = [scores[one] / np.sqrt(np.mean(np.square(scores[one]))) for one in CLASSIFIERS[:2]]
        assert np.abs(scores["average"] - np.mean(scaled, axis=0)).max() < 1e-9


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_articles_of_more_weight_move_the_decision(scheme: Scheme, classifier: Classifier) -> None:
    """Two articles of equal features have different labels; the heavier one is believed."""
    features = sparse.csr_array(np.repeat(np.eye(4), 2, axis=0))
    gold = targets(0, 1, 0, 1, 0, 1, 0, 1)
    heavier = np.where(np.arange(8) % 2, 3.0, 1.0)
    learner = Learner(blocks=(), classifier=classifier, balanced=False)
    for group in scheme.groups:
        for weights, believed in ((heavier, 1), (heavier[::-1], 0)):
            examples = Examples(features=features, targets=gold, weights=weights)
            scores = fit_linear(group, examples, learner, 0).scores(features)
            assert (scores[:, :2].argmax(axis=1) == believed).all()


def test_a_balanced_learner_scores_a_rare_label_higher(scheme: Scheme) -> None:
    gold = targets(0, 0, 0, 0, 0, 0, 1, 1)
    for group in scheme.groups:
        balanced, plain = (
            fit(group, gold, Learner(blocks=(), balanced=balanced)).scores(FEATURES)
            for balanced in (True, False)
        )
        assert (balanced[:, 1] > plain[:, 1]).all()


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_rows_that_weigh_nothing_change_nothing(scheme: Scheme, classifier: Classifier) -> None:
    gold = targets(0, 1, 2, 3, 0, 1, 2, 3)
    draw = np.random.default_rng(5).normal(size=(8, 6)) + 3 * np.repeat(gold, 2, axis=1)[:, :6]
    weights = np.repeat([1.0, 0.0], [8, 4])
    learner = Learner(blocks=(), classifier=classifier)
    for group in scheme.groups:
        found = []
        for size in (1, 50):
            others = size * np.ones((4, 6))
            examples = Examples(
                features=sparse.csr_array(np.vstack([draw, others])),
                targets=np.vstack([gold, gold[:4]]),
                weights=weights,
            )
            found.append(fit_linear(group, examples, learner, 0).weights)
        assert np.abs(found[0] - found[1]).max() < 1e-6
