from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from labels.pairs import Pairs, bucket_sizes, keys_of

RANDOM = np.random.default_rng(4)
SKETCHES = RANDOM.integers(0, 3, (200, 64)).astype(np.uint32)
KEYS = RANDOM.integers(0, 20, 200).astype(np.uint64)
CLUSTERS = RANDOM.integers(0, 60, 200)
ROWS = np.arange(1000, 1200)


def expected(keys: set[int]) -> set[tuple[int, int]]:
    """Every two rows with one of the keys in common and another cluster."""
    return {
        (1000 + one, 1000 + other)
        for one, other in combinations(range(200), 2)
        if KEYS[one] == KEYS[other] and CLUSTERS[one] != CLUSTERS[other] and int(KEYS[one]) in keys
    }


@pytest.mark.parametrize("places", [(0, 1), (0, 1, 6, 7), (5, 9, 2, 40, 63, 8)])
def test_keys_are_equal_exactly_where_the_places_are(places: tuple[int, ...]) -> None:
    keys = keys_of(SKETCHES, places)
    chosen = SKETCHES[:, places]
    same = (chosen[:, None] == chosen).all(axis=2)
    assert np.array_equal(keys[:, None] == keys, same)


def test_the_order_of_places_matters() -> None:
    sketches = np.array([[1, 2, 3, 4], [3, 4, 1, 2]], np.uint32)
    assert len(set(keys_of(sketches, (0, 1, 2, 3)).tolist())) == 2


def test_buckets_are_as_large_as_their_keys_are_common() -> None:
    assert bucket_sizes(np.array([7, 5, 7, 7], np.uint64)).tolist() == [3, 1, 3, 3]


def test_every_pair_of_other_clusters_stands_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labels.pairs._CHUNK", 50)
    pairs = Pairs(ROWS, KEYS, CLUSTERS)
    within, beyond = pairs.within(pairs.count)
    found = [
        (min(pair), max(pair))
        for ones, others in within
        for pair in zip(ones.tolist(), others.tolist(), strict=True)
    ]
    assert len(found) == len(set(found)) == pairs.count
    assert set(found) == expected(set(range(20)))
    assert not len(beyond)


def test_the_largest_buckets_are_left_out_whole() -> None:
    pairs = Pairs(ROWS, KEYS, CLUSTERS)
    within, beyond = pairs.within(pairs.count // 2)
    left = {int(KEYS[row - 1000]) for row in beyond}
    kept = set(range(20)) - left
    assert left
    assert sorted(beyond) == [row for row in ROWS if int(KEYS[row - 1000]) in left]
    found = {
        (min(pair), max(pair))
        for ones, others in within
        for pair in zip(ones.tolist(), others.tolist(), strict=True)
    }
    assert found == expected(kept)
    assert max(bucket_sizes(KEYS)[np.isin(KEYS, list(kept))]) <= min(
        bucket_sizes(KEYS)[np.isin(KEYS, list(left))]
    )


def test_neighbours_link_the_clusters_of_a_bucket() -> None:
    keys = np.array([1, 1, 1, 2, 2, 1], np.uint64)
    clusters = np.array([0, 0, 2, 3, 3, 5])
    ones, others = Pairs(np.arange(6), keys, clusters).neighbours()
    assert list(zip(ones.tolist(), others.tolist(), strict=True)) == [(1, 2), (2, 5)]


def test_no_rows_have_no_pairs() -> None:
    nothing = np.array([], np.intp)
    pairs = Pairs(nothing, nothing.astype(np.uint64), nothing)
    within, beyond = pairs.within(10)
    assert (pairs.count, sum(len(ones) for ones, _ in within), len(beyond)) == (0, 0, 0)
