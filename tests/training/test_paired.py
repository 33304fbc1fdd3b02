from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from training.paired import macro_f1, micro_f1, paired_difference

Bools = npt.NDArray[np.bool_]

NOTHING = np.zeros((4, 3), bool)


def one_hot(*labels: int) -> Bools:
    return np.asarray(np.eye(3, dtype=bool)[list(labels)])


def gold_of(seed: int, articles: int = 120) -> Bools:
    return np.asarray(np.random.default_rng(seed).random((articles, 4)) < 0.4)


def flipped(gold: Bools, share: float, seed: int) -> Bools:
    """The gold with about this share of its decisions turned round."""
    return np.asarray(gold ^ (np.random.default_rng(seed).random(gold.shape) < share))


def test_figures_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    gold = gold_of(0)
    given = flipped(gold, 0.2, 1)
    assert micro_f1(given, gold) == pytest.approx(f1_score(gold, given, average="micro"))
    assert macro_f1(given, gold) == pytest.approx(f1_score(gold, given, average="macro"))


def test_nothing_given_and_nothing_gold_scores_0() -> None:
    assert micro_f1(NOTHING, NOTHING) == 0.0
    assert macro_f1(NOTHING, NOTHING) == 0.0


def test_macro_f1_leaves_out_a_label_that_nobody_named() -> None:
    assert macro_f1(one_hot(0, 0, 1, 1), one_hot(0, 0, 1, 1)) == 1.0


def test_macro_f1_counts_a_label_that_was_only_given() -> None:
    assert macro_f1(one_hot(0, 0, 1, 2), one_hot(0, 0, 1, 1)) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_the_difference_is_that_of_the_second_over_the_first() -> None:
    gold = one_hot(0, 0, 1, 1)
    worse = one_hot(0, 1, 1, 1)
    assert paired_difference(micro_f1, [worse], [gold], gold).value == pytest.approx(0.25)
    assert paired_difference(micro_f1, [gold], [worse], gold).value == pytest.approx(-0.25)


def test_the_difference_is_the_mean_over_partitions() -> None:
    gold = one_hot(0, 0, 1, 1)
    worse = one_hot(0, 1, 1, 1)
    found = paired_difference(micro_f1, [worse, gold], [gold, gold], gold)
    assert found.value == pytest.approx(0.125)


def test_the_same_labels_differ_by_nothing_for_sure() -> None:
    gold = gold_of(2)
    given = flipped(gold, 0.2, 3)
    found = paired_difference(macro_f1, [given, gold], [given.copy(), gold], gold)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_a_difference_that_no_resample_moves_has_width_zero() -> None:
    gold = np.ones((20, 1), bool)
    found = paired_difference(micro_f1, [~gold], [gold], gold)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_a_clear_improvement_has_an_interval_above_nothing() -> None:
    gold = gold_of(4)
    bad, good = flipped(gold, 0.3, 5), flipped(gold, 0.05, 6)
    for metric in (micro_f1, macro_f1):
        found = paired_difference(metric, [bad], [good], gold)
        assert 0 < found.low < found.value < found.high < 1


def test_luck_has_an_interval_around_nothing() -> None:
    gold = gold_of(7)
    one, other = flipped(gold, 0.2, 8), flipped(gold, 0.2, 9)
    found = paired_difference(micro_f1, [one], [other], gold)
    assert found.low < 0 < found.high


def test_turning_the_sides_round_turns_the_figure_round() -> None:
    gold = gold_of(10)
    one, other = flipped(gold, 0.3, 11), flipped(gold, 0.1, 12)
    there = paired_difference(micro_f1, [one], [other], gold)
    back = paired_difference(micro_f1, [other], [one], gold)
    assert back.value == pytest.approx(-there.value)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=0.01)


def test_sides_that_err_on_the_same_articles_are_told_apart_more_sharply() -> None:
    """The point of pairing: what both share cancels out."""
    gold = gold_of(13)
    first = flipped(gold, 0.2, 14)
    alike = first.copy()
    alike[:12] = gold[:12]  # the same errors but for a few articles
    apart = flipped(gold, 0.2, 15)
    close = paired_difference(micro_f1, [first], [alike], gold)
    far = paired_difference(micro_f1, [first], [apart], gold)
    assert close.high - close.low < (far.high - far.low) / 2


def test_equal_seeds_give_equal_intervals() -> None:
    gold = gold_of(16)
    sides = [flipped(gold, 0.3, 17)], [flipped(gold, 0.2, 18)]
    one = paired_difference(micro_f1, *sides, gold, seed=1)
    assert paired_difference(micro_f1, *sides, gold, seed=1) == one
    assert paired_difference(micro_f1, *sides, gold, seed=2) != one


def test_the_interval_holds_the_true_difference_about_as_often_as_it_says() -> None:
    """Accuracies of 0.7 and 0.85 on 80 articles, where half the errors are shared."""
    held = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        gold = np.ones((80, 1), bool)
        draw = random.random((80, 1))
        first, second = draw < 0.7, draw < 0.85
        again = random.random((80, 1)) < 0.5
        second = np.where(again, random.random((80, 1)) < 0.85, second)

        found = paired_difference(_accuracy, [first], [second], gold, seed)
        held.append(found.low <= 0.15 <= found.high)
    assert np.mean(held) >= 0.9


def _accuracy(given: Bools, gold: Bools) -> float:
    return float((given == gold).mean())


def test_unequally_many_partitions_cannot_be_compared() -> None:
    gold = gold_of(19)
    with pytest.raises(ValueError, match="shorter"):
        paired_difference(micro_f1, [gold, gold], [gold], gold)
