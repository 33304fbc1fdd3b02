"""A backup of what lost all of something: it is no whole one, and can be accepted as one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.sums import write_sums
from tests.deploy.backing import RESTORE, a_backup, incomplete, run
from tests.deploy.conftest import skip_without_tools


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """What a machine keeps, of everything a little."""
    skip_without_tools()
    state = tmp_path / "state"
    version = state / "store" / "20260101T000000Z-00000000"
    for folder in (version, state / "mlruns" / "1", state / "mlartifacts" / "1"):
        folder.mkdir(parents=True)
        (folder / "weights.npy").write_text("kept")
    write_sums(version)
    (state / "store" / "champion").write_text(f"{version.name}\n")
    (state / "store" / "keys.json").write_text("{}")
    (state / "mlflow.db").touch()  # which SQLite takes for one without tables
    return state


@pytest.fixture
def last(state: Path) -> Path:
    """The newest whole backup, of that state."""
    return Path(shutil.copytree(state, state.parent / "backups" / "newstag-20260102T000000Z"))


def told(state: Path, last: Path, backup: Path, *parts: str) -> list[str]:
    """What is said of parts that are gone."""
    meant = backup.name.removesuffix("-incomplete")
    fix = f"Bring it back; or, if it was meant to go, rename this backup to {meant}"
    return [f"{state}/{part}: in {last.name}, and gone now. {fix}." for part in parts]


def test_what_the_last_whole_one_has_and_the_state_has_not_is_missing(
    last: Path, state: Path
) -> None:
    for folder in ("store", "mlruns", "mlartifacts"):  # the disks behind them are not there
        shutil.rmtree(state / folder)
        (state / folder).mkdir()
    (state / "mlflow.db").unlink()
    backup, said = incomplete(state, "--keep", "1")
    parts = ("store", "store/keys.json", "mlflow.db", "mlruns", "mlartifacts")
    assert said.splitlines() == told(state, last, backup, *parts)
    assert (last / "store" / "keys.json").exists()


def test_what_was_meant_to_go_is_accepted_by_the_name_that_is_told(
    last: Path, state: Path, tmp_path: Path
) -> None:
    (state / "store" / "keys.json").unlink()
    # Another incomplete one is nobody's match.
    last.with_name("newstag-20260103T000000Z-incomplete").mkdir()
    backup, said = incomplete(state)
    assert said.splitlines() == told(state, last, backup, "store/keys.json")
    meant = said.removesuffix(".\n").rpartition(" ")[2]
    assert f"{meant}-incomplete" == backup.name
    accepted = backup.rename(last.with_name("newstag-20260104T000000Z"))
    done = run(RESTORE, accepted, tmp_path / "elsewhere")
    assert (done.returncode, done.stderr) == (0, f"not in this backup:\n{said}")
    a_backup(state)


def test_what_never_was_there_is_not_missed(last: Path, state: Path) -> None:
    for root in (last, state):
        (root / "store" / "keys.json").unlink()
        (root / "mlflow.db").unlink()
        shutil.rmtree(root / "mlruns")
    a_backup(state)
