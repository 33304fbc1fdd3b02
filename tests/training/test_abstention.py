"""What is promised on how much evidence; test_promises.py asks whether it is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from labels.scheme import Group, Kind, Label
from models.decision import NEVER, Rule, decide
from training.abstention import Promise, least_articles, precision_bound, promise
from training.counts import Rows

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def group_of(count: int, kind: Kind) -> Group:
    labels = tuple(Label(id=f"l{at}", zh="", en="") for at in range(count))
    return Group(id="g", kind=kind, zh="", en="", labels=labels)


def rule_of(count: int) -> Rule:
    return Rule(thresholds=(0.5,) * count, sure=(0.6,) * count, margin=0.1, trained=(True,) * count)


def apart(right: Bools) -> Rows:
    """Articles of which none is a near-duplicate of another."""
    return np.arange(len(right))


ONE, ONE_RULE = group_of(1, "multi"), rule_of(1)


def promised(likely: list[float], wrong: set[int], precision: float = 0.95) -> tuple[Rule, Promise]:
    """What one label holds, of articles that are right but for the places in ``wrong``."""
    right = np.array([[at not in wrong] for at in range(len(likely))])
    rule, promises = promise(
        ONE, ONE_RULE, np.array(likely)[:, None], right, apart(right), precision
    )
    return rule, promises[0]


def falling(count: int) -> list[float]:
    """So many different probabilities, from 0.99 down to 0.51."""
    return [float(likely) for likely in np.linspace(0.99, 0.51, count)]


@pytest.mark.parametrize(("precision", "least"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_so_many_articles_without_an_error_are_the_least(precision: float, least: int) -> None:
    assert least_articles(precision) == least
    assert precision_bound(least, 0) >= precision > precision_bound(least - 1, 0)


@pytest.mark.parametrize(("kept", "wrong"), [(10, 1), (59, 0), (100, 3), (93, 1)])
def test_at_the_bound_so_few_errors_have_a_chance_of_5_percent(kept: int, wrong: int) -> None:
    bound = precision_bound(kept, wrong)
    assert float(binom.cdf(wrong, kept, 1 - bound)) == pytest.approx(0.05)


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_nothing_right_bounds_nothing(kept: int) -> None:
    assert precision_bound(kept, kept) == 0.0


def test_an_errorless_label_passes_down_to_its_last_article() -> None:
    rule, held = promised(falling(59), set())
    assert held == Promise(
        label="l0",
        given=59,
        kept=59,
        wrong=0,
        bound=precision_bound(59, 0),
        sure=0.51,
        needed=59,
    )
    assert rule.sure == (held.sure,)


def test_one_article_too_few_promises_nothing() -> None:
    rule, held = promised(falling(58), set())
    assert (held.given, held.kept, held.wrong, held.bound, held.sure) == (58, 0, 0, 0.0, None)
    assert rule.sure == (NEVER,)


def test_what_passes_ends_before_the_errors_begin() -> None:
    likely = falling(100)
    rule, held = promised(likely, {70, 71, 72})
    assert (held.kept, held.wrong) == (70, 0)
    assert rule.sure == (likely[69],)


def test_after_the_first_place_that_falls_short_nothing_more_is_tried() -> None:
    """All 300 with one error would hold, but to look so far would spend the 5 % again."""
    assert precision_bound(300, 1) > 0.95
    assert promised(falling(300), {59})[1].kept == 59
    assert promised(falling(300), {10})[1].kept == 0


def test_an_error_after_many_right_ones_may_pass() -> None:
    _, held = promised(falling(150), {120})
    assert (held.kept, held.wrong) == (150, 1)
    assert held.bound == precision_bound(150, 1) >= 0.95


def test_equal_probabilities_pass_together_or_not_at_all() -> None:
    rule, held = promised([0.9] * 70, set())
    assert (held.kept, rule.sure) == (70, (0.9,))
    _, held = promised([0.9] * 40 + [0.8] * 40, {70})
    assert held.kept == 0


def test_the_order_of_the_articles_does_not_matter() -> None:
    random = np.random.default_rng(0)
    likely = np.round(random.uniform(0.5, 1, (200, 1)), 2)
    right = random.random((200, 1)) < 0.99
    order = random.permutation(200)
    there = promise(ONE, ONE_RULE, likely, right, apart(right), 0.9)
    assert promise(ONE, ONE_RULE, likely[order], right[order], apart(right[order]), 0.9) == there
    assert there[1][0].kept > 0


def test_a_smaller_promise_lets_more_pass() -> None:
    random = np.random.default_rng(1)
    likely = random.uniform(0.5, 1, 400)
    wrong = set(np.flatnonzero(random.random(400) > likely**0.3).tolist())
    kept = [promised(likely.tolist(), wrong, precision)[1].kept for precision in (0.7, 0.8, 0.9)]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > kept[-1]


def test_articles_that_do_not_get_the_label_say_nothing_of_it() -> None:
    below = [0.49] * 40
    assert promised(falling(60) + below, set(range(60, 100))) == promised(falling(60), set())


def test_what_no_model_judged_says_nothing() -> None:
    judged = promised(falling(60), set())
    assert promised([*falling(60), np.nan, np.nan], {60, 61}) == judged


def test_a_label_never_given_promises_nothing() -> None:
    rule, held = promised([0.1] * 100, set())
    assert (held.given, held.sure, rule.sure) == (0, None, (NEVER,))


def test_an_untrained_label_promises_nothing() -> None:
    rule = Rule(thresholds=(0.5,), sure=(0.6,), margin=0.1, trained=(False,))
    likely, right = np.full((100, 1), 0.9), np.ones((100, 1), bool)
    assert promise(ONE, rule, likely, right, apart(right), 0.95)[1][0].given == 0


def test_of_exclusive_labels_only_the_best_is_given() -> None:
    likely = np.tile([0.6, 0.4], (60, 1))
    right = np.tile([True, False], (60, 1))
    rule, (best, other) = promise(
        group_of(2, "exclusive"), rule_of(2), likely, right, apart(right), 0.95
    )
    assert (best.given, best.kept, other.given) == (60, 60, 0)
    assert rule.sure == (0.6, NEVER)


def test_an_article_that_no_model_judged_gets_no_exclusive_label() -> None:
    likely, right = np.full((60, 2), np.nan), np.tile([True, False], (60, 1))
    _, held = promise(group_of(2, "exclusive"), rule_of(2), likely, right, apart(right), 0.95)
    assert [one.given for one in held] == [0, 0]


def test_a_label_that_the_model_of_an_article_could_not_learn_is_no_evidence() -> None:
    likely, right = np.zeros((60, 2)), np.tile([True, False], (60, 1))
    _, held = promise(group_of(2, "exclusive"), rule_of(2), likely, right, apart(right), 0.95)
    assert [one.given for one in held] == [0, 0]


def test_copies_of_one_article_are_evidence_of_one() -> None:
    likely, right = np.full((200, 1), 0.9), np.ones((200, 1), bool)
    _, (held,) = promise(ONE, ONE_RULE, likely, right, np.zeros(200, np.intp), 0.95)
    assert (held.given, held.kept, held.sure) == (1, 0, None)


def test_near_duplicates_that_say_the_same_promise_what_one_of_each_would() -> None:
    likely = np.array(falling(100))[:, None]
    right = (np.arange(100) % 80 < 70)[:, None]
    clusters = np.arange(100)
    once = promise(ONE, ONE_RULE, likely, right, clusters, 0.95)
    twice = promise(
        ONE, ONE_RULE, np.tile(likely, (2, 1)), np.tile(right, (2, 1)), np.tile(clusters, 2), 0.95
    )
    assert twice == once
    assert once[1][0].kept == 70


def test_near_duplicates_are_wrong_as_soon_as_a_wrong_one_passes() -> None:
    likely = [*falling(60), 0.995, 0.511]
    right = np.array([[True]] * 61 + [[False]])
    clusters = np.array([*range(60), 60, 60])
    _, (held,) = promise(ONE, ONE_RULE, np.array(likely)[:, None], right, clusters, 0.95)
    assert (held.given, held.kept) == (61, 59)  # the wrong one counts, the right one does not
    right[60:] = [[False], [True]]
    _, (held,) = promise(ONE, ONE_RULE, np.array(likely)[:, None], right, clusters, 0.95)
    assert (held.given, held.kept) == (61, 0)


@pytest.mark.parametrize("copies", [(0.999, 0.5), (0.5, 0.999)])
def test_right_near_duplicates_count_once_all_of_them_pass(copies: tuple[float, float]) -> None:
    likely = np.array([*falling(59), *copies])[:, None]
    right, clusters = np.ones((61, 1), bool), np.array([*range(59), 59, 59])
    rule, (held,) = promise(ONE, ONE_RULE, likely, right, clusters, 0.95)
    assert (held.given, held.kept, rule.sure) == (60, 60, (0.5,))


def test_beside_an_untrained_label_everything_goes_to_review_whatever_was_promised() -> None:
    group = group_of(2, "multi")
    rule = Rule(thresholds=(0.5,) * 2, sure=(0.6,) * 2, margin=0.1, trained=(True, False))
    likely, right = np.full((100, 2), 0.9), np.ones((100, 2), bool)
    kept, _ = promise(group, rule, likely, right, apart(right), 0.95)
    assert decide(group, kept, [0.95, 0.0]).reasons == ("untrained:g:l1",)


def test_nothing_but_the_sureness_of_the_rule_changes() -> None:
    likely, right = np.full((60, 1), 0.9), np.ones((60, 1), bool)
    rule, _ = promise(ONE, ONE_RULE, likely, right, apart(right), 0.95)
    assert rule == Rule(thresholds=(0.5,), sure=(0.9,), margin=0.1, trained=(True,))


def test_the_rule_lets_pass_exactly_what_was_kept() -> None:
    likely = falling(100)
    rule, held = promised(likely, {70, 71, 72})
    passed = [not decide(ONE, rule, [value]).reasons for value in likely]
    assert passed == [True] * held.kept + [False] * (100 - held.kept)


def test_without_a_promise_every_given_label_goes_to_review() -> None:
    rule, _ = promised(falling(10), set())
    assert decide(ONE, rule, [1.0]).reasons == ("uncertain:g:l0",)
