"""A backup: what is in it, and what it does beside others who write."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.store import Store
from tests.deploy.backing import BACKUP, PLAIN, RESTORE, a_backup, contents, run
from tests.deploy.conftest import ROOT


def test_a_backup_has_every_file_and_its_sum_and_nobody_else_reads_it(state: Path) -> None:
    backup = a_backup(state)
    whole = contents(backup)
    sums = whole.pop("SHA256SUMS").decode().splitlines()
    assert whole == contents(state)
    assert {line.split("  ./")[1] for line in sums} == whole.keys()
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [backup, *backup.rglob("*")]}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_where_one_stands_may_be_closed_to_whom_it_runs_as(state: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    for script, *given in ((BACKUP, "../state", "../backups"), (RESTORE, "BACKUP", "../again")):
        words = [
            str(next((tmp_path / "backups").glob("n*"))) if w == "BACKUP" else w for w in given
        ]
        standing = ["sh", "-c", 'chmod 0100 . && exec "$@"', "sh", str(script), *words]
        done = subprocess.run(
            [*PLAIN, *standing], cwd=closed, capture_output=True, text=True, check=False
        )
        closed.chmod(0o700)
        assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "again") == contents(state)


def test_what_is_being_written_or_removed_is_left_out(state: Path) -> None:
    for name in (".writing-abc", ".removing-abc"):
        (state / "store" / name).mkdir()
        (state / "store" / name / "weights.npy").touch()
    assert [path for path in a_backup(state).rglob("*") if path.name[0] == "."] == []


def test_a_database_is_copied_as_it_is_at_one_moment(state: Path) -> None:
    with sqlite3.connect(state / "mlflow.db", isolation_level=None) as writing:
        writing.execute("CREATE TABLE runs (number)")
        writing.execute("INSERT INTO runs VALUES (1)")
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("INSERT INTO runs VALUES (2)")
        backup = a_backup(state)
        writing.execute("COMMIT")
    with sqlite3.connect(backup / "mlflow.db") as copied:
        assert copied.execute("SELECT number FROM runs").fetchall() == [(1,)]


def test_a_killed_backup_leaves_nothing_that_looks_like_one(state: Path) -> None:
    backups = state.parent / "backups"
    with (state / "store" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as somebody who promotes: the backup waits in its middle
        waiting = subprocess.Popen([BACKUP, state, backups], start_new_session=True)
        end = time.monotonic() + 10
        while not list(backups.glob(".writing-*/store")):
            assert time.monotonic() < end
            time.sleep(0.01)
        os.killpg(waiting.pid, signal.SIGKILL)
        waiting.wait()
    assert [path.name for path in backups.iterdir() if path.name[0] != "."] == []
    a_backup(state)
    assert list(backups.glob(".writing-*")) == []


def test_only_the_newest_are_kept(state: Path) -> None:
    backups = state.parent / "backups"
    for day in ("01", "02", "03"):
        (backups / f"newstag-202601{day}T000000Z").mkdir(parents=True)
    (backups / "notes").mkdir()
    newest = a_backup(state, "--keep", "2")
    left = sorted(path.name for path in backups.iterdir() if path.name[0] != ".")
    assert left == ["newstag-20260103T000000Z", newest.name, "notes"]


@pytest.mark.parametrize("given", [[], ["a"], ["--keep", "0", "a", "b"], ["--keep"]])
def test_how_it_is_used_is_told(given: list[str]) -> None:
    done = run(BACKUP, *given)
    assert (done.returncode, done.stderr) == (2, "usage: backup.sh [--keep N] STATE BACKUPS\n")


def test_a_folder_without_a_store_and_one_within_are_refused(state: Path) -> None:
    done = run(BACKUP, state / "store", state.parent / "backups")
    assert "no folder store in it. Give the folder that holds the store." in done.stderr
    done = run(BACKUP, state, state / "backups")
    assert "within what is backed up. Give another folder, best on another disk." in done.stderr


CHANGING = """
import itertools, sys
from pathlib import Path
from models.store import Store
store = Store(Path(sys.argv[1]))
first, second = store.versions()
for turn in itertools.cycle((first, second)):
    store.promote(turn, "to and fro")
"""


def test_a_backup_agrees_with_itself_while_the_champion_changes(state: Path) -> None:
    changing = subprocess.Popen([sys.executable, "-c", CHANGING, state / "store"], cwd=ROOT)
    try:
        for number in range(3):  # each in a folder of its own, as names are of a second
            backups = state.parent / f"backups-{number}"
            done = run(BACKUP, state, backups)
            assert done.returncode == 0, done.stderr
            store = Store(Path(done.stdout.strip()) / "store")
            assert store.unfinished() is None
            assert store.history()[-1].after == store.champion()
    finally:
        changing.terminate()
        changing.wait()
    assert len(Store(state / "store").history()) > 3
