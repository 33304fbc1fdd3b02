"""Saving that is killed at any step: the store opens, and its champion is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.store import Store
from models.sums import check_sums
from tests.models.killing import SAVED, steps_of

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"

Save = Callable[[Store, str], Path]


@pytest.fixture
def two(store: Store, save: Save) -> Store:
    """A store of two versions; the champion was promoted after the first."""
    for name in (A, B):
        save(store, name)
    store.promote(B, "better")
    return store


def assert_sound(store: Store) -> None:
    assert store.champion() in {None, *store.versions()}  # nobody has mended it yet
    store.mend()
    assert store.unfinished() is None
    champion = store.champion()
    assert champion == store.history()[-1].after
    assert champion in store.versions()
    for version in store.versions():
        check_sums(store.root / version)


def test_a_kill_at_any_step_of_saving_leaves_the_version_out_or_whole(
    two: Store, tmp_path: Path
) -> None:
    *killed, done = steps_of(two, "save", tmp_path / "killed", two.root / A)
    assert len(killed) > 20
    for store in (*killed, done):
        assert_sound(store)
        assert store.champion() == B
    assert {SAVED in store.versions() for store in killed} == {False, True}


def test_a_kill_at_any_step_of_the_first_saving_leaves_no_version_or_a_champion(
    store: Store, save: Save, tmp_path: Path
) -> None:
    whole = save(Store(tmp_path / "other"), A)
    *killed, done = steps_of(store, "save", tmp_path / "killed", whole)
    assert len(killed) > 20
    found = set()
    for left in (*killed, done):
        if left.versions():
            assert_sound(left)
        found.add(left.champion())
        if not left.versions():
            save(left, B)
            assert_sound(left)
    assert found == {None, SAVED}
