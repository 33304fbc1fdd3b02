from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from labels.scheme import Scheme
from training.linear import fit_linear, trained_labels
from training.recipe import Recipe

FEATURES = sparse.csr_array(np.eye(8))


def targets(*labels: int, of: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.array([[label == at for at in range(of)] for label in labels])


def test_an_exclusive_group_of_two_trained_labels_scores_both(scheme: Scheme) -> None:
    group = scheme.groups[0]
    linear = fit_linear(group, FEATURES, targets(0, 0, 0, 0, 2, 2, 2, 2), Recipe())
    scores = linear.scores(FEATURES)
    assert linear.trained.tolist() == [True, False, True, False]
    assert np.allclose(scores[:, 0], -scores[:, 2])
    assert (scores[:4, 0] > 0).all()


def test_an_untrained_label_scores_a_plain_no(scheme: Scheme) -> None:
    group = scheme.groups[0]
    linear = fit_linear(group, FEATURES, targets(0, 0, 0, 0, 2, 2, 2, 3), Recipe())
    assert linear.scores(FEATURES)[:, 3].tolist() == [-1.0] * 8


def test_a_label_of_one_article_is_not_trained(scheme: Scheme) -> None:
    counted = trained_labels(scheme.groups[0], targets(0, 0, 1, 2, 2, 2, 2, 2))
    assert counted.tolist() == [True, False, True, False]


def test_a_multi_label_that_all_articles_have_is_not_trained(scheme: Scheme) -> None:
    group = replace(scheme.groups[1], labels=scheme.groups[1].labels[:2])
    everywhere = np.column_stack([np.ones(8, bool), np.arange(8) < 4])
    assert trained_labels(group, everywhere).tolist() == [False, True]


def test_a_group_without_trained_labels_fits_to_a_plain_no(scheme: Scheme) -> None:
    linear = fit_linear(scheme.groups[1], FEATURES, np.zeros((8, 4), bool), Recipe())
    assert linear.classifier is None
    assert (linear.scores(FEATURES) == -1.0).all()
