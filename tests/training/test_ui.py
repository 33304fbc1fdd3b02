from __future__ import annotations

from pathlib import Path

import pytest

from labels.errors import StateError
from training.ui import run_ui


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text(
        "no database at all, but long enough to be read as one\n" * 9
    )
    uri = f"sqlite:///{tmp_path}/notes.db"
    said: list[str] = []
    with pytest.raises(StateError) as refused:
        run_ui(uri, "127.0.0.1", 0, said.append)
    assert str(refused.value).startswith(f"{uri}: not a SQLite database (file is not a database)")
    assert said == []


def test_an_unknown_kind_of_store_is_refused_before_anything_starts() -> None:
    said: list[str] = []
    with pytest.raises(StateError) as refused:
        run_ui("foo://x", "127.0.0.1", 0, said.append)
    assert str(refused.value) == (
        "foo://x: no database that MLflow can open. Give a --tracking-uri that begins with one "
        "of: sqlite:, postgresql, mysql, mssql."
    )
    assert said == []


def test_a_tracking_server_has_a_ui_of_its_own() -> None:
    said: list[str] = []
    with pytest.raises(StateError, match="which serves its own UI"):
        run_ui("http://127.0.0.1:9", "127.0.0.1", 0, said.append)
    assert said == []
