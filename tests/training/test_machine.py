from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import training.linear
from labels.scheme import Group, Kind, Label
from training.linear import Examples, Linear, fit_linear
from training.recipe import Recipe


def group(kind: Kind, labels: int) -> Group:
    named = tuple(Label(id=f"l{at}", zh="", en="") for at in range(labels))
    return Group(id="g", kind=kind, zh="", en="", labels=named)


def examples(labels: int, dtype: Any) -> Examples:
    random = np.random.default_rng(2)
    targets = np.eye(labels, dtype=bool)[random.integers(0, labels, 600)]
    dense = random.random((600, 200)) * (random.random((600, 200)) < 0.1)
    dense[:, : 20 * labels] *= 1 + np.repeat(targets, 20, axis=1)
    return Examples(
        features=sparse.csr_array(dense.astype(dtype)),
        targets=targets,
        weights=random.uniform(0.5, 3, 600),
    )


def both(kind: Kind, labels: int) -> tuple[Linear, Linear, Any]:
    """What liblinear learns of float64 features, and what is learnt of float32."""
    learner = Recipe().exclusive if kind == "exclusive" else Recipe().multi
    double, single = examples(labels, np.float64), examples(labels, np.float32)
    fitted = [fit_linear(group(kind, labels), one, learner, 0) for one in (double, single)]
    return fitted[0], fitted[1], single.features


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """As near to liblinear as it gets."""
    monkeypatch.setattr("training.newton._NEAR", 1e-4)


KINDS: list[tuple[Kind, int]] = [("exclusive", 2), ("exclusive", 4), ("multi", 2), ("multi", 3)]


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize(("kind", "labels"), KINDS)
def test_a_large_problem_is_learnt_as_liblinear_would(kind: Kind, labels: int) -> None:
    expected, found, features = both(kind, labels)
    one, other = expected.scores(features), found.scores(features)
    assert found.weights.shape == expected.weights.shape
    assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(one.T, other.T, strict=True)) > 0.9999
    assert np.abs(one - other).max() < 0.01 * np.abs(one).max()


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize(("kind", "labels"), KINDS)
def test_scikit_learn_predicts_with_it(kind: Kind, labels: int) -> None:
    expected, found, features = both(kind, labels)
    one, other = (linear.classifier.predict(features) for linear in (expected, found))
    assert np.shape(one) == np.shape(other)
    assert np.mean(np.asarray(one) == np.asarray(other)) > 0.99
    scores = found.classifier.decision_function(features)
    if labels > 2:
        assert np.allclose(scores, found.scores(features), atol=1e-4)


def test_threads_change_nothing() -> None:
    learner = Recipe().exclusive
    one, other = (
        fit_linear(group("exclusive", 4), examples(4, np.float32), learner, 0, threads)
        for threads in (1, 2)
    )
    assert np.array_equal(one.weights, other.weights)


def test_a_small_problem_is_left_to_liblinear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.linear, "fit_machine", None)
    for kind, labels in KINDS:
        given = examples(labels, np.float64)
        assert fit_linear(group(kind, labels), given, Recipe().multi, 0).trained.all()
