"""What people read of versions and of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labels.errors import StateError
from models.listing import history_lines, manifest_lines, version_lines
from models.manifest import read_manifest
from models.store import Store

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"


@pytest.fixture
def full(store: Store, save: Callable[[Store, str], Path]) -> Store:
    """A store of two versions, the first of them champion."""
    save(store, A)
    save(store, B)
    return store


def test_versions_are_listed_with_their_figures_and_a_star_at_the_champion(full: Store) -> None:
    assert list(version_lines(full)) == [
        f"* {A}       5 articles  macro-F1 type 0.500 on 3 given articles",
        f"  {B}       5 articles  macro-F1 type 0.500 on 3 given articles",
        "* champion",
    ]


def test_an_empty_store_says_how_to_fill_it(store: Store) -> None:
    with pytest.raises(StateError) as empty:
        list(version_lines(store))
    assert str(empty.value) == f"{store.root}: no model version yet. Run: newstag train."


def test_a_version_is_shown_with_where_it_comes_from(version: Path) -> None:
    assert list(manifest_lines(version)) == [
        f"version     {A}",
        f"directory   {version}",
        "created     2026-01-01T00:00:00+00:00",
        "trained on  5 articles, 3 given",
        f"scheme      {read_manifest(version).scheme_digest[:16]}",
        "corpus      0000000000000000",
        f"libraries   numpy {np.__version__}",
    ]


def test_the_history_is_a_line_a_change(full: Store) -> None:
    entries = [*full.history(), full.promote(B, "更准"), full.rollback("")]
    times = [f"{entry.time}  {entry.by}" for entry in entries]
    assert list(history_lines(full)) == [
        f"{times[0]}  first  none -> {A}: first version",
        f"{times[1]}  promote  {A} -> {B}: 更准",
        f"{times[2]}  rollback  {B} -> {A}",
    ]


def test_a_store_without_versions_has_no_history(store: Store) -> None:
    with pytest.raises(StateError) as refused:
        list(history_lines(store))
    assert str(refused.value) == f"{store.root}: no model version yet. Run: newstag train."


def test_a_damaged_version_does_not_hide_the_others(
    store: Store, save: Callable[[Store, str], Path]
) -> None:
    first = save(store, "20260101T000000Z-00000001")
    save(store, "20260102T000000Z-00000002")
    (first / "manifest.json").write_text("{", "utf-8")
    lines = list(version_lines(store))
    assert lines[0] == "* 20260101T000000Z-00000001  damaged: not JSON"
    assert lines[1].startswith("  20260102T000000Z-00000002       5 articles")
