from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse
from sklearn.svm import LinearSVC

from training.newton import Plane, separate

Bools = npt.NDArray[np.bool_]
Dtype = type[np.floating[Any]]


def posed(dtype: Dtype, rows: int = 400) -> tuple[Any, Bools]:
    """Sparse features, of which the first hundred tell the two sides apart, not without error."""
    random = np.random.default_rng(3)
    positive = random.random(rows) < 0.3
    dense = random.random((rows, 300)) * (random.random((rows, 300)) < 0.1)
    dense[:, :100] *= np.where(positive, 1.6, 1.0)[:, None]
    return sparse.csr_array(dense.astype(dtype)), positive


def loss(plane: Plane, features: Any, positive: Bools, costs: npt.NDArray[np.float64]) -> float:
    weights = plane.weights.astype(np.float64)
    scores = features.astype(np.float64) @ weights + plane.intercept
    slack = np.maximum(0, 1 - np.where(positive, scores, -scores))
    return float((weights @ weights + plane.intercept**2) / 2 + costs @ slack**2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cost", [0.1, 3.0])
@pytest.mark.parametrize(("near", "most"), [(1e-4, 1.0001), (None, 1.1)])
def test_the_loss_is_that_of_liblinear(
    dtype: Dtype, cost: float, near: float | None, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last digits where that is asked for; within a tenth as it is, which is as good."""
    if near:
        monkeypatch.setattr("training.newton._NEAR", near)
    features, positive = posed(dtype)
    costs = cost * np.random.default_rng(1).uniform(0.5, 2, len(positive))
    plane = separate(features, positive, costs)
    machine = LinearSVC(tol=1e-7, max_iter=100_000, random_state=0)
    machine.fit(features.astype(np.float64), positive, sample_weight=costs)
    best = Plane(weights=machine.coef_[0], intercept=float(machine.intercept_[0]), steps=0)
    least = loss(best, features, positive, costs)
    assert 0.9999 * least < loss(plane, features, positive, costs) < most * least


def test_the_plane_has_the_precision_of_the_features() -> None:
    features, positive = posed(np.float32)
    assert separate(features, positive, np.ones(len(positive))).weights.dtype == np.float32


def test_rows_without_a_cost_say_nothing() -> None:
    features, positive = posed(np.float64)
    costs = np.where(np.arange(len(positive)) < 200, 1.0, 0.0)
    wrong = np.where(np.arange(len(positive)) < 200, positive, ~positive)
    one, other = separate(features, positive, costs), separate(features, wrong, costs)
    assert np.allclose(one.weights, other.weights, atol=1e-9)


def test_equal_features_give_equal_planes() -> None:
    features, positive = posed(np.float32)
    one, other = (separate(features, positive, np.ones(len(positive))) for _ in range(2))
    assert one.weights.tolist() == other.weights.tolist()


def test_empty_features_end_in_the_intercept() -> None:
    plane = separate(sparse.csr_array((9, 4)), np.arange(9) < 3, np.ones(9))
    assert plane.weights.tolist() == [0.0] * 4
    assert plane.intercept < 0
