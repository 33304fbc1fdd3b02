"""A backup of what is damaged: it has the rest, says what is missing, and is no other's match."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.store import Store
from tests.deploy.backing import RESTORE, a_backup, contents, incomplete, run, small

AT_REST = "See: newstag models list."


def versions(state: Path) -> tuple[Path, Path]:
    """The older version, and the champion."""
    store = Store(state / "store")
    older, champion = store.versions()
    assert store.champion() == champion
    return store.root / older, store.root / champion


@pytest.mark.parametrize("damage", ["altered", "extra", "no sums", "empty"])
def test_a_damaged_version_is_left_out_and_named(damage: str, state: Path) -> None:
    older, champion = versions(state)
    if damage == "altered":
        (older / "dictionary.txt").write_text("gone")
    elif damage == "extra":
        (older / "surplus").touch()
    elif damage == "no sums":
        (older / "SHA256SUMS").unlink()
    else:
        shutil.rmtree(older)
        older.mkdir()
    backup, said = incomplete(state)
    fix = "Mend it with: newstag models sync; or remove it."
    assert said.endswith(f"{older}: a damaged version. {fix}\n")
    held = contents(state)
    whole = {name: held[name] for name in held if not name.startswith(f"store/{older.name}/")}
    copied = contents(backup)
    assert {*copied} - {*whole} == {"MISSING", "SHA256SUMS"}
    assert {name: copied[name] for name in whole} == whole
    assert Store(backup / "store").versions() == [champion.name]


def test_a_champion_that_is_not_there_is_told(state: Path) -> None:
    (state / "store" / "champion").write_text("20260101T000000Z-00000000\n")
    _, said = incomplete(state)
    what = "names 20260101T000000Z-00000000, which is not in this backup"
    assert said == f"{state}/store/champion: {what}. {AT_REST}\n"
    (state / "store" / "champion").unlink()
    shutil.rmtree(state.parent / "backups")
    _, said = incomplete(state)
    what = "names no version, which is not in this backup"
    assert said == f"{state}/store/champion: {what}. {AT_REST}\n"


def test_a_store_whose_versions_are_all_gone_is_no_whole_one(state: Path) -> None:
    champion = Store(state / "store").champion()
    for folder in versions(state):
        shutil.rmtree(folder)
    backup, said = incomplete(state)
    what = f"names {champion}, which is not in this backup"
    assert said == f"{state}/store/champion: {what}. {AT_REST}\n"
    assert (backup / "store" / "ledger.jsonl").exists()


def test_links_that_go_round_or_nowhere_keep_nothing_else_from_its_backup(state: Path) -> None:
    (state / "mlruns").mkdir()
    (state / "mlruns" / "round").symlink_to(state / "mlruns")
    (state / "mlruns" / "kept").write_text("kept")
    (state / "mlartifacts").symlink_to(state / "nowhere")
    backup, said = incomplete(state)
    assert (
        f"{state}/mlruns: not all of it can be read, see above. Mend what is named there.\n" in said
    )
    fix = "Remove it, or bring back what it led to."
    assert f"{state}/mlartifacts: a link that leads nowhere. {fix}\n" in said
    assert (backup / "mlruns" / "kept").read_text() == "kept"
    assert len(Store(backup / "store").versions()) == 2


def test_a_link_that_leads_nowhere_stops_nothing(state: Path) -> None:
    (state / "mlruns" / "1").mkdir(parents=True)
    (state / "mlruns" / "1" / "kept").write_text("kept")
    (state / "mlruns" / "1" / "lost").symlink_to(state / "nowhere")
    backup, said = incomplete(state)
    fix = "Remove it, or bring back what it led to."
    assert said == f"{state}/mlruns/1/lost: a link that leads nowhere. {fix}\n"
    assert [path.name for path in (backup / "mlruns" / "1").iterdir()] == ["kept"]
    assert len(Store(backup / "store").versions()) == 2


def test_a_damaged_database_does_not_keep_the_store_from_its_backup(state: Path) -> None:
    (state / "mlflow.db").write_bytes(b"not a database any more")
    backup, said = incomplete(state)
    fix = "Restore it from an older backup if it is damaged."
    assert said.endswith(
        f"{state}/mlflow.db: file is not a database\n"
        f"{state}/mlflow.db: not copied, see above. {fix}\n"
    )
    assert (backup / "MISSING").read_text() == said
    assert not (backup / "mlflow.db").exists()
    assert Store(backup / "store").champion() == Store(state / "store").champion()


def test_what_could_not_be_read_is_told_by_its_name_when_the_backup_is_checked(
    tmp_path: Path,
) -> None:
    state = small(tmp_path / "state")
    closed = [state / "mlruns" / "1", state / "store" / "ledger.jsonl"]
    closed[1].touch()
    for path in closed:
        path.chmod(0)
    backup, said = incomplete(state)
    closed[0].chmod(0o700)
    told = run(RESTORE, "--check", backup).stderr.splitlines()[1:]
    assert told == said.splitlines()
    # Each line that sums up, below what it points to: folders and files of runs, and the store's.
    assert [line.endswith("Mend what is named there.") for line in told] == [False, True] * 3
    assert [line.endswith("Permission denied") for line in told] == [True, False] * 3
    named = ["mlruns/1", "mlruns/1", "store/ledger.jsonl"]
    assert [name in line for name, line in zip(named, told[::2], strict=True)] == [True] * 3


def test_no_incomplete_backup_takes_the_place_of_a_whole_one(state: Path) -> None:
    whole = a_backup(state, "--keep", "1")
    older, _ = versions(state)
    (older / "SHA256SUMS").unlink()
    stale = whole.with_name("newstag-20260101T000000Z-incomplete")
    stale.mkdir()
    newest, _ = incomplete(state, "--keep", "1")
    left = sorted(path.name for path in whole.parent.iterdir() if path.name[0] != ".")
    assert left == sorted([whole.name, newest.name])


def test_what_an_incomplete_backup_lacks_is_told_when_it_is_restored(
    state: Path, tmp_path: Path
) -> None:
    older, champion = versions(state)
    (older / "SHA256SUMS").unlink()
    backup, said = incomplete(state)
    done = run(RESTORE, "--check", backup)
    missing = (backup / "MISSING").read_text()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"undamaged, but not in this backup:\n{missing}"
    done = run(RESTORE, backup, tmp_path / "elsewhere")
    assert (done.returncode, done.stdout) == (0, f"restored {backup} into {tmp_path}/elsewhere\n")
    assert done.stderr == f"undamaged, but not in this backup:\n{missing}"
    assert missing in said
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["store"]
    assert Store(tmp_path / "elsewhere" / "store").versions() == [champion.name]
