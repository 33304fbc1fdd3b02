"""Whether promises are kept: probabilities that mean what they say, of known precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from labels.scheme import Group, Kind, Label
from models.decision import Rule
from training.abstention import promise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Draw = Callable[[np.random.Generator, int], tuple[Floats, Bools]]

SPLITS = 200
ARTICLES = 600


def group_of(count: int, kind: Kind) -> Group:
    labels = tuple(Label(id=f"l{at}", zh="", en="") for at in range(count))
    return Group(id="g", kind=kind, zh="", en="", labels=labels)


def rule_of(count: int) -> Rule:
    return Rule(thresholds=(0.5,) * count, sure=(0.6,) * count, margin=0.1, trained=(True,) * count)


def exclusive(count: int, spread: float) -> Draw:
    def draw(random: np.random.Generator, articles: int) -> tuple[Floats, Bools]:
        raised = np.exp(random.normal(0, spread, (articles, count)))
        likely = raised / raised.sum(axis=1, keepdims=True)
        gold = (likely.cumsum(axis=1) > random.random((articles, 1))).argmax(axis=1)
        return likely, np.asarray(np.eye(count, dtype=bool)[gold])

    return draw


def multi(count: int, spread: float) -> Draw:
    def draw(random: np.random.Generator, articles: int) -> tuple[Floats, Bools]:
        likely = 1 / (1 + np.exp(-random.normal(0, spread, (articles, count))))
        return likely, random.random(likely.shape) < likely

    return draw


@pytest.mark.parametrize(
    ("kind", "count", "draw", "learnt_on"),
    [
        ("exclusive", 2, exclusive(2, 6.0), ARTICLES // 2),
        ("multi", 4, multi(4, 6.0), ARTICLES // 2),
        ("exclusive", 4, exclusive(4, 8.0), ARTICLES),
    ],
    ids=["two types", "four domains", "four types"],
)
def test_the_promise_is_kept_on_fresh_articles_and_lets_half_of_the_labels_pass(
    kind: Kind, count: int, draw: Draw, learnt_on: int
) -> None:
    group, rule = group_of(count, kind), rule_of(count)
    fresh, gold = draw(np.random.default_rng(10**6), 50_000)
    given = fresh >= 0.5 if kind == "multi" else fresh == fresh.max(axis=1, keepdims=True)
    assert gold[given].mean() < 0.95  # without a promise less than that is right
    kept_whole, kept_each, coverage = [], [], []
    for split in range(SPLITS):
        likely, right = draw(np.random.default_rng(split), ARTICLES)
        learnt, _ = promise(
            group, rule, likely[:learnt_on], right[:learnt_on], np.arange(learnt_on), 0.95
        )
        passes = given & (fresh >= np.array(learnt.sure))
        coverage.append(passes.sum() / given.sum())
        kept_whole.append(_precision(passes, gold) >= 0.95)
        kept_each += [_precision(passes[:, at], gold[:, at]) >= 0.95 for at in range(count)]
    assert np.mean(kept_whole) >= 0.93
    assert np.mean(kept_each) >= 0.93
    assert np.mean(coverage) >= 0.5


def _precision(passes: Bools, gold: Bools) -> float:
    return float(gold[passes].mean()) if passes.any() else 1.0


def test_scores_that_tell_nothing_rarely_promise_what_they_cannot_keep() -> None:
    """The hardest case: wherever the line is drawn, precision is just below the promise."""
    broken = []
    for split in range(400):
        random = np.random.default_rng(split)
        likely, right = random.uniform(0.5, 1, (600, 1)), random.random((600, 1)) < 0.9499
        broken.append(
            promise(group_of(1, "multi"), rule_of(1), likely, right, np.arange(600), 0.95)[1][
                0
            ].sure
            is not None
        )
    assert np.mean(broken) <= 0.07
