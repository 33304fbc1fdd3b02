from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.folds import stratified_folds

Flags = npt.NDArray[np.bool_]

COUNTS = st.integers(2, 7)
SEEDS = st.integers(0, 2**32 - 1)
TYPES = st.lists(st.integers(0, 3), min_size=1, max_size=60)
FLAGS = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=60
    )
)


def one_hot(types: list[int]) -> Flags:
    return np.eye(4, dtype=bool)[types]


def apart(count: int) -> npt.NDArray[np.intp]:
    return np.arange(count)


def spread(folds: npt.NDArray[np.intp], count: int) -> int:
    sizes = np.bincount(folds, minlength=count)
    return int(sizes.max() - sizes.min())


@settings(deadline=None)
@given(TYPES, COUNTS, SEEDS)
def test_folds_of_one_exclusive_group_differ_by_one_article_at_most(
    types: list[int], count: int, seed: int
) -> None:
    strata = one_hot(types)
    folds = stratified_folds(strata, apart(len(types)), count, seed)
    assert spread(folds, count) <= 1
    assert all(spread(folds[column], count) <= 1 for column in strata.T)


@settings(deadline=None)
@given(FLAGS, COUNTS, SEEDS)
def test_the_rarest_label_is_spread_evenly(flags: list[list[bool]], count: int, seed: int) -> None:
    strata = np.array(flags, bool)
    folds = stratified_folds(strata, apart(len(strata)), count, seed)
    rarest = strata[:, np.argmin(strata.sum(axis=0))]
    assert spread(folds[rarest], count) <= 1


@settings(deadline=None)
@given(FLAGS, COUNTS, SEEDS, st.integers(1, 20))
def test_a_cluster_is_never_split_and_every_article_has_a_fold(
    flags: list[list[bool]], count: int, seed: int, names: int
) -> None:
    strata = np.array(flags, bool)
    clusters = np.random.default_rng(seed).integers(0, names, len(strata))
    folds = stratified_folds(strata, clusters, count, seed)
    assert folds.shape == (len(strata),)
    assert set(folds.tolist()) <= set(range(count))
    assert all(len(set(folds[clusters == name].tolist())) == 1 for name in set(clusters.tolist()))


@settings(deadline=None)
@given(FLAGS, COUNTS, SEEDS)
def test_equal_seeds_give_equal_folds(flags: list[list[bool]], count: int, seed: int) -> None:
    strata = np.array(flags, bool)
    one, other = (stratified_folds(strata, apart(len(strata)), count, seed) for _ in range(2))
    assert one.tolist() == other.tolist()


def test_another_seed_gives_other_folds() -> None:
    strata = one_hot([0, 1, 2, 3] * 20)
    one, other = (stratified_folds(strata, apart(80), 5, seed) for seed in (0, 1))
    assert one.tolist() != other.tolist()


def test_two_groups_are_both_spread() -> None:
    random = np.random.default_rng(7)
    strata = np.hstack(
        [one_hot(random.integers(0, 4, 300).tolist()), random.random((300, 3)) < 0.2]
    )
    folds = stratified_folds(strata, apart(300), 5, 0)
    assert spread(folds, 5) <= 6
    assert all(spread(folds[column], 5) <= 4 for column in strata.T)


def test_clusters_of_unequal_size_still_fill_the_folds_evenly() -> None:
    clusters = np.repeat(np.arange(30), np.arange(30) % 3 + 1)
    folds = stratified_folds(np.zeros((len(clusters), 1), bool), clusters, 5, 0)
    assert spread(folds, 5) <= 3


def test_with_fewer_clusters_than_folds_some_folds_stay_empty() -> None:
    folds = stratified_folds(one_hot([0, 0, 1]), np.array([4, 4, 9]), 5, 0)
    assert folds[0] == folds[1] != folds[2]


def test_the_names_of_clusters_do_not_matter_to_their_fold() -> None:
    strata = one_hot([0, 1, 0, 1, 2, 2])
    one = stratified_folds(strata, np.array([0, 0, 1, 1, 2, 3]), 3, 0)
    other = stratified_folds(strata, np.array([10, 10, 20, 20, 30, 40]), 3, 0)
    assert one.tolist() == other.tolist()


def test_no_articles_have_no_folds() -> None:
    assert stratified_folds(np.zeros((0, 4), bool), apart(0), 5, 0).tolist() == []
