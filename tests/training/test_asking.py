"""MLflow's library is opened so that it says quickly and clearly what is wrong."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from labels.errors import StateError
from training.asking import (
    no_database,
    open_database,
    open_mlflow,
    recording,
    reported,
    shown,
    sqlite_file,
)

Fresh = Callable[[Path], str]
RETRIES, TIMEOUT = "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:////srv/mlflow.db", "/srv/mlflow.db"),
        ("sqlite:///mlflow.db?timeout=5", "mlflow.db"),
        ("sqlite+pysqlite:///mlflow.db", "mlflow.db"),
        ("http://127.0.0.1:5000", None),
        ("postgresql://me@db/mlflow", None),
    ],
)
def test_the_file_of_a_uri(uri: str, file: str | None) -> None:
    assert sqlite_file(uri) == (None if file is None else Path(file))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("postgresql://me:s3cret@db:5432/mlflow", "postgresql://me:***@db:5432/mlflow"),
        ("https://me:p%40ss@host/x", "https://me:***@host/x"),
        ("https://me@host/x", "https://me@host/x"),
        ("postgresql://h/db?user=u&password=s3c&x=1", "postgresql://h/db?user=u&password=***&x=1"),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_a_password_is_not_shown(uri: str, said: str) -> None:
    assert shown(uri) == said


def test_nor_is_it_where_a_library_repeats_the_uri() -> None:
    uri = "postgresql://me:s3cret@db/mlflow"
    with pytest.raises(StateError) as failed, reported(uri, "record the run", "Check it"):
        raise RuntimeError(f"no connection to {uri}")
    assert "s3cret" not in str(failed.value)
    assert "no connection to postgresql://me:***@db/mlflow" in failed.value.what
    long = f"http://me:{'s3cret' * 50}@host"
    with pytest.raises(StateError) as failed, reported(long, "record the run", "Check it"):
        raise RuntimeError(f"no connection to {long}")
    assert "s3cret" not in str(failed.value)


def test_a_database_with_options_behind_its_name_is_there_once_it_was_made(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/m.db?timeout=5"
    assert no_database(uri)
    open_database(uri)
    assert not no_database(uri)
    with recording(uri, tmp_path):
        assert (tmp_path / "m.db.recording.lock").exists()


def test_a_file_of_another_kind_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "m.db").write_text("not a database, but a text of some length", "utf-8")
    with pytest.raises(StateError, match=r"not a SQLite database \(file is not a database\)"):
        open_database(f"sqlite:///{tmp_path}/m.db")
    with pytest.raises(StateError, match="a folder, not a SQLite database"):
        open_database(f"sqlite:///{tmp_path}")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE letters (text)")
    with pytest.raises(StateError, match="a SQLite database of another program"):
        open_database(f"sqlite:///{tmp_path}/other.db")


def test_a_database_that_somebody_writes_is_one(tmp_path: Path, fresh_database: Fresh) -> None:
    uri = fresh_database(tmp_path)
    with sqlite3.connect(tmp_path / "mlflow.db") as held:
        held.execute("BEGIN IMMEDIATE")
        open_database(uri)
        assert held.in_transaction
    held.close()


def test_a_folder_that_may_only_be_read_can_be_read(
    tmp_path: Path, fresh_database: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = fresh_database(tmp_path)

    def refused(_path: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("training.asking.locked", refused)
    open_database(uri)
    with pytest.raises(PermissionError):  # but nothing is made in it
        open_database(f"sqlite:///{tmp_path}/other.db")


def test_patience_is_ours_unless_the_environment_says_otherwise(
    tmp_path: Path, fresh_database: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (RETRIES, TIMEOUT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("training.asking._OURS", {})
    uri = fresh_database(tmp_path)
    open_mlflow(uri, retries=2, timeout=30)
    assert (os.environ[RETRIES], os.environ[TIMEOUT]) == ("2", "30")
    open_mlflow(uri, retries=0, timeout=10)
    assert (os.environ[RETRIES], os.environ[TIMEOUT]) == ("0", "10")
    monkeypatch.setenv(TIMEOUT, "77")
    open_mlflow(uri, retries=1, timeout=5)
    assert (os.environ[RETRIES], os.environ[TIMEOUT]) == ("1", "77")


def test_what_other_programs_left_in_the_environment_does_not_count(
    tmp_path: Path, fresh_database: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0123456789abcdef0123456789abcdef")
    uri = fresh_database(tmp_path)
    mlflow = open_mlflow(uri, retries=0, timeout=1)
    assert mlflow.get_registry_uri() == uri
    assert "MLFLOW_RUN_ID" not in os.environ
    assert mlflow.MlflowClient().search_registered_models() == []


def test_a_failure_of_a_database_prints_neither_sql_nor_a_traceback(
    tmp_path: Path, fresh_database: Fresh
) -> None:
    uri = fresh_database(tmp_path)
    code = f"""
import os
from training.asking import open_mlflow, reported
from labels.errors import StateError
mlflow = open_mlflow({uri!r}, retries=0, timeout=1)
mlflow.MlflowClient().search_registered_models()
import sqlite3
with sqlite3.connect({str(tmp_path / "mlflow.db")!r}) as held:
    held.execute("DROP TABLE registered_models")
try:
    with reported({uri!r}, "read the registry", "Check it"):
        mlflow.MlflowClient().search_registered_models()
except StateError as error:
    print(error)
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "no such table: registered_models" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert "SELECT" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
