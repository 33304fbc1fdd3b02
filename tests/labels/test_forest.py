from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from labels.forest import Forest

JOINS = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60)


def columns(pairs: list[tuple[int, int]]) -> npt.NDArray[np.intp]:
    return np.array(pairs, np.intp).reshape(-1, 2).T


@given(JOINS, JOINS)
def test_clusters_are_known_by_their_lowest_member(
    first: list[tuple[int, int]], then: list[tuple[int, int]]
) -> None:
    forest = Forest(30)
    forest.join(*columns(first))
    forest.roots()
    forest.join(*columns(then))
    ones, others = columns(first + then)
    _, number = connected_components(coo_array((np.ones(len(ones)), (ones, others)), (30, 30)))
    expected = [int(np.flatnonzero(number == one)[0]) for one in number]
    assert forest.roots_of(np.arange(30)).tolist() == expected
    assert forest.roots().tolist() == expected


def test_a_forest_of_nothing_has_no_roots() -> None:
    assert Forest(0).roots().tolist() == []


def test_a_long_chain_is_one_cluster() -> None:
    forest = Forest(5000)
    forest.join(np.arange(4998, -1, -1), np.arange(4999, 0, -1))
    assert set(forest.roots().tolist()) == {0}
