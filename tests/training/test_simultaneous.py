from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.simultaneous import Answers, Bools, Difference, swapped


def gold_of(seed: int, articles: int = 120, labels: int = 4) -> Bools:
    return np.asarray(np.random.default_rng(seed).random((articles, labels)) < 0.4)


def flipped(gold: Bools, share: float, seed: int) -> Bools:
    """The gold with about this share of its decisions turned round."""
    return np.asarray(gold ^ (np.random.default_rng(seed).random(gold.shape) < share))


def answers(first: Bools, second: Bools, gold: Bools, clusters: list[int] | None = None) -> Answers:
    return Answers(
        first=first,
        second=second,
        gold=gold,
        weights=np.ones(gold.shape),
        clusters=np.arange(len(gold)) if clusters is None else np.array(clusters),
    )


def test_differences_are_those_of_scikit_learns_f1() -> None:
    gold = gold_of(0)
    first, second = flipped(gold, 0.3, 1), flipped(gold, 0.1, 2)
    found = swapped(answers(first, second, gold))
    theirs = f1_score(gold, second, average=None) - f1_score(gold, first, average=None)
    assert found.seen == pytest.approx(theirs)
    every = np.ones(4, bool)
    assert found.mean(every).value == pytest.approx(theirs.mean())


def test_sides_that_say_the_same_do_not_differ_and_have_no_width() -> None:
    gold = gold_of(1)
    given = flipped(gold, 0.2, 2)
    for one in swapped(answers(given, given.copy(), gold)).simultaneous():
        assert one == Difference(value=0.0, low=0.0, high=0.0)
        assert not one.shown


def test_a_label_that_both_answer_alike_keeps_its_zero_beside_one_that_differs() -> None:
    gold = gold_of(2)
    second = gold.copy()
    second[:, 1] = flipped(gold, 0.5, 3)[:, 1]
    same, worse, *_ = swapped(answers(gold, second, gold)).simultaneous()
    assert (same.low, same.high) == (0.0, 0.0)
    assert worse.shown
    assert worse.high < 0


def test_a_clear_improvement_is_shown_and_luck_is_not() -> None:
    gold = gold_of(3)
    bad, good, alike = flipped(gold, 0.3, 4), flipped(gold, 0.03, 5), flipped(gold, 0.3, 6)
    assert all(one.low > 0 for one in swapped(answers(bad, good, gold)).simultaneous())
    assert not any(one.shown for one in swapped(answers(bad, alike, gold)).simultaneous())


def test_turning_the_sides_round_turns_the_figures_round() -> None:
    gold = gold_of(4)
    one, other = flipped(gold, 0.3, 5), flipped(gold, 0.1, 6)
    there = swapped(answers(one, other, gold)).simultaneous()
    back = swapped(answers(other, one, gold)).simultaneous()
    for a, b in zip(there, back, strict=True):
        assert (b.value, b.low, b.high) == pytest.approx((-a.value, -a.high, -a.low))


def test_more_labels_make_every_interval_wider() -> None:
    gold = gold_of(5, labels=40)
    one, other = flipped(gold, 0.2, 6), flipped(gold, 0.2, 7)
    alone = swapped(answers(one[:, :1], other[:, :1], gold[:, :1])).simultaneous()[0]
    among = swapped(answers(one, other, gold)).simultaneous()[0]
    assert among.value == pytest.approx(alone.value)
    assert among.high - among.low > 1.3 * (alone.high - alone.low)


def test_an_article_of_unknown_gold_does_not_count() -> None:
    gold = gold_of(6)
    first, second = flipped(gold, 0.2, 7), flipped(gold, 0.2, 8)
    whole = answers(first[:60], second[:60], gold[:60])
    weights = np.ones(gold.shape)
    weights[60:] = 0
    part = Answers(
        first=first, second=second, gold=gold, weights=weights, clusters=np.arange(len(gold))
    )
    assert swapped(part).seen == pytest.approx(swapped(whole).seen)


def test_copies_of_an_article_are_swapped_together_and_are_no_more_evidence() -> None:
    gold = gold_of(7, articles=30)
    first, second = flipped(gold, 0.3, 8), flipped(gold, 0.1, 9)
    once = swapped(answers(first, second, gold)).simultaneous()
    copied = Answers(
        first=np.tile(first, (5, 1)),
        second=np.tile(second, (5, 1)),
        gold=np.tile(gold, (5, 1)),
        weights=np.full((150, 4), 0.2),
        clusters=np.tile(np.arange(30), 5),
    )
    for a, b in zip(once, swapped(copied).simultaneous(), strict=True):
        assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high))


