"""Versions come into the store whole, and one of them is champion, whoever asks at once."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Barrier

import pytest

import models
from labels.errors import StateError, VersionError
from labels.scheme import Scheme
from models.ledger import Entry, append_entry
from models.manifest import read_manifest
from models.model import Model
from models.store import Store
from models.sums import check_sums
from tests.models.refusing import refusal

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"
C = "20260202T000000Z-00000003"
GONE = (
    "gone from the store. Use: newstag models promote REF, "
    "or bring it back with: newstag models promote models:/NAME/VERSION."
)
FIX = "Give a folder that you may write, on a disk with space, with --store."

Save = Callable[[Store, str], Path]


@pytest.fixture
def full(store: Store, save: Save) -> Store:
    """A store of three versions, the first of them champion."""
    for name in (A, B, C):
        save(store, name)
    return store


def steps(store: Store) -> list[tuple[str, str | None, str]]:
    return [(entry.action, entry.before, entry.after) for entry in store.history()]


def is_consistent(store: Store) -> bool:
    """Each entry goes on from the one before it, and the pointer from the last."""
    history = store.history()
    joined = all(later.before == earlier.after for earlier, later in pairwise(history))
    return joined and history[0].before is None and history[-1].after == store.champion()


# An empty store


@pytest.mark.parametrize("ref", ["champion", "latest", "2026", A])
def test_an_empty_store_says_how_to_fill_it(store: Store, ref: str) -> None:
    assert refusal(lambda: store.resolve(ref)) == (
        f"{store.root}: no model version yet. Run: newstag train."
    )


def test_an_empty_store_has_neither_versions_nor_champion_nor_history(store: Store) -> None:
    assert (store.versions(), store.champion(), store.history()) == ([], None, [])


def test_asking_an_empty_store_makes_no_folder(store: Store) -> None:
    refusal(store.resolve)
    assert (store.versions(), store.history()) == ([], [])
    assert not store.root.exists()


def test_an_empty_store_has_nothing_to_roll_back(store: Store) -> None:
    assert refusal(lambda: store.rollback("worse")) == (
        f"{store.root}: no champion before this one. Use: newstag models promote REF."
    )
    assert not store.root.exists()


# Saving


def test_a_saved_version_is_whole_and_readable_by_all(store: Store, save: Save) -> None:
    folder = save(store, A)
    check_sums(folder)
    assert folder == store.root / A
    assert folder.stat().st_mode & 0o777 == 0o755
    assert read_manifest(store.resolve("champion")) == read_manifest(folder)


def test_the_first_version_becomes_champion(
    store: Store, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "小满")
    save(store, A)
    [entry] = store.history()
    assert store.champion() == A
    assert (entry.by, entry.action, entry.before, entry.after, entry.why) == (
        "小满",
        "first",
        None,
        A,
        "first version",
    )
    age = datetime.now(UTC) - datetime.fromisoformat(entry.time)
    assert -1 < age.total_seconds() < 60


def test_a_user_without_a_name_is_entered_by_number(
    store: Store, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)
    save(store, A)
    assert store.history()[0].by == f"uid {os.getuid()}"


def test_later_versions_do_not_become_champion(full: Store) -> None:
    assert (full.champion(), steps(full)) == (A, [("first", None, A)])


def test_versions_come_the_oldest_first_whatever_else_lies_there(store: Store, save: Save) -> None:
    for name in (C, A, B):
        save(store, name)
    (store.root / ".writing-abc").mkdir()
    (store.root / "notes").mkdir()
    (store.root / "20260303T000000Z-00000004").touch()
    assert store.versions() == [A, B, C]


def test_the_pointer_is_one_line(full: Store) -> None:
    assert (full.root / "champion").read_text("ascii") == f"{A}\n"


def test_a_write_that_is_broken_off_leaves_nothing_behind(store: Store) -> None:
    def write(folder: Path) -> None:
        (folder / "weights.npy").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.save(A, write)
    assert list(store.root.iterdir()) == []
    assert store.champion() is None


def test_a_disk_that_fails_while_writing_says_so_and_leaves_nothing_behind(store: Store) -> None:
    def write(folder: Path) -> None:
        (folder / "weights.npy").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    assert refusal(lambda: store.save(A, write)) == (
        f"{store.root}: not writable (No space left on device). {FIX}"
    )
    assert list(store.root.iterdir()) == []
    assert store.champion() is None


def test_a_failing_write_leaves_the_others_alone(full: Store) -> None:
    before = sorted(path.name for path in full.root.iterdir())

    def write(_folder: Path) -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        full.save("20260303T000000Z-00000004", write)
    assert sorted(path.name for path in full.root.iterdir()) == before
    assert full.versions() == [A, B, C]


def test_a_version_is_not_written_twice(full: Store, save: Save) -> None:
    before = sorted(path.name for path in full.root.iterdir())
    assert refusal(lambda: save(full, B)) == (
        f"{full.root}/{B}: exists already: the same model was trained within this second. "
        "Use it, or train again."
    )
    assert sorted(path.name for path in full.root.iterdir()) == before
    check_sums(full.root / B)


def test_a_store_below_a_file_cannot_be_written(tmp_path: Path, save: Save) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "store")
    assert refusal(lambda: save(store, A)) == (
        f"{store.root}: not writable (Not a directory). {FIX}"
    )


def test_a_store_that_one_may_not_write_says_so(
    store: Store, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", forbid)
    assert refusal(lambda: save(store, A)) == (
        f"{store.root}: not writable (Permission denied). {FIX}"
    )


@pytest.mark.parametrize("act", ["promote", "rollback"])
def test_a_store_that_one_may_not_write_says_so_when_its_champion_changes(
    full: Store, act: str
) -> None:
    full.promote(B, "better")
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()  # refuses to be opened, even for the superuser
    change = {"promote": lambda: full.promote(C, "x"), "rollback": lambda: full.rollback("x")}
    assert refusal(change[act]) == f"{full.root}: not writable (Is a directory). {FIX}"
    assert (full.champion(), len(full.history())) == (B, 2)


# Finding


@pytest.mark.parametrize(
    ("ref", "found"),
    [("champion", A), ("latest", C), (B, B), (B[:-1], B), ("20260102", B), ("202602", C)],
)
def test_a_version_is_found_by_name_or_by_a_prefix_of_its_own(
    full: Store, ref: str, found: str
) -> None:
    assert full.resolve(ref) == full.root / found


def test_the_champion_is_what_is_meant_by_nothing(full: Store) -> None:
    full.promote(B, "better")
    assert (full.resolve(), full.resolve("")) == (full.root / B, full.root / B)


def test_a_prefix_of_several_versions_lists_them(full: Store) -> None:
    assert refusal(lambda: full.resolve("202601")) == (
        f"{full.root}: 2 versions begin with '202601'. Use one of: {A}, {B}."
    )


def test_an_unknown_version_lists_the_choices(full: Store) -> None:
    assert refusal(lambda: full.resolve("2025")) == (
        f"{full.root}: no version '2025'. Use one of: {A}, {B}, {C}."
    )


def test_no_more_than_the_last_8_choices_are_listed(store: Store) -> None:
    names = [f"202601{day:02}T000000Z-00000000" for day in range(1, 11)]
    for name in names:
        (store.root / name).mkdir(parents=True)
    assert refusal(lambda: store.resolve("x")) == (
        f"{store.root}: no version 'x'. Use one of: {', '.join(names[2:])}."
    )


def test_a_directory_is_its_own_name(full: Store, tmp_path: Path) -> None:
    assert full.resolve(str(tmp_path / "elsewhere")) == tmp_path / "elsewhere"


def test_a_directory_in_the_working_directory_is_its_own_name(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert full.resolve("mine") == Path("mine")


# Promoting and rolling back


def test_promoting_changes_the_champion_and_tells_the_ledger(full: Store) -> None:
    entry = full.promote("20260102", "别人说更准")
    assert full.champion() == B
    assert (entry.action, entry.before, entry.after, entry.why) == ("promote", A, B, "别人说更准")
    assert full.history()[-1] == entry
    assert is_consistent(full)


def test_the_champion_cannot_be_promoted_again(full: Store) -> None:
    assert refusal(lambda: full.promote("champion", "x")) == (
        f"{A}: champion already. Nothing is to be done."
    )
    assert len(full.history()) == 1


def test_a_directory_outside_the_store_cannot_be_promoted(full: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / C
    shutil.move(full.root / C, outside)
    assert refusal(lambda: full.promote(str(outside), "x")) == (
        f"{outside}: not a version of the store. Copy the directory to {full.root}/{C} first."
    )
    assert full.champion() == A


def test_whoever_promotes_a_copy_of_a_version_of_the_store_is_told_its_name(
    full: Store, tmp_path: Path
) -> None:
    outside = Path(shutil.copytree(full.root / C, tmp_path / "outside" / C))
    assert refusal(lambda: full.promote(str(outside), "x")) == (
        f"{outside}: not a version of the store. The store holds that version. "
        f"Use: newstag models promote {C}."
    )


def test_a_directory_of_the_store_can_be_promoted_by_its_path(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(full.root.parent)
    full.promote(f"store/{B}", "x")
    assert (full.champion(), steps(full)[-1]) == (B, ("promote", A, B))


def test_a_directory_of_another_name_than_its_versions_cannot_be_promoted(full: Store) -> None:
    copy = shutil.copytree(full.root / C, full.root / "my-copy")
    assert refusal(lambda: full.promote(str(copy), "x")) == (
        f"{copy}: a folder of another name than its version, {C}. The store holds that version. "
        f"Use: newstag models promote {C}."
    )
    assert full.champion() == A


def test_a_version_whose_folder_was_renamed_is_to_be_renamed_back(full: Store) -> None:
    renamed = (full.root / C).rename(full.root / "best")
    assert refusal(lambda: full.promote(str(renamed), "x")) == (
        f"{renamed}: a folder of another name than its version, {C}. Rename it to {C}."
    )


def test_the_files_of_one_version_under_the_name_of_another_are_refused(full: Store) -> None:
    shutil.rmtree(full.root / B)
    shutil.copytree(full.root / C, full.root / B)
    expected = (
        f"a folder of another name than its version, {C}. The store holds that version. "
        f"Use: newstag models promote {C}."
    )
    assert refusal(lambda: full.promote(B, "x")) == f"{B}: {expected}"
    full.promote(C, "x")
    shutil.rmtree(full.root / A)
    shutil.copytree(full.root / C, full.root / A)
    assert refusal(lambda: full.rollback("x")) == f"{full.root}/{A}: {expected}"
    assert full.champion() == C


def test_what_a_version_was_compared_with_must_be_champion_still(full: Store) -> None:
    full.promote(B, "somebody was faster")
    assert refusal(lambda: full.promote(C, "better", over=A)) == (
        f"{C}: compared with {A}, but {B} is champion by now. Try again."
    )
    assert (full.champion(), len(full.history())) == (B, 2)


def test_whoever_was_compared_while_it_became_champion_hears_that_it_is(full: Store) -> None:
    full.promote(B, "somebody was faster")
    assert refusal(lambda: full.promote(B, "better", over=A)) == (
        f"{B}: champion already. Nothing is to be done."
    )


def test_a_champion_that_is_unknown_by_now_is_not_the_one_compared_with(full: Store) -> None:
    (full.root / "champion").write_text("?\n")
    (full.root / "ledger.jsonl").unlink()
    assert refusal(lambda: full.promote(B, "better", over=A)) == (
        f"{B}: compared with {A}, but none is champion by now. Try again."
    )


def test_the_verdict_of_a_comparison_goes_into_the_ledger(full: Store) -> None:
    entry = full.promote(B, "better", over=A, verdict="type +0.021 (0.004 to 0.038)")
    assert entry.verdict == "type +0.021 (0.004 to 0.038)"
    assert full.history()[-1] == entry
    assert full.history()[0].verdict == ""


def test_whom_it_was_compared_with_is_checked_under_the_lock(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(folder: Path) -> None:
        monkeypatch.setattr("models.store.check_sums", check_sums)
        Store(full.root).promote(B, "between the checks and the lock")
        check_sums(folder)

    monkeypatch.setattr("models.store.check_sums", overtaken)
    assert refusal(lambda: full.promote(C, "better", over=A)) == (
        f"{C}: compared with {A}, but {B} is champion by now. Try again."
    )


def test_a_version_that_is_pruned_while_it_is_checked_is_not_promoted(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pruned(folder: Path) -> None:
        check_sums(folder)
        Store(full.root).prune(1)

    monkeypatch.setattr("models.store.check_sums", pruned)
    assert refusal(lambda: full.promote(B, "better")) == f"{full.root}/{B}: {GONE}"
    assert full.champion() == A


def test_a_damaged_version_cannot_be_promoted(full: Store) -> None:
    (full.root / B / "idf.npy").unlink()
    assert refusal(lambda: full.promote(B, "x")) == (
        f"{full.root}/{B}/idf.npy: a missing file. "
        "Train again, or copy the version again from where it was made."
    )
    assert (full.champion(), len(full.history())) == (A, 1)


@pytest.fixture
def renamed(full: Store, model: Model, write_files: Callable[[Path, Model, str], None]) -> str:
    """A version of the full store with another scheme."""
    name = "20260303T000000Z-00000004"
    groups = (replace(model.scheme.groups[0], zh="体裁"), *model.scheme.groups[1:])
    other = replace(model, scheme=Scheme(groups=groups))
    full.save(name, lambda folder: write_files(folder, other, name))
    return name


def test_a_version_of_another_scheme_is_not_promoted_unasked(full: Store, renamed: str) -> None:
    assert refusal(lambda: full.promote(renamed, "better")) == (
        f"{renamed}: another scheme than the champion {A}: clients will see other labels. "
        "Promote it with --force and --why if they are ready."
    )
    assert (full.champion(), len(full.history())) == (A, 1)


def test_a_version_of_another_scheme_can_be_forced(full: Store, renamed: str) -> None:
    full.promote(renamed, "everyone is ready", force=True)
    assert full.champion() == renamed
    assert is_consistent(full)


def test_any_scheme_can_follow_a_champion_whose_directory_is_gone(
    full: Store, renamed: str
) -> None:
    shutil.rmtree(full.root / A)
    full.promote(renamed, "nobody is served")
    assert (full.champion(), steps(full)[-1]) == (renamed, ("promote", A, renamed))


def test_force_does_not_help_a_damaged_version(full: Store) -> None:
    (full.root / B / "notes.txt").touch()
    assert refusal(lambda: full.promote(B, "x", force=True)) == (
        f"{full.root}/{B}/notes.txt: an extra file, not in SHA256SUMS. Remove it."
    )


def test_rolling_back_makes_the_champion_before_champion_again(full: Store) -> None:
    full.promote(B, "better")
    entry = full.rollback("worse")
    assert (entry.action, entry.before, entry.after, entry.why) == ("rollback", B, A, "worse")
    assert full.champion() == A


def test_rolling_back_twice_goes_two_back(full: Store) -> None:
    full.promote(B, "better")
    full.promote(C, "better")
    full.rollback("worse")
    assert full.champion() == B
    full.rollback("worse")
    assert full.champion() == A
    assert is_consistent(full)


def test_rolling_back_further_than_the_first_is_refused(full: Store) -> None:
    full.promote(B, "better")
    full.rollback("worse")
    assert refusal(lambda: full.rollback("worse")) == (
        f"{full.root}: no champion before this one. Use: newstag models promote REF."
    )
    assert (full.champion(), len(full.history())) == (A, 3)


def test_after_rolling_back_twice_a_promotion_can_be_rolled_back(full: Store) -> None:
    full.promote(B, "better")
    full.promote(C, "better")
    full.rollback("worse")
    full.rollback("worse")
    full.promote(C, "better after all")
    full.rollback("worse")
    assert steps(full) == [
        ("first", None, A),
        ("promote", A, B),
        ("promote", B, C),
        ("rollback", C, B),
        ("rollback", B, A),
        ("promote", A, C),
        ("rollback", C, A),
    ]
    assert full.champion() == A


def test_rolling_back_to_a_damaged_version_is_refused(full: Store) -> None:
    full.promote(B, "better")
    (full.root / A / "report.json").write_text("{}", "utf-8")
    with pytest.raises(VersionError) as refused:
        full.rollback("worse")
    assert str(refused.value) == (
        f"{full.root}/{A}/report.json: an altered file: its sum is not that of SHA256SUMS. "
        "Train again, or copy the version again from where it was made."
    )
    assert (full.champion(), len(full.history())) == (B, 2)


def test_rolling_back_to_a_version_that_is_gone_is_refused(full: Store) -> None:
    full.promote(B, "better")
    shutil.rmtree(full.root / A)
    assert refusal(lambda: full.rollback("worse")) == (f"{full.root}/{A}: {GONE}")
    assert full.champion() == B


# After a kill


def test_a_torn_line_of_the_ledger_is_healed_by_the_next_promotion(full: Store) -> None:
    with (full.root / "ledger.jsonl").open("ab") as file:
        file.write(b'{"time": "2026-01-0')
    assert steps(full) == [("first", None, A)]
    full.promote(B, "better")
    assert steps(full) == [("first", None, A), ("promote", A, B)]


def test_a_kill_between_ledger_and_pointer_is_mended_by_the_next_promotion(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    full.promote(C, "better still")
    assert steps(full)[1:] == [("promote", A, B), ("promote", B, C)]
    assert is_consistent(full)


def test_a_kill_between_ledger_and_pointer_is_mended_by_the_next_roll_back(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    full.rollback("worse")
    assert steps(full)[1:] == [("promote", A, B), ("rollback", B, A)]
    assert is_consistent(full)


def test_promoting_what_a_kill_left_unpointed_points_to_it(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    assert refusal(lambda: full.promote(B, "again")) == (
        f"{B}: champion already. Nothing is to be done."
    )
    assert is_consistent(full)


def test_a_kill_before_the_first_pointer_is_mended_by_the_next_version(
    store: Store, save: Save
) -> None:
    save(store, A)
    (store.root / "champion").unlink()
    save(store, B)
    assert store.resolve() == store.root / A


def test_mending_finishes_what_a_kill_broke_off(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    full.mend()
    assert (full.champion(), len(full.history())) == (B, 2)


def test_mending_says_whether_there_was_anything_to_mend(full: Store) -> None:
    full.promote(B, "better")
    assert (full.mend(), full.unfinished()) == (False, None)
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    assert full.unfinished() == (
        f"the change of champion to {B} is unfinished: the pointer does not name it"
    )
    assert (full.mend(), full.mend(), full.unfinished()) == (True, False, None)


def test_a_first_version_that_a_kill_kept_from_becoming_champion_becomes_it(
    store: Store, save: Save
) -> None:
    save(store, A)
    (store.root / "champion").unlink()
    (store.root / "ledger.jsonl").unlink()
    assert store.unfinished() == f"the first version, {A}, is not champion"
    assert (store.mend(), store.mend(), store.unfinished()) == (True, False, None)
    assert (store.champion(), steps(store)) == (A, [("first", None, A)])


def test_a_first_version_that_somebody_copied_in_part_does_not_become_champion(
    store: Store, save: Save
) -> None:
    version = save(store, A)
    for name in ("champion", "ledger.jsonl"):
        (store.root / name).unlink()
    (version / "idf.npy").unlink()
    assert (store.unfinished(), store.mend(), store.champion()) == (None, False, None)
    version.rename(version.with_name(B))
    assert (store.unfinished(), store.mend(), store.champion()) == (None, False, None)


def test_a_damaged_ledger_does_not_keep_a_version_from_being_saved(
    store: Store, save: Save
) -> None:
    """Minutes of training are in it; what is live is known without a ledger."""
    save(store, A)
    (store.root / "ledger.jsonl").write_text("{\n{}\n", "utf-8")
    assert save(store, B).name == B
    assert (store.versions(), store.champion()) == ([A, B], A)
    (store.root / "champion").unlink()
    with pytest.raises(StateError, match=r"ledger\.jsonl"):
        save(store, C)


def test_of_several_versions_without_a_champion_none_is_chosen(full: Store) -> None:
    (full.root / "champion").unlink()
    (full.root / "ledger.jsonl").unlink()
    assert (full.unfinished(), full.mend(), full.champion()) == (None, False, None)


def test_a_champion_stays_live_when_its_ledger_is_one_of_yesterday(full: Store) -> None:
    backup = (full.root / "ledger.jsonl").read_bytes()
    full.promote(B, "better")
    full.promote(C, "better still")
    (full.root / "ledger.jsonl").write_bytes(backup)
    assert full.unfinished() == (
        f"the change of champion to {C} is unfinished: the ledger does not name it"
    )
    full.mend()
    assert full.champion() == C
    assert steps(full) == [("first", None, A), ("mend", A, C)]
    assert full.history()[-1].why == "the pointer named it, and the ledger did not"
    assert full.rollback("worse").after == A


def test_a_champion_stays_live_when_its_ledger_is_gone(full: Store, save: Save) -> None:
    full.promote(B, "better")
    (full.root / "ledger.jsonl").unlink()
    save(full, "20260303T000000Z-00000004")
    assert (full.champion(), steps(full)) == (B, [("mend", None, B)])


def test_a_pointer_to_what_is_not_there_is_mended_by_the_ledger(full: Store) -> None:
    full.promote(B, "better")
    (full.root / "champion").write_text("20200101T000000Z-00000000\n", "ascii")
    full.mend()
    assert (full.champion(), len(full.history())) == (B, 2)


def test_a_damaged_pointer_without_a_ledger_is_left_to_people(full: Store, save: Save) -> None:
    (full.root / "champion").write_bytes(b"?\n")
    (full.root / "ledger.jsonl").unlink()
    save(full, "20260303T000000Z-00000004")
    assert (full.mend(), full.unfinished(), full.history()) == (False, None, [])
    assert (full.root / "champion").read_bytes() == b"?\n"


GARBAGE = [
    b"",
    b"\0" * 26,
    b"\xff\xfe\n",
    "旧版\n".encode(),
    b"latest\n",
    b"../elsewhere\n",
    A[:-1].encode(),
]


@pytest.mark.parametrize("data", GARBAGE)
def test_a_pointer_that_names_no_version_is_an_error_that_names_the_file(
    full: Store, data: bytes
) -> None:
    (full.root / "champion").write_bytes(data)
    expected = f"{full.root}/champion: names no version. Use: newstag models promote REF."
    assert refusal(full.champion) == expected
    assert refusal(full.resolve) == expected
    assert full.resolve("latest") == full.root / C


@pytest.mark.parametrize("data", GARBAGE)
def test_a_pointer_that_names_no_version_is_mended_by_the_next_promotion(
    full: Store, data: bytes
) -> None:
    (full.root / "champion").write_bytes(data)
    full.promote(B, "better")
    assert (full.champion(), steps(full)[-1]) == (B, ("promote", A, B))
    assert is_consistent(full)


def test_a_damaged_line_of_the_ledger_stops_every_change(full: Store) -> None:
    full.promote(B, "better")
    ledger = full.root / "ledger.jsonl"
    ledger.write_bytes(b"oops\n" + ledger.read_bytes())
    expected = f"{ledger}:1: a damaged line. Restore the ledger from a backup."
    assert refusal(full.history) == expected
    assert refusal(lambda: full.promote(C, "x")) == expected
    assert refusal(lambda: full.rollback("x")) == expected
    assert full.champion() == B


# Several at once


@pytest.mark.parametrize("act", ["save", "promote", "rollback"])
def test_the_ledger_is_only_written_under_the_lock(
    store: Store, save: Save, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    if act != "save":
        save(store, A)
        save(store, B)
    if act == "rollback":
        store.promote(B, "better")
    was_free: list[bool] = []

    def record(path: Path, entry: Entry) -> None:
        with (path.parent / ".lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                was_free.append(True)
            except BlockingIOError:
                was_free.append(False)
        append_entry(path, entry)

    monkeypatch.setattr("models.champion.append_entry", record)
    changes: dict[str, Callable[[], object]] = {
        "save": lambda: save(store, A),
        "promote": lambda: store.promote(B, "better"),
        "rollback": lambda: store.rollback("worse"),
    }
    changes[act]()
    assert was_free == [False]


def promote_often(store: Store, names: tuple[str, ...], times: int) -> int:
    """Promote the versions in turn; how often it was done."""
    done = 0
    for at in range(times):
        try:
            store.promote(names[at % len(names)], "x")
            done += 1
        except StateError:  # champion already
            continue
    return done


def test_threads_that_promote_at_once_leave_a_consistent_ledger(full: Store) -> None:
    start = Barrier(3)

    def work(names: tuple[str, ...]) -> int:
        start.wait(10)
        return promote_often(Store(full.root), names, 12)

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(work, [(A, B), (B, C), (C, A)]))
    assert len(full.history()) == 1 + sum(done) > 12
    assert is_consistent(full)


SCRIPT = """
import json, sys
from pathlib import Path
from labels.errors import StateError
from models.store import Store

