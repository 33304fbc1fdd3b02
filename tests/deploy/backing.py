"""Backups that tests make, by the scripts that operators get."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from subprocess import CompletedProcess

from models.sums import write_sums
from tests.deploy.conftest import ROOT, skip_without_tools

BACKUP, RESTORE = ROOT / "deploy" / "backup.sh", ROOT / "deploy" / "restore.sh"
# Before a command: without what lets root read everything, where a test is root.
PLAIN = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []


def small(state: Path) -> Path:
    """What a machine keeps, of everything a little."""
    skip_without_tools()
    version = state / "store" / "20260101T000000Z-00000000"
    for folder in (version, state / "mlruns" / "1", state / "mlartifacts" / "1"):
        folder.mkdir(parents=True)
        (folder / "weights.npy").write_text("kept")
    write_sums(version)
    (state / "store" / "champion").write_text(f"{version.name}\n")
    (state / "store" / "keys.json").write_text("{}")
    (state / "mlflow.db").touch()  # which SQLite takes for one without tables
    return state


def run(*command: str | Path) -> CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )


def a_backup(state: Path, *options: str) -> Path:
    done = run(BACKUP, *options, state, state.parent / "backups")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def incomplete(state: Path, *options: str) -> tuple[Path, str]:
    """A backup of a state in which something is damaged, and what was said."""
    done = run(*PLAIN, BACKUP, *options, state, state.parent / "backups")
    assert done.returncode == 1
    backup = Path(done.stdout.strip())
    assert backup.name.endswith("Z-incomplete"), done.stderr
    said = done.stderr.splitlines()  # among what the tools themselves complained of
    assert all(line in said for line in (backup / "MISSING").read_text().splitlines())
    return backup, done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is no lock, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not path.name.endswith(".lock")
    }