def test_the_shares_of_articles_exactly_right_are_compared_with_the_labels() -> None:
    gold = gold_of(7)
    first, second = flipped(gold, 0.3, 8), flipped(gold, 0.1, 9)
    sides = replace(answers(first, second, gold), groups=(slice(0, 3), slice(3, 4)))
    found = swapped(sides).simultaneous()
    assert len(found) == 4 + 2
    for at, columns in enumerate(sides.groups):
        before, after = ((s == gold)[:, columns].all(axis=1).mean() for s in (first, second))
        assert found[4 + at].value == pytest.approx(after - before)
        assert sides.figures(first)[4 + at] == pytest.approx(before)
        assert found[4 + at].shown


@pytest.mark.parametrize(("lost", "shown"), [(5, False), (6, True)])
def test_five_articles_that_speak_one_way_are_chance_and_six_are_not(
    lost: int, shown: bool
) -> None:
    """Of 2 ** 5 swaps two are as extreme, 6 %; of 2 ** 6, 3 %. The label stands alone."""
    gold = np.ones((400, 1), bool)
    second = gold.copy()
    second[:lost] = False
    for seed in range(5):
        [found] = swapped(answers(gold, second, gold), seed).simultaneous()
        assert found.shown is shown


def test_an_article_of_unknown_gold_is_neither_right_nor_wrong() -> None:
    gold = gold_of(7, labels=2)
    first, second = flipped(gold, 0.3, 8), flipped(gold, 0.1, 9)
    weights = np.ones(gold.shape)
    weights[40:, 1] = 0
    sides = Answers(
        first=first,
        second=second,
        gold=gold,
        weights=weights,
        clusters=np.arange(len(gold)),
        groups=(slice(0, 1), slice(1, 2)),
    )
    right = [(side == gold)[:40, 1].mean() for side in (first, second)]
    assert sides.figures(first)[3] == pytest.approx(right[0])
    assert swapped(sides).seen[3] == pytest.approx(right[1] - right[0])


def test_no_interval_reaches_beyond_what_is_possible() -> None:
    gold = gold_of(3, articles=4, labels=1)
    gold[0] = True
    [found] = swapped(answers(gold, ~gold, gold)).simultaneous()
    assert (found.value, found.low) == (-1.0, -1.0)
    assert found.high <= 1.0


def test_equal_seeds_give_equal_intervals() -> None:
    gold = gold_of(8)
    sides = answers(flipped(gold, 0.2, 9), flipped(gold, 0.2, 10), gold)
    assert swapped(sides, 1).simultaneous() == swapped(sides, 1).simultaneous()
    assert swapped(sides, 1).simultaneous() != swapped(sides, 2).simultaneous()


def test_a_few_articles_that_all_speak_one_way_show_nothing() -> None:
    """Three of three is one chance in four either way, whatever the size of the corpus."""
    gold = gold_of(9, articles=500)
    second = gold.copy()
    second[np.flatnonzero(gold[:, 0])[:3], 0] = False
    assert not any(one.shown for one in swapped(answers(gold, second, gold)).simultaneous())


def test_no_article_gives_no_difference() -> None:
    nothing = np.zeros((0, 3), bool)
    found = swapped(answers(nothing, nothing, nothing))
    assert [one.value for one in found.simultaneous()] == [0.0, 0.0, 0.0]
    assert found.mean(np.zeros(3, bool)).value == 0.0


def test_many_clusters_are_drawn_in_parts_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gold = gold_of(10)
    sides = answers(flipped(gold, 0.2, 11), flipped(gold, 0.1, 12), gold)
    whole = swapped(sides).drawn
    monkeypatch.setattr("training.simultaneous._AT_ONCE", 1000)
    assert np.array_equal(swapped(sides).drawn, whole)


def test_the_intervals_hold_all_true_differences_about_as_often_as_they_say() -> None:
    """Three labels, of which the second side truly is worse, alike and better."""
    held = []
    chances = np.array([[0.9, 0.8, 0.7], [0.75, 0.8, 0.85]])
    for seed in range(60):
        random = np.random.default_rng(seed)
        gold = np.ones((300, 3), bool)
        first, second = (random.random((300, 3)) < chance for chance in chances)
        # Recall alone moves here, so that F1 = 2 r / (1 + r) is known.
        f1 = [2 * chance / (1 + chance) for chance in chances]
        found = swapped(answers(first, second, gold), seed).simultaneous()
        held.append(
            all(
                one.low <= after - before <= one.high
                for one, before, after in zip(found, *f1, strict=True)
            )
        )
    assert np.mean(held) >= 0.9
