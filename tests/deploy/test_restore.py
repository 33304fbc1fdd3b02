"""A restoration: what it brings back, and what it refuses."""

from __future__ import annotations

import getpass
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from models.store import Store
from serving.app import create_app
from serving.settings import Settings
from tests.deploy.backing import PLAIN, RESTORE, a_backup, contents, run


def test_what_is_restored_is_its_owners_alone_and_as_it_was(state: Path, tmp_path: Path) -> None:
    backup, target = a_backup(state), tmp_path / "elsewhere"
    for path in backup.rglob("*"):  # as after a journey by a disk that knows no modes
        path.chmod(0o777)
    done = run(RESTORE, backup, target)
    assert done.stdout == f"restored {backup} into {target}\n"
    assert contents(target) == contents(state)
    modes = {path.stat().st_mode & 0o777 for path in target.rglob("*") if path.is_file()}
    assert modes == {0o700}


def test_a_service_answers_while_its_store_is_gone_and_brought_back(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.live._EVERY", 0.02)
    (state / "store" / "keys.json").unlink()  # so that it is open to us
    backup, champion = a_backup(state), Store(state / "store").champion()
    settings, article = Settings(store=state / "store"), {"title": "脑机接口", "content": "试验"}
    with TestClient(create_app(settings)) as client:

        def tagged() -> bool:
            answer = client.post("/v1/predict", json=article)
            return bool(answer.status_code == 200 and answer.json()["model"] == champion)

        assert tagged()
        (state / "store").rename(state / "lost")
        end = time.monotonic() + 10
        while "newstag_model_refusals_total 1.0" not in client.get("/metrics").text:
            assert tagged()
            assert time.monotonic() < end
        assert run(RESTORE, backup, state).returncode == 0
        assert tagged()
    with TestClient(create_app(settings)) as client:
        assert client.get("/readyz").json()["model"] == champion


def test_nothing_is_restored_over_what_is_there(state: Path) -> None:
    backup, before = a_backup(state), contents(state)
    done = run(RESTORE, backup, state)
    assert done.returncode == 1
    what = "exists already, and nothing is restored over it. Move it away first."
    assert done.stderr == f"{state / 'store'}: {what}\n"
    assert contents(state) == before


@pytest.mark.parametrize("name", ["mlflow.db-journal", "mlflow.db-wal", "mlflow.db-shm"])
def test_what_a_kill_left_of_a_database_is_refused(name: str, state: Path, tmp_path: Path) -> None:
    backup, target = a_backup(state), tmp_path / "elsewhere"
    target.mkdir()
    (target / name).write_bytes(b"of another database")
    done = run(RESTORE, backup, target)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{target / name}: exists already")
    assert [path.name for path in target.iterdir()] == [name]


@pytest.mark.parametrize("damage", ["altered", "missing", "extra", "no sums", "link", "links"])
def test_a_damaged_backup_is_not_restored(damage: str, state: Path, tmp_path: Path) -> None:
    backup = a_backup(state)
    if damage == "altered":
        (backup / "store" / "champion").write_text("20260101T000000Z-00000000\n")
    elif damage == "missing":
        (backup / "store" / "keys.json").unlink()
    elif damage == "extra":
        (backup / "store" / "surplus").touch()
    elif damage == "link":
        (backup / "store" / "surplus").symlink_to("keys.json")
    elif damage == "links":  # in the place of a folder that has what the sums say
        (backup / "store").rename(tmp_path / "away")
        (backup / "store").symlink_to(tmp_path / "away")
    else:
        (backup / "SHA256SUMS").unlink()
    done = run(RESTORE, backup, tmp_path / "elsewhere")
    assert done.returncode == 1
    told = {
        "altered": "damaged, see above. Take another backup.",
        "missing": "damaged, see above. Take another backup.",
        "extra": "files that its sums do not name, or fewer. Take another backup.",
        "link": "something in it is neither a file nor a folder. Take another backup.",
        "links": "something in it is neither a file nor a folder. Take another backup.",
        "no sums": "no SHA256SUMS in it. Give a folder that backup.sh made.",
    }
    assert done.stderr.endswith(f"{backup}: {told[damage]}\n")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("given", [[], ["a"], ["--check"], ["", "a"], ["a", ""], ["--check", ""]])
def test_how_it_is_used_is_told(given: list[str]) -> None:
    done = run(RESTORE, *given)
    told = "usage: restore.sh BACKUP STATE, or restore.sh --check BACKUP\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_a_backup_can_be_checked_before_anything_is_moved(state: Path, tmp_path: Path) -> None:
    backup, before = a_backup(state), sorted(tmp_path.rglob("*"))
    done = run(RESTORE, "--check", backup)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"whole: {backup}\n", "")
    (backup / "store" / "keys.json").write_text("{}")
    done = run(RESTORE, "--check", backup)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f"{backup}: damaged, see above. Take another backup.\n")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("closed", [".", "store", "store/keys.json", "SHA256SUMS"])
def test_what_is_somebody_else_s_is_told_for_that(closed: str, state: Path, tmp_path: Path) -> None:
    backup = a_backup(state)
    mode = (backup / closed).stat().st_mode
    (backup / closed).chmod(0)  # as good as another's, to who is not root
    done = run(*PLAIN, RESTORE, backup, tmp_path / "elsewhere")
    (backup / closed).chmod(mode)
    user = getpass.getuser()
    fix = f"As root: chown -R {user}: '{backup}'."
    assert done.stderr == f"{backup / closed}: not readable to {user}. {fix}\n"
    assert done.returncode == 1
    assert not (tmp_path / "elsewhere").exists()


def test_names_that_sums_write_in_another_way_are_restored(state: Path, tmp_path: Path) -> None:
    (state / "mlruns").mkdir()
    for name in ("back\\slash", "new\nline", "re\rturn", "\\n", " -"):
        (state / "mlruns" / name).write_text(name)
    done = run(RESTORE, a_backup(state), tmp_path / "elsewhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "elsewhere") == contents(state)


def test_a_state_without_a_single_file_is_restored_too(tmp_path: Path) -> None:
    (tmp_path / "state" / "store").mkdir(parents=True)
    done = run(RESTORE, a_backup(tmp_path / "state"), tmp_path / "elsewhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "elsewhere" / "store").iterdir()) == []
