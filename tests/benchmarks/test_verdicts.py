"""What a comparison promises of its errors, on simulated pairs of versions."""

from __future__ import annotations

import numpy as np

from benchmarks.verdicts import PAIRS, World, equal_pair, false_alarms, power, worse_in


def test_equal_pairs_are_told_apart_about_as_rarely_as_promised() -> None:
    """Five in a hundred may be; 21 of 200 are four standard deviations beyond that."""
    assert false_alarms(World(), np.random.default_rng(1)) <= 21
    assert PAIRS == 200


def test_a_drop_of_ten_points_in_a_label_is_seen_four_times_in_five() -> None:
    assert power(World(), 0, "f1", np.random.default_rng(2), pairs=100) >= 0.8


def test_a_planted_drop_is_as_large_as_it_is_called() -> None:
    random = np.random.default_rng(3)
    pair = equal_pair(World(articles=4000), random)
    worse = worse_in(pair, 5, 0.1, "f1", random).compared().labels
    before = pair.compared().labels
    assert 0.09 < before[5].second - worse[5].second < 0.11
    assert [one.second for one in worse[6:]] == [one.second for one in before[6:]]


def test_equal_pairs_err_on_the_same_articles_in_part() -> None:
    pair = equal_pair(World(articles=4000), np.random.default_rng(4))
    wrong = [(side != pair.gold)[:, 0] for side in (pair.first, pair.second)]
    both = (wrong[0] & wrong[1]).mean()
    assert both > 2 * wrong[0].mean() * wrong[1].mean()
    assert abs(wrong[0].mean() - wrong[1].mean()) < 0.01


def test_what_is_simulated_is_what_a_comparison_says() -> None:
    pair = worse_in(
        equal_pair(World(), np.random.default_rng(5)), 4, 0.2, "f1", np.random.default_rng(6)
    )
    assert pair.shows_worse(4)
    found = pair.compared()
    of_groups = [one.exact.difference for one in found.groups]
    assert pair.differences() == [*(one.difference for one in found.labels), *of_groups]
