"""Near-duplicates among so many articles that not all pairs can be looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from labels.article import Article
from labels.duplicates import SIMILAR, SKETCH_SIZE, clusters, sketch
from labels.normalise import normalise

Sketches = npt.NDArray[np.uint32]
DRAWN = "labels.duplicates._Likeness.join_by_draws"


def reference(sketches: Sketches) -> list[int]:
    """Every pair looked at."""
    alike = np.array([(sketches == one).mean(axis=1) >= SIMILAR for one in sketches])
    _, number = connected_components(alike, directed=False)
    return [int(np.flatnonzero(number == one)[0]) for one in number]


def mixed(count: int, pool: int, shared: float, seed: int) -> Sketches:
    """Places that are the same everywhere with probability ``shared``, else one of ``pool``."""
    random = np.random.default_rng(seed)
    drawn = random.integers(1, pool + 1, (count, SKETCH_SIZE))
    return np.where(random.random(drawn.shape) < shared, 0, drawn).astype(np.uint32)


def near_copies(sketches: Sketches, count: int, seed: int) -> Sketches:
    """The same with ``count`` more, each with 34 to 44 places of one of them."""
    random = np.random.default_rng(seed)
    copies = random.integers(2**31, 2**32, (count, SKETCH_SIZE), np.uint32)
    for one in copies:
        equal = random.choice(SKETCH_SIZE, random.integers(34, 45), replace=False)
        one[equal] = sketches[random.integers(0, len(sketches)), equal]
    return np.concatenate([sketches, copies])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 120), st.integers(1, 2000), st.floats(0, 0.7), st.integers(0, 2**32 - 1))
def test_clusters_are_those_of_all_pairs(count: int, pool: int, shared: float, seed: int) -> None:
    sketches = near_copies(mixed(count, pool, shared, seed), count // 3, seed)
    assert clusters(sketches).tolist() == reference(sketches)


@pytest.mark.parametrize("shared", [0.3, 0.45, 0.55])
def test_boilerplate_in_every_article_hides_no_near_duplicates(shared: float) -> None:
    """The places of boilerplate are left out: looking at a share of all pairs finds all."""
    sketches = near_copies(mixed(1500, 10**6, shared, 1), 300, 2)
    assert clusters(sketches).tolist() == reference(sketches)


def test_thousands_of_near_copies_leave_few_pairs_to_look_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Copies of a notice, each with places of its own, are one cluster and no work."""
    monkeypatch.setattr("labels.duplicates._MOST", 5000)
    monkeypatch.setattr(DRAWN, lambda _self, rows, _most: seen.extend(rows.tolist()))
    seen: list[int] = []
    copies = mixed(4000, 10**6, 0.9, 3)
    assert set(clusters(copies).tolist()) == {0}
    assert seen == []


def test_articles_that_are_too_like_each_other_are_compared_by_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each shares a third of its places with any other: two places do not tell them apart."""
    monkeypatch.setattr("labels.duplicates._MOST", 1000)
    monkeypatch.setattr("labels.duplicates._MOST_EACH", 10)
    sketches = near_copies(mixed(1200, 3, 0.0, 5), 150, 6)
    expected = np.array(reference(sketches))
    found = clusters(sketches)
    assert (expected[found] == expected).all()  # nothing is joined that is not alike
    joined = expected != np.arange(len(expected))
    assert joined.sum() > 50
    assert (found[joined] == expected[joined]).mean() > 0.95


def test_sketches_are_those_of_one_permutation_after_the_other() -> None:
    draw = np.random.default_rng(20251223).integers(0, 2**63, (2, SKETCH_SIZE), np.uint64)
    factors, offsets = draw[0] * np.uint64(2) + np.uint64(1), draw[1]
    random = np.random.default_rng(0)
    for length in (0, 3, 5, 40, 3000):
        text = "".join(map(chr, random.integers(0x4E00, 0x9FFF, length)))
        read = normalise(f"澄湖\n{text}").text.replace("\n", "").ljust(5)
        points = np.frombuffer(read.encode("utf-32-le"), np.uint32).astype(np.uint64)
        shingles = np.zeros(len(points) - 4, np.uint64)
        for at in range(5):
            step = points[at : at + len(shingles)]
            shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + step
        shingles ^= shingles >> np.uint64(29)
        expected = [
            int((shingles * a + b).min()) >> 32 for a, b in zip(factors, offsets, strict=True)
        ]
        assert sketch(Article(id="a", title="澄湖", content=text)).tolist() == expected
