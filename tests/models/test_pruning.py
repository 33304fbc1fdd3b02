"""Old versions leave the store whole, and never the one that is live."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.placing import set_aside
from models.pruning import leftovers, read_pruned
from models.store import Store
from models.sums import check_sums
from tests.models.refusing import refusal

NAMES = [f"2026010{day}T000000Z-0000000{day}" for day in range(1, 7)]
A, B, C, D, E, F = NAMES
NOBODY_KNOWS = (
    "names no version of the store: the live one could be among those removed. "
    "Use: newstag models promote REF."
)

Save = Callable[[Store, str], Path]


@pytest.fixture
def full(store: Store, save: Save) -> Store:
    """A store of six versions, the first of them champion."""
    for name in NAMES:
        save(store, name)
    return store


def hidden(store: Store) -> list[str]:
    """What lies in the store and is neither a version nor one of its files."""
    return sorted(
        path.name
        for path in store.root.iterdir()
        if path.name not in {*NAMES, "champion", "ledger.jsonl", ".lock", "pruned.json"}
    )


# Which go and which stay


@pytest.mark.parametrize(
    ("keep", "removed"),
    [(1, [B, C, D, E]), (2, [B, C, D]), (5, []), (6, []), (99, [])],
)
def test_the_newest_stay_and_the_champion(full: Store, keep: int, removed: list[str]) -> None:
    assert full.prune(keep) == removed
    assert full.versions() == [name for name in NAMES if name not in removed]
    for name in full.versions():
        check_sums(full.root / name)
    assert full.champion() == A
    assert hidden(full) == []


def test_the_champion_before_stays_so_that_one_can_roll_back(full: Store) -> None:
    full.promote(C, "better")
    done = full.pruning(1)
    assert done.removed == [B, D, E]
    assert done.kept == {A: "the champion before", C: "the champion"}
    assert full.rollback("worse").after == A


def test_it_is_the_champion_that_rolling_back_would_bring(full: Store) -> None:
    full.promote(B, "better")
    full.promote(C, "better still")
    full.rollback("worse")
    assert full.prune(1) == [C, D, E]
    assert full.versions() == [A, B, F]


def test_a_version_among_the_newest_is_not_told_as_kept(full: Store) -> None:
    full.promote(F, "better")
    assert full.pruning(2).kept == {A: "the champion before"}


def test_pruning_twice_removes_nothing_more(full: Store) -> None:
    full.prune(2)
    before = (full.root / "pruned.json").stat().st_ino
    done = full.pruning(2)
    assert (done.removed, done.leftovers, done.freed) == ([], 0, 0)
    assert (full.root / "pruned.json").stat().st_ino == before


def test_the_bytes_of_what_was_removed_are_counted(full: Store) -> None:
    size = sum(path.stat().st_size for path in (full.root / B).iterdir())
    (full.root / ".removing-x").mkdir()
    (full.root / ".removing-x" / "weights.npy").write_bytes(b"1234567")
    assert full.pruning(4).freed == size + 7


def test_other_things_in_the_store_stay(full: Store) -> None:
    for name in ("notes", ".writing-now", "20260101T000000Z"):
        (full.root / name).mkdir()
    for name in (
        "keys.json",
        ".keys.json.lock",
        ".keys.json.abc",
        ".followed.lock",
        "champion.bak",
    ):
        (full.root / name).touch()
    before = hidden(full)
    full.prune(1)
    assert hidden(full) == before


def test_of_a_version_that_is_a_link_the_link_is_removed(full: Store, tmp_path: Path) -> None:
    shutil.move(full.root / B, tmp_path / "elsewhere")
    (full.root / B).symlink_to(tmp_path / "elsewhere")
    assert full.prune(1) == [B, C, D, E]
    assert (hidden(full), full.versions()) == ([], [A, F])
    check_sums(tmp_path / "elsewhere")


# What is refused


def test_an_empty_store_has_nothing_to_prune_and_is_not_made(store: Store) -> None:
    assert refusal(lambda: store.prune(1)) == (
        f"{store.root}: no model version yet. Run: newstag train."
    )
    assert not store.root.exists()


@pytest.mark.parametrize("data", [b"", b"?\n", b"\0" * 26, b"20200101T000000Z-00000000\n", None])
def test_without_knowing_what_is_live_nothing_is_pruned(full: Store, data: bytes | None) -> None:
    full.promote(B, "better")
    (full.root / "ledger.jsonl").unlink()
    (full.root / "champion").unlink()
    if data is not None:
        (full.root / "champion").write_bytes(data)
    assert refusal(lambda: full.prune(1)) == f"{full.root}/champion: {NOBODY_KNOWS}"
    assert full.versions() == NAMES
    if data is not None:
        assert (full.root / "champion").read_bytes() == data


def test_a_damaged_pointer_is_mended_by_the_ledger_first(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_bytes(b"?\n")
    assert full.prune(1) == [C, D, E]
    assert full.champion() == B


def test_a_change_that_was_broken_off_is_finished_first(full: Store) -> None:
    full.promote(B, "better")
    full.promote(C, "better still")
    (full.root / "champion").write_text(f"{B}\n", "ascii")
    assert full.prune(1) == [A, D, E]
    assert full.champion() == C


def test_a_champion_that_is_gone_is_not_taken_for_the_live_one(full: Store) -> None:
    shutil.rmtree(full.root / A)
    assert refusal(lambda: full.prune(1)) == f"{full.root}/champion: {NOBODY_KNOWS}"
    assert full.versions() == NAMES[1:]


def test_a_damaged_ledger_stops_pruning(full: Store) -> None:
    (full.root / "ledger.jsonl").write_bytes(b"oops\n{}\n")
    assert refusal(lambda: full.prune(1)) == (
        f"{full.root}/ledger.jsonl:1: a damaged line. Restore the ledger from a backup."
    )
    assert full.versions() == NAMES


def test_a_store_that_one_may_not_write_says_so(full: Store) -> None:
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()  # refuses to be opened, even for the superuser
    assert refusal(lambda: full.prune(1)) == (
        f"{full.root}: not writable (Is a directory). "
        "Give a folder that you may write, on a disk with space, with --store."
    )
    assert full.versions() == NAMES


# Whole or not at all


def test_at_every_step_a_reader_finds_whole_versions_only(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def look(step: Callable[..., None]) -> Callable[..., None]:
        def looked(*arguments: object, **more: object) -> None:
            step(*arguments, **more)
            for name in full.versions():
                check_sums(full.root / name)
            seen.append(len(full.versions()))

        return looked

    for name in ("rename", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, look(getattr(os, name)))
    full.prune(1)
    assert seen[:4] == [5, 4, 3, 2]
    assert set(seen[4:]) == {2}
    assert len(seen) > 40


def test_versions_are_removed_under_the_lock(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    was_free: list[bool] = []

    def watched(folder: Path) -> Path:
        with (full.root / ".lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                was_free.append(True)
            except BlockingIOError:
                was_free.append(False)
        return set_aside(folder)

    monkeypatch.setattr("models.pruning.set_aside", watched)
    full.prune(4)
    assert was_free == [False]


def test_what_cannot_be_deleted_is_gone_for_readers_and_deleted_by_the_next(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def refuse(_path: Path) -> None:
            raise PermissionError(13, "Permission denied")

        patch.setattr("models.pruning.delete", refuse)
        assert refusal(lambda: full.prune(4)).startswith(
            f"{full.root}: not writable (Permission denied)."
        )
    assert full.versions() == [A, *NAMES[2:]]
    [left] = hidden(full)
    assert left.startswith(f".removing-{B}-")
    assert full.pruned() == {B}
    done = full.pruning(4)
    assert (done.removed, done.leftovers) == ([], 1)
    assert done.freed > 0
    assert hidden(full) == []


# What kills left behind


def test_leftovers_of_removing_and_of_the_pointer_are_removed_at_once(full: Store) -> None:
    for name in (".removing-x", f".removing-{A}-00000000", ".writing-old"):
        (full.root / name / "deep").mkdir(parents=True)
        (full.root / name / "weights.npy").touch()
    for name in (".champion.abc", ".pruned.json.abc", ".removing-file"):
        (full.root / name).touch()
    os.utime(full.root / ".writing-old", (0, 0))
    done = full.pruning(99)
    assert (done.removed, done.leftovers, hidden(full)) == ([], 6, [])


def test_a_folder_that_may_still_be_written_is_left_for_a_day(full: Store) -> None:
    folder = full.root / ".writing-x"
    folder.mkdir()
    touched = folder.stat().st_mtime
    assert leftovers(full.root, touched + 24 * 3600 - 1) == []
    assert leftovers(full.root, touched - 3600) == []
    assert leftovers(full.root, touched + 24 * 3600 + 1) == [folder]


def test_a_folder_that_becomes_a_version_meanwhile_is_none(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = full.root / ".writing-x"
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([gone]))
    assert leftovers(full.root, 4e9) == []


# What was pruned


def test_what_was_pruned_is_remembered(full: Store) -> None:
    assert full.pruned() == frozenset()
    full.prune(3)
    assert full.pruned() == {B, C}
    full.prune(2)
    assert full.pruned() == read_pruned(full.root) == {B, C, D}


def test_what_somebody_deleted_was_not_pruned(full: Store) -> None:
    shutil.rmtree(full.root / B)
    full.prune(3)
    assert full.pruned() == {C}


def test_an_empty_store_has_pruned_nothing(store: Store) -> None:
    assert store.pruned() == frozenset()
    assert not store.root.exists()


@pytest.mark.parametrize("way", ["save", "adopt", "restore"])
def test_a_version_that_comes_back_was_not_pruned(
    full: Store, save: Save, tmp_path: Path, way: str
) -> None:
    copy = Path(shutil.copytree(full.root / B, tmp_path / "copy"))
    full.prune(3)
    back = {"save": lambda: save(full, B), "adopt": lambda: full.adopt(copy)}
    back["restore"] = lambda: full.restore(copy)
    back[way]()
    assert full.pruned() == read_pruned(full.root) == {C}
    check_sums(full.root / B)


def test_a_version_that_a_kill_left_there_was_not_pruned(full: Store, save: Save) -> None:
    full.prune(3)
    pruned = (full.root / "pruned.json").read_bytes()
    save(full, B)
    (full.root / "pruned.json").write_bytes(pruned)  # as before the kill
    assert full.pruned() == {C}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}", b"null", b'"x"', b'["x"]', b"[5]", b"\xff", b"\0\0", b"[[]]"]
)
def test_a_damaged_file_of_what_was_pruned_is_an_error_that_names_it(
    full: Store, save: Save, data: bytes
) -> None:
    (full.root / "pruned.json").write_bytes(data)
    expected = (
        f"{full.root}/pruned.json: a damaged file of what was pruned. "
        "Remove it: what was pruned could come back then."
    )
    assert refusal(full.pruned) == expected
    assert refusal(lambda: full.prune(1)) == expected
    assert full.versions() == NAMES
    save(full, "20260201T000000Z-00000007")  # minutes of training are not lost for it
    assert refusal(full.pruned) == expected


def test_a_file_of_what_was_pruned_that_cannot_be_read_says_so(full: Store) -> None:
    (full.root / "pruned.json").mkdir()
    assert refusal(full.pruned) == (
        f"{full.root}/pruned.json: not readable (Is a directory). Check its permissions."
    )
