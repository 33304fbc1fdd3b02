"""What people read of versions and of the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labels.errors import StateError
from models.ledger import Entry, append_entry
from models.listing import history_lines, manifest_lines, moment_lines, pruning_lines, version_lines
from models.manifest import read_manifest
from models.moments import Moment
from models.store import Store

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # later than anything that a ledger tells


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


def test_files_under_the_name_of_another_version_are_told(full: Store) -> None:
    shutil.rmtree(full.root / A)
    shutil.copytree(full.root / B, full.root / A)
    assert next(version_lines(full)) == f"* {A}  damaged: its files are those of {B}"


# Where something is wrong with the champion


def cut_off(store: Store) -> None:
    """As after a kill between ledger and pointer."""
    store.promote(B, "更准")
    (store.root / "champion").write_text(f"{A}\n", "ascii")


def test_listing_finishes_a_change_that_was_broken_off_and_says_so(full: Store) -> None:
    cut_off(full)
    lines = list(version_lines(full))
    assert [line[0] for line in lines[:2]] == [" ", "*"]
    assert lines[2:] == [
        "* champion",
        f"note: a change that was broken off is finished: {B} is champion.",
    ]
    assert full.champion() == B
    assert list(version_lines(full))[2:] == ["* champion"]


def test_the_history_finishes_it_as_well(full: Store) -> None:
    cut_off(full)
    assert list(history_lines(full))[2:] == [
        f"note: a change that was broken off is finished: {B} is champion."
    ]
    assert full.champion() == B


def test_asking_what_was_live_finishes_it_as_well(full: Store) -> None:
    cut_off(full)
    lines = list(moment_lines(full, Moment(time=LATER), LATER))
    assert lines[2] == f"version  {B}"
    assert lines[-1] == f"note: a change that was broken off is finished: {B} is champion."
    assert full.champion() == B


@pytest.mark.parametrize("list_all", [version_lines, history_lines])
def test_listing_a_store_in_order_takes_no_lock(
    full: Store, list_all: Callable[[Store], Iterator[str]]
) -> None:
    (full.root / ".lock").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in full.root.iterdir()}
    list(list_all(full))
    assert {path.name: path.stat().st_mtime_ns for path in full.root.iterdir()} == before


def test_a_store_that_one_may_only_read_is_listed_as_it_is(full: Store) -> None:
    cut_off(full)
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()  # refuses to be opened, even for the superuser
    note = (
        f"note: the change of champion to {B} is unfinished: the pointer does not name it, "
        f"and {A} is live. Run this where the store can be written."
    )
    lines = list(version_lines(full))
    assert [line[0] for line in lines[:2]] == ["*", " "]
    assert lines[2:] == ["* champion", note]
    assert list(history_lines(full))[2:] == [note]
    assert full.champion() == A


def test_a_store_that_one_may_only_read_says_when_nothing_is_live(full: Store) -> None:
    (full.root / "champion").write_bytes(b"\0\0")
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()
    assert list(version_lines(full))[2:] == [
        "* champion",
        (
            f"note: the change of champion to {A} is unfinished: the pointer does not name it, "
            "and nothing is live. Run this where the store can be written."
        ),
        f"note: {full.root}/champion: names no version. Use: newstag models promote REF.",
    ]


def test_a_change_that_is_just_being_made_is_not_told(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(full)
    unfinished = full.unfinished()
    full.mend()  # as the other process does, while this one waits for the lock
    monkeypatch.setattr(full, "unfinished", lambda: unfinished)
    assert list(version_lines(full))[2:] == ["* champion"]


def test_a_damaged_pointer_is_mended_by_the_ledger(full: Store) -> None:
    (full.root / "champion").write_text("?\n", "ascii")
    assert list(version_lines(full))[2:] == [
        "* champion",
        f"note: a change that was broken off is finished: {A} is champion.",
    ]
    assert full.champion() == A


def test_a_damaged_pointer_without_a_ledger_does_not_hide_the_versions(full: Store) -> None:
    (full.root / "champion").write_text("?\n", "ascii")
    (full.root / "ledger.jsonl").unlink()
    lines = list(version_lines(full))
    assert [line[:27] for line in lines[:2]] == [f"  {A}", f"  {B}"]
    assert lines[2:] == [
        "* champion",
        f"note: {full.root}/champion: names no version. Use: newstag models promote REF.",
    ]
    assert (full.root / "champion").read_text("ascii") == "?\n"


def test_a_damaged_ledger_does_not_hide_the_versions(full: Store) -> None:
    ledger = full.root / "ledger.jsonl"
    ledger.write_bytes(b"oops\n" + ledger.read_bytes())
    lines = list(version_lines(full))
    assert [line[0] for line in lines[:2]] == ["*", " "]
    damaged = f"{ledger}:1: a damaged line. Restore the ledger from a backup."
    assert lines[2:] == ["* champion", f"note: {damaged}"]
    with pytest.raises(StateError) as refused:
        list(history_lines(full))
    assert str(refused.value) == damaged


def test_versions_without_a_champion_are_listed_with_what_to_do(full: Store) -> None:
    (full.root / "champion").unlink()
    (full.root / "ledger.jsonl").unlink()
    assert list(version_lines(full))[2:] == [
        "* champion",
        f"note: {full.root}: versions, but no champion. Use: newstag models promote {B}.",
    ]


def test_a_champion_that_is_gone_is_told(full: Store) -> None:
    shutil.rmtree(full.root / A)
    assert list(version_lines(full))[1:] == [
        "* champion",
        (
            f"note: {full.root}/{A}: gone from the store. Use: newstag models promote REF, "
            "or bring it back with: newstag models promote models:/NAME/VERSION."
        ),
    ]


# What a comparison said


def test_the_history_tells_what_a_comparison_said(full: Store) -> None:
    full.promote(B, "更准", over=A, verdict="type +0.021")
    full.promote(A, "", over=B, verdict="type\n-0.021")
    first, *lines = history_lines(full)
    assert first.endswith(f"none -> {A}: first version")
    assert [line.split("  ", 2)[2] for line in lines] == [
        f"promote  {A} -> {B}: 更准 (type +0.021)",
        f"promote  {B} -> {A} (type -0.021)",
    ]


def test_a_reason_of_several_lines_is_one_line_of_the_history(full: Store) -> None:
    full.promote(B, "一\n\n二\r\n 三")
    assert len(lines := list(history_lines(full))) == 2
    assert lines[1].endswith(f"{A} -> {B}: 一 二 三")


# Which was live when


@pytest.fixture
def dated(full: Store) -> Store:
    """A store whose champions are of 10:00 and of 12:00 of a day."""
    told(full, "10:00", A, None, action="first", why="first version")
    told(full, "12:00", B, A, why="更\n准", verdict="type +0.021")
    return full


def told(store: Store, clock: str, after: str, before: str | None, **more: Any) -> None:
    """Let the ledger tell of a change; the first line replaces what it held."""
    ledger = store.root / "ledger.jsonl"
    if before is None:
        ledger.unlink()
    more = {"action": "promote", "why": "", **more}
    time = f"2026-01-06T{clock}:00+00:00"
    append_entry(ledger, Entry(time=time, by="小满", before=before, after=after, **more))
    (store.root / "champion").write_text(f"{after}\n", "ascii")


def asked(store: Store, clock: str, offset: str = "+00:00") -> list[str]:
    time = datetime.fromisoformat(f"2026-01-06T{clock}:00{offset}")
    return list(moment_lines(store, Moment(time=time), LATER))


def test_what_was_live_is_told_with_since_when_and_until_when(dated: Store) -> None:
    assert asked(dated, "11:59") == [
        "at       2026-01-06T11:59:00+00:00",
        "in UTC   2026-01-06T11:59:00+00:00",
        f"version  {A}",
        "since    2026-01-06T10:00:00+00:00, first by 小满",
        "why      first version",
        f"until    2026-01-06T12:00:00+00:00, when {B} became champion",
    ]


def test_what_is_live_still_is_until_now_and_shows_what_a_comparison_said(dated: Store) -> None:
    assert asked(dated, "20:00", "+08:00") == [
        "at       2026-01-06T20:00:00+08:00",
        "in UTC   2026-01-06T12:00:00+00:00",
        f"version  {B}",
        "since    2026-01-06T12:00:00+00:00, promote by 小满",
        "why      更 准",
        "verdict  type +0.021",
        "until    now",
    ]


def test_an_entry_without_a_reason_shows_none(dated: Store) -> None:
    told(dated, "13:00", A, B, action="rollback")
    assert asked(dated, "13:30")[2:] == [
        f"version  {A}",
        "since    2026-01-06T13:00:00+00:00, rollback by 小满",
        "until    now",
    ]


def test_before_the_first_nothing_was_live(dated: Store) -> None:
    with pytest.raises(StateError) as refused:
        asked(dated, "10:59", "+01:00")
    assert str(refused.value) == (
        f"{dated.root}: no version was live at 2026-01-06T09:59:00+00:00: the first, {A}, is "
        "champion since 2026-01-06T10:00:00+00:00. Give that time or a later one."
    )


def test_in_the_future_the_present_champion_is_told(dated: Store) -> None:
    moment = Moment(time=LATER + timedelta(days=1))
    lines = list(moment_lines(dated, moment, LATER))
    assert lines[2] == f"version  {B}"
    assert lines[-2:] == [
        "until    now",
        "note: that is in the future; this is the present champion.",
    ]


def test_now_is_the_champion_whatever_its_clock_said(dated: Store) -> None:
    now = datetime.fromisoformat("2026-01-06T11:00:00+00:00")  # the clock was an hour ahead
    assert f"version  {B}" in list(moment_lines(dated, Moment(time=now), now))


def test_a_clock_that_went_back_is_told(dated: Store) -> None:
    told(dated, "11:00", A, B)
    assert asked(dated, "12:30")[2:] == [
        f"version  {A}",
        "since    2026-01-06T11:00:00+00:00, promote by 小满",
        "until    now",
        (
            "note: the clock went back before 2026-01-06T11:00:00+00:00; around then the later "
            "entry counts."
        ),
    ]


def test_in_an_empty_store_nothing_was_live(store: Store) -> None:
    with pytest.raises(StateError) as refused:
        asked(store, "12:00")
    assert str(refused.value) == f"{store.root}: no model version yet. Run: newstag train."


def test_without_a_champion_nothing_was_live(full: Store) -> None:
    (full.root / "champion").unlink()
    (full.root / "ledger.jsonl").unlink()
    with pytest.raises(StateError) as refused:
        asked(full, "12:00")
    assert str(refused.value) == (
        f"{full.root}: versions, but no champion. Use: newstag models promote {B}."
    )


def test_without_a_ledger_in_a_store_that_one_may_only_read_nobody_knows(full: Store) -> None:
    (full.root / "ledger.jsonl").unlink()
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()
    with pytest.raises(StateError) as refused:
        asked(full, "12:00")
    assert str(refused.value) == (
        f"{full.root}: no ledger, which would tell what was live. "
        "Restore ledger.jsonl from a backup."
    )


# Pruning


def test_pruning_tells_what_went_what_stayed_and_what_it_freed(
    full: Store, save: Callable[[Store, str], Path]
) -> None:
    names = [f"202602{day:02}T000000Z-00000000" for day in range(1, 5)]
    for name in names:
        save(full, name)
    full.promote(B, "better")
    (full.root / ".removing-x").mkdir()
    freed = sum(path.stat().st_size for name in names[:2] for path in (full.root / name).iterdir())
    assert list(pruning_lines(full, 2)) == [
        f"removed  {names[0]}",
        f"removed  {names[1]}",
        f"kept     {A}: the champion before",
        f"kept     {B}: the champion",
        "removed  1 leftover of what was broken off",
        f"2 versions removed, {freed:,} bytes freed",
    ]


def test_pruning_what_is_small_already_removes_nothing(full: Store) -> None:
    assert list(pruning_lines(full, 2)) == ["0 versions removed, 0 bytes freed"]
