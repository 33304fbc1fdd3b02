"""Backup and restore, by the very commands of the page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from models.store import Store
from newstag import cli
from tests.deploy.backing import a_backup, contents
from tests.deploy.page import PAGE, STUBS, Shell, on_backups
from training.syncing import Sync
from training.tracker import Tracker

ASKING = ["models list", "keys list", "models history"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Where newstag is asked is kept; the test asks in its process, where MLflow is loaded once."""
    shell = Shell(tmp_path)
    shell.puts(**STUBS, newstag='echo "$*" >>"$(dirname "$0")/asked"')
    return shell


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
    shell: Shell,
    fresh_database: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(state)
    sync = Sync(store=Store(state / "store"), tracker=Tracker(uri=fresh_database(state)))
    assert len(list(sync.run())) >= 2
    before, said = contents(state), told(state, ASKING)
    assert said.count("@champion") == 1
    assert {"store/keys.json", "mlflow.db"} <= set(before)
    assert any(name.startswith("mlruns/") for name in before)
    making, checking, restoring, _, syncing = on_backups(state, tmp_path / "backups")
    done = shell.run(making + checking)
    assert done.returncode == 0, done.stderr

    shutil.rmtree(state / "mlruns")
    (state / "mlflow.db").write_bytes(b"not a database any more")
    (state / "mlflow.db-journal").write_bytes(b"what a kill left")
    for path in (state / "store").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    done = shell.run(checking + restoring + syncing)
    assert done.returncode == 0, done.stderr
    assert "\nsystemctl restart newstag\n" in done.stdout
    asked = (tmp_path / "programs" / "asked").read_text().splitlines()
    assert asked == [*ASKING, "models sync"]
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


RESTARTED = "systemctl restart newstag\n"


def typed(shell: Shell, state: Path) -> CompletedProcess[str]:
    """What comes of checking and restoring as pasted, which never restarts the service."""
    _, checking, restoring, *_ = on_backups(state, shell.folder / "backups")
    done = shell.paste(checking + restoring)
    assert RESTARTED not in done.stdout
    assert done.stdout.endswith("systemctl start newstag-backup.timer\n")
    return done


@pytest.mark.parametrize("why", ["damaged", "incomplete"])
def test_before_a_backup_is_found_whole_nothing_is_moved_or_stopped(
    why: str, state: Path, shell: Shell
) -> None:
    backup, before = a_backup(state), contents(state)
    if why == "damaged":
        (backup / "store" / "keys.json").write_text("{}")
    else:  # there is no other
        backup.rename(backup.with_name(f"{backup.name}-incomplete"))
    done = typed(shell, state)
    assert done.stderr
    assert "systemctl stop" not in done.stdout
    assert contents(state) == before
    assert not (shell.folder / "programs" / "asked").exists()


@pytest.mark.parametrize("fails", ["runuser", "newstag"])
def test_after_a_step_that_fails_the_service_that_answers_is_not_restarted(
    fails: str, state: Path, shell: Shell
) -> None:
    backup, before = a_backup(state), contents(state / "store")
    check = 'case $* in *--check*) exit ;; esac; echo "no space left" >&2; exit 1'
    shell.puts(**{fails: check})
    done = typed(shell, state)
    assert "no space left\n" in done.stderr
    given, stopped = (done.stdout.index(said) for said in (f"chown -R newstag: {backup}\n", "stop"))
    assert given < stopped
    (lost,) = state.glob("lost-*")
    assert contents(lost / "store") == before
