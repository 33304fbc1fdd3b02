"""Backup and restore, by the very commands of the page."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from models.store import Store
from newstag import cli
from tests.deploy.conftest import ROOT
from tests.docs.blocks import read_blocks
from training.syncing import Sync
from training.tracker import Tracker

BACKUP, RESTORE = ROOT / "deploy" / "backup.sh", ROOT / "deploy" / "restore.sh"
PAGE = ROOT / "docs" / "deploy.md"

# Commands that a test has no right to, as far as they matter: who one is stays the same, and
# there are no services. What newstag is asked is kept, and asked in this process, where MLflow
# is loaded once.
STUBS = {
    "systemctl": 'echo "systemctl $*"',
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "newstag": 'echo "$*" >>"$(dirname "$0")/asked"',
}


@pytest.fixture(autouse=True)
def _tools() -> None:
    for name in ("sqlite3", "flock", "sha256sum"):
        if shutil.which(name) is None:
            pytest.skip(f"no {name} is installed")


def run(*command: str | Path) -> CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )


def a_backup(state: Path, *options: str) -> Path:
    done = run(BACKUP, *options, state, state.parent / "backups")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is no lock, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not path.name.endswith(".lock")
    }


# By the page


def of_the_page(state: Path, tmp_path: Path) -> list[str]:
    """The blocks of the page on backups, with the paths of a test."""
    here = {
        "/var/lib/newstag": state,
        "/var/backups/newstag": tmp_path / "backups",
        "/opt/newstag/current/deploy": ROOT / "deploy",
    }
    lines = PAGE.read_text("utf-8").splitlines()
    first, last = (lines.index(f"## {name}") for name in ("Backup and restore", _NEXT))
    texts = [block.text for block in read_blocks(PAGE) if first < block.line < last]
    assert len(texts) == 4
    for path, own in here.items():
        texts = [text.replace(path, str(own)) for text in texts]
    return texts


_NEXT = "Upgrade newstag, and go back"


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], CompletedProcess[str]]:
    """A shell with the commands that the page takes for granted."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in STUBS.items():
        (programs / name).write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        (programs / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def run_in(text: str) -> CompletedProcess[str]:
        command = ["bash", "-euo", "pipefail", "-c", text]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run_in


def told(state: Path, commands: list[str], database: str = "mlflow.db") -> str:
    """What newstag prints when it is asked, as long as all is well."""
    given = ["--store", str(state / "store"), "--tracking-uri", f"sqlite:///{state}/{database}"]
    answers = [CliRunner().invoke(cli, [*given, *command.split()]) for command in commands]
    assert [answer.exit_code for answer in answers] == [0] * len(commands)
    return "".join(answer.stdout for answer in answers)


@pytest.mark.usefixtures("no_figures")
@pytest.mark.filterwarnings("ignore")  # MLflow's own are its own business
def test_what_was_destroyed_is_as_before_by_the_commands_of_the_page(
    state: Path,
    tmp_path: Path,
    shell: Callable[[str], CompletedProcess[str]],
    fresh_database: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(state)
    sync = Sync(store=Store(state / "store"), tracker=Tracker(uri=fresh_database(state)))
    assert len(list(sync.run())) >= 2
    asking = ["models list", "keys list", "models history"]
    before, said = contents(state), told(state, asking)
    assert said.count("@champion") == 1
    assert {"store/keys.json", "mlflow.db"} <= set(before)
    assert any(name.startswith("mlruns/") for name in before)
    making, checking, restoring, syncing = of_the_page(state, tmp_path)
    done = shell(making + checking)
    assert done.returncode == 0, done.stderr

    shutil.rmtree(state / "mlruns")
    (state / "mlflow.db").write_bytes(b"not a database any more")
    for path in (state / "store").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    done = shell(checking + restoring + syncing)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "programs" / "asked").read_text().splitlines()
    assert asked == [*asking, "models sync"]
    # By another name, as MLflow has the file open that was there before.
    after = told(state, asked, "./mlflow.db").replace("/./", "/")
    assert after == f"{said}store and registry agree\n"
    files = {name: data for name, data in contents(state).items() if not name.startswith("lost-")}
    # The file of a database that was copied is another one; what it says was compared above.
    assert files.keys() == before.keys()
    assert {name for name in files if files[name] != before[name]} <= {"mlflow.db"}
    assert (state / "store" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_restored_store_is_served_with_the_same_champion(state: Path, tmp_path: Path) -> None:
    backup, champion = a_backup(state), Store(state / "store").resolve().name
    done = run(RESTORE, backup, tmp_path / "elsewhere")
    assert done.stdout == f"restored {backup} into {tmp_path / 'elsewhere'}\n"
    from starlette.testclient import TestClient

    from serving.app import create_app
    from serving.settings import Settings

    with TestClient(create_app(Settings(store=tmp_path / "elsewhere" / "store"))) as client:
        assert client.get("/readyz").json()["model"] == champion


# A backup


def test_a_backup_has_every_file_and_its_sum_and_nobody_else_reads_it(state: Path) -> None:
    backup = a_backup(state)
    whole = contents(backup)
    sums = whole.pop("SHA256SUMS").decode().splitlines()
    assert whole == contents(state)
    assert {line.split("  ./")[1] for line in sums} == whole.keys()
    assert backup.stat().st_mode & 0o777 == 0o700
    assert (backup / "SHA256SUMS").stat().st_mode & 0o777 == 0o600


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


def test_a_damaged_version_makes_no_backup(state: Path) -> None:
    champion = Store(state / "store").resolve()
    (champion / "dictionary.txt").write_text("gone")
    done = run(BACKUP, state, state.parent / "backups")
    assert done.returncode == 1
    fix = "Mend it with: newstag models sync; or remove it."
    assert f"{champion.name}/: a damaged version. {fix}" in done.stderr
    assert list((state.parent / "backups").glob("[!.]*")) == []


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


# A restoration


def test_nothing_is_restored_over_what_is_there(state: Path) -> None:
    backup, before = a_backup(state), contents(state)
    done = run(RESTORE, backup, state)
    assert done.returncode == 1
    what = "exists already, and nothing is restored over it. Move it away first."
    assert done.stderr == f"{state / 'store'}: {what}\n"
    assert contents(state) == before


@pytest.mark.parametrize("damage", ["altered", "missing", "extra", "no sums"])
def test_a_damaged_backup_is_not_restored(damage: str, state: Path, tmp_path: Path) -> None:
    backup = a_backup(state)
    if damage == "altered":
        (backup / "store" / "champion").write_text("20260101T000000Z-00000000\n")
    elif damage == "missing":
        (backup / "store" / "keys.json").unlink()
    elif damage == "extra":
        (backup / "store" / "surplus").touch()
    else:
        (backup / "SHA256SUMS").unlink()
    done = run(RESTORE, backup, tmp_path / "elsewhere")
    assert done.returncode == 1
    told = {
        "altered": "damaged, see above. Take another backup.",
        "missing": "damaged, see above. Take another backup.",
        "extra": "files that its sums do not name, or fewer. Take another backup.",
        "no sums": "no SHA256SUMS in it. Give a folder that backup.sh made.",
    }
    assert done.stderr.endswith(f"{backup}: {told[damage]}\n")
    assert not (tmp_path / "elsewhere").exists()


def test_revoked_keys_that_the_page_warns_of_are_live_in_a_backup(state: Path) -> None:
    backup = a_backup(state)
    keys = json.loads((backup / "store" / "keys.json").read_text("utf-8"))["keys"]
    assert {key["name"]: key["revoked"] is None for key in keys} == {"cms": True, "old": False}
    assert re.search(r"\*\*revoked keys are live again\*\*", PAGE.read_text("utf-8"))
