"""A backup of what lost all of something: it is no whole one, and can be accepted as one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.backing import RESTORE, a_backup, incomplete, run, small


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return small(tmp_path / "state")


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
    for given in (["--check", accepted], [accepted, tmp_path / "elsewhere"]):
        done = run(RESTORE, *given)
        assert (done.returncode, done.stderr) == (0, f"undamaged, but not in this backup:\n{said}")
        assert "whole" not in done.stdout
    a_backup(state)


NOWHERE = "a link that leads nowhere. Remove it, or bring back what it led to."
NOT_ALL = [
    f"not all of it {what}, see above. Mend what is named there."
    for what in ("can be read", "was copied")
]


@pytest.mark.usefixtures("last")
@pytest.mark.parametrize("part", ["store", "mlruns", "mlartifacts"])
def test_what_is_there_and_cannot_be_read_is_not_told_to_be_gone(part: str, state: Path) -> None:
    (state / part).chmod(0)
    backup, _ = incomplete(state)
    (state / part).chmod(0o700)
    told = (backup / "MISSING").read_text().splitlines()
    assert [line for line in told if "Permission denied" not in line] == [
        f"{state}/{part}: {what}" for what in NOT_ALL
    ]


@pytest.mark.usefixtures("last")
@pytest.mark.parametrize(
    "part",
    ["store/20260101T000000Z-00000000", "store/keys.json", "mlflow.db", "mlruns"],
)
def test_where_a_link_leads_nowhere_nothing_is_told_to_be_gone(part: str, state: Path) -> None:
    (state / part).rename(state / "away")
    (state / part).symlink_to(state / "nowhere")
    _, said = incomplete(state)
    assert f"{state}/{part}: {NOWHERE}\n" in said
    assert "gone now" not in said


@pytest.mark.usefixtures("last")
@pytest.mark.parametrize("part", ["store/20260101T000000Z-00000000", "mlruns/1"])
def test_what_is_within_a_folder_that_cannot_be_read_is_not_told_to_be_gone(
    part: str, state: Path
) -> None:
    (state / part).chmod(0)
    _, said = incomplete(state)
    (state / part).chmod(0o700)
    assert f"{state}/{part.split('/', maxsplit=1)[0]}: {NOT_ALL[0]}\n" in said
    assert "gone now" not in said


@pytest.mark.parametrize("also", ["link", "loop"])
def test_runs_that_are_gone_but_for_a_link_are_told(also: str, last: Path, state: Path) -> None:
    shutil.rmtree(state / "mlruns")
    (state / "mlruns").mkdir()
    (state / "mlruns" / "1").symlink_to(state / ("nowhere" if also == "link" else "mlruns"))
    backup, said = incomplete(state)
    assert said.splitlines()[-1:] == told(state, last, backup, "mlruns")


def test_keys_that_are_gone_beside_a_file_that_cannot_be_read_are_told(
    last: Path, state: Path
) -> None:
    (state / "store" / "keys.json").unlink()
    (state / "store" / "ledger.jsonl").touch(0)
    backup, said = incomplete(state)
    whole = [f"{state}/store: {NOT_ALL[1]}", *told(state, last, backup, "store/keys.json")]
    assert said.splitlines()[-2:] == whole


def test_what_is_gone_beside_what_cannot_be_read_is_told(last: Path, state: Path) -> None:
    (state / "store" / "keys.json").unlink()
    (state / "mlruns").chmod(0)
    backup, said = incomplete(state)
    (state / "mlruns").chmod(0o700)
    assert said.splitlines()[-1:] == told(state, last, backup, "store/keys.json")


def test_what_never_was_there_is_not_missed(last: Path, state: Path) -> None:
    for root in (last, state):
        (root / "store" / "keys.json").unlink()
        (root / "mlflow.db").unlink()
        shutil.rmtree(root / "mlruns")
    a_backup(state)
