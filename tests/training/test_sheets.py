"""Sheets: how scores give labels without calibration or a threshold of their own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from labels.scheme import Group, Kind, Label
from training.sheets import Sheet, best_threshold, given


def group(kind: Kind, labels: int = 2) -> Group:
    named = tuple(Label(id=f"l{at}", zh=f"l{at}", en=f"l{at}") for at in range(labels))
    return Group(id="g", kind=kind, zh="组", en="g", labels=named)


def sheet(scores: list[list[float]], gold: list[list[int]], clusters: list[int]) -> Sheet:
    return Sheet(
        scores=np.array(scores, float), gold=np.array(gold, bool), clusters=np.array(clusters)
    )


def test_the_best_score_decides_where_exclusive() -> None:
    one = sheet([[-1, -3], [-2, 0.5]], [[1, 0], [0, 1]], [0, 1])
    (found,) = given(group("exclusive"), [one])
    assert found.tolist() == [[True, False], [False, True]]


def test_a_label_that_was_not_learnt_is_never_given() -> None:
    none = -np.inf
    exclusive = sheet([[none, -3], [none, none]], [[1, 0], [1, 0]], [0, 1])
    (found,) = given(group("exclusive"), [exclusive])
    assert found.tolist() == [[False, True], [False, False]]
    multi = sheet([[none, 3], [none, none]], [[1, 1], [1, 0]], [0, 1])
    for one in given(group("multi"), [multi, multi]):
        assert one.tolist() == [[False, True], [False, False]]


def test_the_threshold_of_a_sheet_is_the_best_one_of_the_others() -> None:
    low = sheet([[-0.4, -0.8], [-0.9, -0.6]], [[1, 0], [0, 1]], [0, 1])
    high = sheet([[0.4, -0.8], [-0.9, 0.6]], [[1, 0], [0, 1]], [2, 3])
    assert best_threshold([low]) == pytest.approx(-0.7)
    assert best_threshold([high]) == pytest.approx(-0.2)
    of_low, of_high = given(group("multi"), [low, high])
    assert not of_low.any()  # all below the threshold of the other
    assert of_high.tolist() == high.gold.tolist()


def test_the_threshold_gives_the_greatest_micro_f1() -> None:
    random = np.random.default_rng(1)
    gold = random.random((60, 3)) < 0.3
    scores = np.round(gold + random.normal(size=(60, 3)), 1)
    one = Sheet(scores=scores, gold=gold, clusters=np.arange(60))
    best = max(f1_score(gold, scores >= at, average="micro") for at in np.unique(scores))
    found = f1_score(gold, scores >= best_threshold([one]), average="micro")
    assert found == pytest.approx(best)


def test_near_duplicates_count_once_for_a_threshold() -> None:
    """Nine copies of an article that is wrong at a low score are as one."""
    scores = [[0.9], [0.8], [0.5], [0.5], [0.5], *[[0.6]] * 9]
    gold = [[1], [1], [1], [1], [1], *[[0]] * 9]
    apart = sheet(scores, gold, list(range(14)))
    copies = sheet(scores, gold, [0, 1, 2, 3, 4, *[5] * 9])
    assert best_threshold([apart]) == pytest.approx(0.7)
    assert best_threshold([copies]) == pytest.approx(0.5)
    assert copies.weights.tolist() == pytest.approx([1] * 5 + [1 / 9] * 9)


def test_where_no_label_is_right_the_threshold_is_that_of_the_machine() -> None:
    assert best_threshold([sheet([[0.3, -0.2]], [[0, 0]], [0])]) == 0.0
    assert best_threshold([]) == 0.0


def test_halves_share_no_cluster_and_lose_no_article() -> None:
    scores = [[float(at)] for at in range(6)]
    whole = sheet(scores, [[1]] * 6, [7, 7, 8, 9, 9, 11])
    halves = whole.halves()
    assert [half.clusters.tolist() for half in halves] == [[7, 7, 9, 9], [8, 11]]
    assert sorted(np.concatenate([half.scores for half in halves]).ravel()) == list(range(6))