done = 0
store, names = Store(Path(sys.argv[1])), sys.argv[2:]
print("ready", flush=True)
sys.stdin.readline()
for at in range(12):
    try:
        store.promote(names[at % 2], "x")
        done += 1
    except StateError:
        continue
print(json.dumps(done))
"""


def test_processes_that_promote_at_once_leave_a_consistent_ledger(full: Store) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(full.root), *names],
            cwd=Path(models.__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for names in ((A, B), (B, C), (C, A))
    ]
    ready = [worker.stdout.readline() for worker in workers if worker.stdout]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    done = [json.loads(worker.communicate(timeout=20)[0]) for worker in workers]
    assert ready == ["ready\n"] * 3
    assert len(full.history()) == 1 + sum(done) > 12
    assert is_consistent(full)


def test_of_versions_saved_at_once_one_is_the_first(store: Store, save: Save) -> None:
    start = Barrier(3)

    def work(name: str) -> Path:
        start.wait(10)
        return save(Store(store.root), name)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, [A, B, C]))
    assert store.versions() == [A, B, C]
    assert len(store.history()) == 1
    assert is_consistent(store)


def test_a_store_that_lost_its_pointer_says_so(
    store: Store, save: Callable[[Store, str], Path]
) -> None:
    version = save(store, "20260101T000000Z-00000001").name
    (store.root / "champion").unlink()
    with pytest.raises(StateError) as refused:
        store.resolve()
    assert str(refused.value) == (
        f"{store.root}: versions, but no champion. Use: newstag models promote {version}."
    )


def test_a_damaged_pointer_without_a_ledger_is_mended_by_promoting(
    store: Store, save: Callable[[Store, str], Path]
) -> None:
    version = save(store, "20260101T000000Z-00000001").name
    (store.root / "champion").write_text("?\n", "ascii")
    (store.root / "ledger.jsonl").unlink()
    store.promote(version, "mended")
    assert store.champion() == version
    assert [entry.before for entry in store.history()] == [None]


def test_a_champion_without_a_manifest_does_not_block_promotion(
    store: Store, save: Callable[[Store, str], Path]
) -> None:
    first = save(store, "20260101T000000Z-00000001")
    second = save(store, "20260102T000000Z-00000002")
    (first / "manifest.json").unlink()
    store.promote(second.name, "the other is damaged")
    assert store.champion() == second.name
