from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from labels.errors import StateError
from models.store import Store
from serving.run import run
from serving.settings import Settings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What uvicorn was asked to run, which it does not; the environment is restored after."""
    calls: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **more: calls.append((app, more)))
    monkeypatch.setattr("os.environ", dict(os.environ))
    return calls


def test_one_worker_runs_the_app_itself(
    trained: Path, started: list[tuple[Any, dict[str, Any]]]
) -> None:
    run(Settings(store=trained), "127.0.0.1", 8001, 1)
    ((app, more),) = started
    assert isinstance(app, FastAPI)
    assert more == {"host": "127.0.0.1", "port": 8001}


def test_several_workers_get_their_settings_from_the_environment(
    trained: Path, started: list[tuple[Any, dict[str, Any]]]
) -> None:
    settings = Settings(store=trained, segmenter="jieba")
    run(settings, "127.0.0.1", 8001, 3)
    factory = "serving.app:create_app_from_environment"
    assert started == [
        (factory, {"factory": True, "host": "127.0.0.1", "port": 8001, "workers": 3})
    ]
    # The version, not the reference: a worker started again must not answer with another one.
    version = str(Store(trained).resolve().resolve())
    expected = {**settings.as_environment(), "NEWSTAG_MODEL": version}
    assert expected.items() <= os.environ.items()


def test_a_taken_port_is_told_before_anything_starts(
    trained: Path, started: list[tuple[Any, dict[str, Any]]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StateError) as caught:
            run(Settings(store=trained), "127.0.0.1", port, 1)
    assert str(caught.value) == (
        f"127.0.0.1:{port}: cannot be bound (Address already in use). Choose another --host or "
        "--port."
    )
    assert started == []


def test_no_port_is_opened_without_a_model(
    tmp_path: Path, started: list[tuple[Any, dict[str, Any]]]
) -> None:
    with pytest.raises(StateError) as caught:
        run(Settings(store=tmp_path), "127.0.0.1", 8001, 1)
    assert str(caught.value) == f"{tmp_path}: no model version yet. Run: newstag train."
    assert started == []
