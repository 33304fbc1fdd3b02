"""The service as processes: under load, told to stop, and with several workers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from benchmarks.commands import serve
from benchmarks.live import soak
from benchmarks.processes import Server, server, tree_of
from labels.article import Article
from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import shipped_scheme
from models.store import Store
from training.recipe import Recipe
from training.saving import save
from training.train import train

ARTICLES = Path(__file__).parents[1] / "command" / "articles.jsonl"


@pytest.fixture(scope="module")
def _two(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose second version says something else than its first."""
    store = Path(shutil.copytree(trained, tmp_path_factory.mktemp("two") / "store"))
    given = Given(scheme=shipped_scheme(), articles=[str(ARTICLES)], starter=False, gold=False)
    corpus = read_corpus(given, raise_it, list[str]().append)
    recipe = replace(Recipe(), folds=3, partitions=1, seed=5)
    fitted = train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)
    save(Store(store), fitted, datetime.now(UTC))
    return store


@pytest.fixture
def two(_two: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(_two, tmp_path / "store"))


def test_champions_change_one_is_damaged_and_the_end_comes_and_no_request_fails(
    two: Path, articles: list[Article]
) -> None:
    versions = set(Store(two).versions())
    found = asyncio.run(soak(two, articles, seconds=8, workers=1, every=1))
    assert found.tally.failed == []
    assert found.tally.wrong == 0
    assert found.tally.refused == 0
    assert set(found.tally.answers) == versions
    assert found.changes >= 3
    assert found.swaps >= 2
    assert found.refusals == 1
    assert found.code == 0


def counts(started: Server) -> dict[str, float]:
    lines = started.get("/metrics").decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold; asked a few times a second."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(OSError, HTTPException):  # of a worker that has just ended
            if holds():
                return True
        time.sleep(0.2)
    return False


def test_several_workers_count_together_and_all_take_a_new_champion(
    two: Path, rows: list[dict[str, Any]]
) -> None:
    store = Store(two)
    first = str(store.champion())
    second = next(one for one in store.versions() if one != first)
    with server([*serve(two), "--workers", "2"], "/readyz", two.parent) as started:
        started.wait()
        live = 'newstag_model_workers{version="%s"}'
        assert within(30, lambda: counts(started).get(live % first) == 2)
        for row in rows * 4:
            status, answer = started.post("/v1/predict", json.dumps(row).encode())
            assert (status, json.loads(answer)["model"]) == (200, first)
        assert counts(started)["newstag_articles_total"] == len(rows) * 4
        answered = 'newstag_request_duration_seconds_count{code="200",route="/v1/predict"}'
        # A duration is known once the answer has left.
        assert within(2, lambda: counts(started)[answered] == len(rows) * 4)
        store.promote(second, "for a test", force=True)
        # Two looks, a second apart, and the time to load.
        assert within(5, lambda: counts(started).get(live % second) == 2)
        assert counts(started)[live % first] == 0
        assert counts(started)["newstag_model_swaps_total"] == 2
        answers = [started.post("/v1/predict", json.dumps(rows[0]).encode())[1] for _ in range(20)]
        assert {json.loads(answer)["model"] for answer in answers} == {second}


def answering(started: Server) -> list[int]:
    """The statuses of some requests, each over a connection of its own."""
    body = json.dumps({"title": "青石", "content": "湖水清澈"}).encode()
    return [started.post("/v1/predict", body)[0] for _ in range(10)]


def workers_of(parent: int) -> list[int]:
    """The processes of the workers."""
    commands = {one: Path(f"/proc/{one}/cmdline").read_bytes() for one in tree_of(parent)}
    return [one for one, command in commands.items() if b"spawn_main" in command]


def test_the_other_worker_answers_on_whatever_becomes_of_one_and_none_outlives_the_parent(
    two: Path,
) -> None:
    weights = two / str(Store(two).champion()) / "weights.npy"
    whole = weights.read_bytes()
    with server([*serve(two), "--workers", "2"], "/readyz", two.parent) as started:
        started.wait()
        live = f'newstag_model_workers{{version="{weights.parent.name}"}}'
        assert within(30, lambda: counts(started).get(live) == 2)
        # A file beside the mapped one: what is in memory stays as it is.
        damaged = weights.with_suffix(".damaged")
        damaged.write_bytes(b"")
        damaged.replace(weights)
        os.kill(workers_of(started.process.pid)[0], signal.SIGKILL)
        assert within(30, lambda: counts(started)["newstag_model_refusals_total"] == 1)
        assert answering(started) == [200] * 10
        damaged.write_bytes(whole)
        damaged.replace(weights)
        assert within(30, lambda: counts(started)[live] == 2)
        workers = workers_of(started.process.pid)
        started.process.kill()
        started.process.wait()
        assert len(workers) == 2
        assert within(30, lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
        said = started.said
        said.seek(0)
        events = [json.loads(line)["event"] for line in said.read().decode().splitlines()]
        assert "a worker ended; another one takes its place" in events
        assert events.count("stopped") == 2
