from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from labels.errors import StateError, VersionError
from models.store import Store
from training.comparison import Comparison, GroupChange, LabelChange, not_compared
from training.gate import admit, objections
from training.saving import save
from training.simultaneous import Difference
from training.train import Trained

AI = 4  # the column of domains:ai


def group(value: float) -> GroupChange:
    return GroupChange(
        group="type",
        articles=40,
        first=0.9,
        second=0.9 + value,
        difference=Difference(value=value, low=value - 0.1, high=value + 0.1),
        reviewed=(0.1, 0.1),
    )


def label(low: float, high: float) -> LabelChange:
    return LabelChange(
        group="domains",
        label="ai",
        articles=20,
        first=0.9,
        second=0.9 + (low + high) / 2,
        gained=0,
        lost=5,
        difference=Difference(value=(low + high) / 2, low=low, high=high),
    )


def comparison(*, articles: int = 40, fall: float = 0.0, of_label: LabelChange) -> Comparison:
    nothing = not_compared("a", "b", "")
    return replace(nothing, articles=articles, groups=[group(-fall)], labels=[of_label])


def test_nothing_speaks_against_a_version_that_is_not_shown_worse() -> None:
    assert objections(comparison(of_label=label(-0.2, 0.01))) == []


def test_a_label_that_is_shown_worse_speaks_against_it() -> None:
    found = objections(comparison(of_label=label(-0.3, -0.1)))
    assert found == ["domains:ai is shown worse (F1 -0.200, -0.300 to -0.100)"]


@pytest.mark.parametrize(("fall", "refused"), [(0.021, True), (0.02, False), (-0.3, False)])
def test_so_does_a_fall_of_macro_f1_whatever_its_interval(fall: float, refused: bool) -> None:
    found = objections(comparison(fall=fall, of_label=label(-0.1, 0.1)))
    expected = "type falls by 0.021 macro-F1 (0.900 to 0.879; 0.02 are allowed)"
    assert found == ([expected] if refused else [])


def test_so_do_too_few_articles_and_then_nothing_else_is_said() -> None:
    found = objections(comparison(articles=19, fall=0.5, of_label=label(-0.5, -0.4)))
    assert found == ["it has 19 common articles with the champion, and 20 are needed to compare"]
    assert (
        "it has 1 common article with"
        in objections(comparison(articles=1, of_label=label(0, 0)))[0]
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def saved(store: Store) -> Callable[[Trained], Path]:
    days = count(1)
    return lambda trained: save(store, trained, datetime(2026, 1, next(days), tzinfo=UTC))


@pytest.fixture
def good(trained: Trained) -> Trained:
    """With out-of-fold probabilities that are always right and sure."""
    return replace(trained, likely=np.where(trained.corpus.strata, 0.97, 0.01))


@pytest.fixture
def bad(good: Trained) -> Trained:
    """It misses half of what is about AI."""
    likely = good.likely.copy()
    likely[np.flatnonzero(good.corpus.strata[:, AI])[::2], AI] = 0.001
    return replace(good, likely=likely)


def test_the_first_of_a_store_has_nothing_to_be_compared_with(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    admitted = admit(store, saved(good))
    assert (admitted.over, admitted.verdict) == (store.champion(), "")


def test_a_version_as_good_as_the_champion_passes_with_the_verdict(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    first, second = saved(good), saved(good)
    admitted = admit(store, second)
    assert admitted.over == first.name
    assert admitted.verdict.startswith("no difference: all 120 common articles")


def test_a_worse_one_is_refused_with_what_is_worse_and_how_to_look_closer(
    store: Store, saved: Callable[[Trained], Path], good: Trained, bad: Trained
) -> None:
    first, second = saved(good), saved(bad)
    with pytest.raises(StateError) as refused:
        admit(store, second)
    message = str(refused.value)
    assert message.startswith(
        f"{second.name}: not better than the champion {first.name}: domains:ai is shown worse (F1 "
    )
    assert "; domains falls by " in message
    assert message.endswith(f"see: newstag compare {first.name} {second.name}.")
    assert store.champion() == first.name


def test_force_lets_it_pass_and_says_what_it_passed_over(
    store: Store, saved: Callable[[Trained], Path], good: Trained, bad: Trained
) -> None:
    saved(good)
    admitted = admit(store, saved(bad), force=True)
    assert admitted.verdict.startswith("forced, although domains:ai is shown worse")


def test_a_damaged_champion_does_not_keep_a_whole_version_out(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    first, second = saved(good), saved(good)
    (first / "oof.jsonl").unlink()
    admitted = admit(store, second)
    assert admitted.verdict == "not compared: the champion is damaged (a missing file)"
    assert admitted.over == first.name


def test_a_damaged_version_is_refused_even_by_force(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    saved(good)
    second = saved(good)
    (second / "oof.jsonl").unlink()
    with pytest.raises(VersionError, match=r"oof\.jsonl: a missing file"):
        admit(store, second, force=True)


def test_another_scheme_is_left_to_the_store_to_refuse(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    saved(good)
    scheme = good.model.scheme
    other = replace(scheme, groups=(replace(scheme.groups[0], zh="体裁"), *scheme.groups[1:]))
    foreign = replace(
        good,
        model=replace(good.model, scheme=other),
        corpus=replace(good.corpus, scheme=other),
    )
    second = saved(foreign)
    assert admit(store, second).verdict == "not compared: another scheme"
    with pytest.raises(StateError, match="another scheme than the champion"):
        store.promote(second.name, "")
