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
from training.changes import ArticleChange, Exact, GroupChange, LabelChange
from training.comparison import Comparison, not_compared
from training.gate import admit, objections
from training.saving import save
from training.simultaneous import Difference
from training.train import Trained

AI = 4  # the column of domains:ai


def group(value: float, *, distinct: int = 40, exact: float = 0.0) -> GroupChange:
    return GroupChange(
        group="type",
        source="given",
        articles=40,
        distinct=distinct,
        first=0.9,
        second=0.9 + value,
        difference=Difference(value=value, low=value - 0.1, high=value + 0.1),
        exact=Exact(
            first=0.9,
            second=0.9 + exact,
            difference=Difference(value=exact, low=exact - 0.05, high=exact + 0.05),
        ),
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


UNSURE = label(-0.1, 0.1)
CHANGED = ArticleChange(
    id="a1", group="type", first=["news"], second=["event"], gold=None, outcome="unknown"
)


def comparison(
    *, distinct: int = 40, of_label: LabelChange = UNSURE, of_group: GroupChange | None = None
) -> Comparison:
    return replace(
        not_compared("a", "b", ""),
        articles=max(distinct, 40),
        distinct=distinct,
        groups=[of_group or group(0.0)],
        labels=[of_label],
        changed=[CHANGED],
    )


def test_nothing_speaks_against_a_version_that_is_not_shown_worse() -> None:
    assert objections(comparison(of_label=label(-0.2, 0.01))) == []


def test_a_label_that_is_shown_worse_speaks_against_it() -> None:
    found = objections(comparison(of_label=label(-0.3, -0.1)))
    assert found == ["shown worse on domains:ai (F1 -0.200, -0.300 to -0.100)"]


@pytest.mark.parametrize(("fall", "refused"), [(0.021, True), (0.02, False), (-0.3, False)])
def test_so_does_a_fall_of_macro_f1_whatever_its_interval(fall: float, refused: bool) -> None:
    found = objections(comparison(of_group=group(-fall)))
    expected = "type falls by 0.021 macro-F1 (0.900 to 0.879; 0.02 is allowed)"
    assert found == ([expected] if refused else [])


@pytest.mark.parametrize(("exact", "refused"), [(-0.06, True), (-0.04, False), (0.3, False)])
def test_so_does_a_group_of_which_fewer_articles_are_shown_to_be_exactly_right(
    exact: float, refused: bool
) -> None:
    found = objections(comparison(of_group=group(0.0, exact=exact)))
    expected = "shown worse on type as a whole (exactly right -0.060, -0.110 to -0.010)"
    assert found == ([expected] if refused else [])


def test_so_do_too_few_distinct_articles_and_then_nothing_else_is_said() -> None:
    found = objections(comparison(distinct=19, of_label=label(-0.5, -0.4)))
    expected = "it has 40 common articles, 19 distinct, with the champion"
    assert found == [f"{expected}, and 20 distinct ones are needed to compare"]


def test_so_does_a_group_that_changes_with_too_few_gold_labels_to_tell() -> None:
    few = group(-0.5, distinct=19)
    expected = "type gets other labels, and 40 common articles, 19 distinct, have gold ones of it"
    assert objections(comparison(of_group=few)) == [f"{expected}, where 20 are needed"]
    unchanged = replace(comparison(of_group=few), changed=[])
    assert objections(unchanged) == []


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
        f"{second.name}: not better than the champion {first.name}: shown worse on domains:ai (F1 "
    )
    assert "; domains falls by " in message
    assert message.endswith(f"see: newstag compare {first.name} {second.name}.")
    assert store.champion() == first.name


def test_force_lets_it_pass_and_says_what_it_passed_over(
    store: Store, saved: Callable[[Trained], Path], good: Trained, bad: Trained
) -> None:
    saved(good)
    admitted = admit(store, saved(bad), force=True)
    assert admitted.verdict.startswith("forced, although shown worse on domains:ai")


def test_a_champion_that_cannot_be_compared_with_is_replaced_by_force_only(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    first, second = saved(good), saved(good)
    (first / "oof.jsonl").unlink()
    with pytest.raises(StateError, match=r"cannot be compared \(.*oof\.jsonl: a missing file\)"):
        admit(store, second)
    admitted = admit(store, second, force=True)
    assert admitted.over == first.name
    assert "a missing file" in admitted.verdict
    store.promote(second.name, "it is whole", force=True, over=admitted.over)
    assert store.champion() == second.name


def test_a_champion_with_a_stray_file_is_compared_with_all_the_same(
    store: Store, saved: Callable[[Trained], Path], good: Trained, bad: Trained
) -> None:
    first, second = saved(good), saved(bad)
    (first / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(StateError, match="shown worse on domains:ai"):
        admit(store, second)


def test_a_lost_pointer_does_not_open_the_gate(
    store: Store, saved: Callable[[Trained], Path], good: Trained, bad: Trained
) -> None:
    first, second = saved(good), saved(bad)
    (store.root / "champion").unlink()
    with pytest.raises(StateError, match="shown worse on domains:ai"):
        admit(store, second)
    assert store.champion() == first.name


def test_a_damaged_pointer_is_mended_from_the_ledger(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    first, second = saved(good), saved(good)
    (store.root / "champion").write_text("\0\0", "ascii")
    admitted = admit(store, second)
    assert admitted.over == first.name
    store.promote(second.name, "", over=admitted.over, verdict=admitted.verdict)
    assert store.champion() == second.name


def test_a_damaged_pointer_without_a_ledger_is_replaced_by_force_only(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    saved(good)
    second = saved(good)
    (store.root / "champion").write_text("\0\0", "ascii")
    (store.root / "ledger.jsonl").unlink()
    with pytest.raises(StateError, match="the pointer to the champion is damaged"):
        admit(store, second)
    admitted = admit(store, second, force=True)
    store.promote(second.name, "lost", force=True, over=admitted.over)
    assert store.champion() == second.name


def test_a_champion_that_came_meanwhile_was_not_compared_with(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    first, second = saved(good), saved(good)
    with pytest.raises(StateError, match=f"compared with nothing, but {first.name} is champion"):
        store.promote(second.name, "", over=None)


def test_a_label_given_to_articles_none_of_which_has_it_closes_the_gate(
    store: Store, saved: Callable[[Trained], Path], good: Trained
) -> None:
    """Its F1 is 0 before and after, so that no macro-F1 falls."""
    strata = good.corpus.strata.copy()
    absent = next(at for at in range(AI, strata.shape[1]) if at != AI)
    label = good.corpus.scheme.outputs[absent][1]
    samples = tuple(
        replace(one, labels={**one.labels, "domains": one.labels["domains"] - {label}})
        for one in good.corpus.samples
    )
    corpus = replace(good.corpus, samples=samples)
    live = replace(good, corpus=corpus, likely=np.where(corpus.strata, 0.97, 0.01))
    likely = live.likely.copy()
    likely[::2, absent] = 0.97
    saved(live)
    with pytest.raises(StateError, match=r"shown worse on domains as a whole \(exactly right -0"):
        admit(store, saved(replace(live, likely=likely)))


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
