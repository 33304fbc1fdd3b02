"""Backup and restore, by the very commands of the page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from models.store import Store
from newstag import cli
from tests.deploy.backing import a_backup, contents
from tests.deploy.conftest import ROOT
from tests.docs.blocks import read_blocks
from training.syncing import Sync
from training.tracker import Tracker

PAGE = ROOT / "docs" / "deploy.md"

# Commands that a test has no right to, as far as they matter: who one is stays the same, and
# there are no services. What newstag is asked is kept, and asked in this process, where MLflow
# is loaded once.
STUBS = {
    "systemctl": 'echo "systemctl $*"',
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "newstag": 'echo "$*" >>"$(dirname "$0")/asked"',
}


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
    texts = [text for text in texts if "docker" not in text]  # there is no engine
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
    (state / "mlflow.db-journal").write_bytes(b"what a kill left")
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
    (lost,) = state.glob("lost-*")
    assert {path.name for path in lost.iterdir()} >= {"mlflow.db-journal", "mlflow.db", "store"}


def test_revoked_keys_that_the_page_warns_of_are_live_in_a_backup(state: Path) -> None:
    backup = a_backup(state)
    keys = json.loads((backup / "store" / "keys.json").read_text("utf-8"))["keys"]
    assert {key["name"]: key["revoked"] is None for key in keys} == {"cms": True, "old": False}
    assert re.search(r"\*\*revoked keys are live again\*\*", PAGE.read_text("utf-8"))
