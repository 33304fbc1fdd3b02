"""What tests of several rooms share."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

_POSTS = "NEWSTAG_TEST_POSTS"
_WITHOUT_POSTS = f"{_POSTS} names no folder of real posts"


@pytest.fixture(scope="session")
def posts() -> Path:
    """The newsroom's export; tests that need it are skipped where it is not at hand."""
    folder = os.environ.get(_POSTS)
    if not folder:
        pytest.skip(_WITHOUT_POSTS)
    return Path(folder) / "articles.json"


@pytest.fixture(scope="session")
def post_texts(posts: Path) -> list[str]:
    """Title and content of every real post."""
    rows: list[dict[str, Any]] = json.loads(posts.read_text("utf-8"))
    return [f"{row['标题title']}\n{row['finalContent']}" for row in rows]


@pytest.fixture(scope="session")
def chinese_runs() -> Callable[[str], set[str]]:
    """Every 16 Chinese characters of a text that follow each other, whatever stands between.

    No text of ours shares such a run with a real post.
    """

    def runs(text: str) -> set[str]:
        characters = "".join(re.findall(r"[\u4e00-\u9fff]", text))
        return {characters[at : at + 16] for at in range(len(characters) - 15)}

    return runs


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one version, of 24 invented articles; not to be changed."""
    from labels.joining import Given, read_corpus
    from labels.rows import raise_it
    from labels.scheme import shipped_scheme
    from models.store import Store
    from training.recipe import Recipe
    from training.saving import save
    from training.train import train

    store = tmp_path_factory.mktemp("trained") / "store"
    articles = [str(Path(__file__).parent / "command" / "articles.jsonl")]
    given = Given(scheme=shipped_scheme(), articles=articles, starter=False, gold=False)
    corpus = read_corpus(given, raise_it, list[str]().append)
    recipe = replace(Recipe(), folds=3, partitions=1)
    model = train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)
    save(Store(store), model, datetime.now(UTC))
    return store


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record runs without their figures, which take most of the time of it."""
    monkeypatch.setattr("training.tracker.figures", lambda _: iter(()))


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Put an empty database of MLflow's into a folder; its URI. To make one takes a second."""
    made = tmp_path_factory.mktemp("database") / "empty.db"

    def place(folder: Path) -> str:
        if not made.exists():
            from mlflow import MlflowClient

            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(made.parent)
                MlflowClient(tracking_uri=f"sqlite:///{made}").search_experiments()
        shutil.copyfile(made, folder / "mlflow.db")
        return f"sqlite:///{folder}/mlflow.db"

    return place


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """In continuous integration a test that did not run is a failure, and says so."""
    for report in _unexplained(terminalreporter):
        terminalreporter.write_line(f"skipped where it must run: {report.nodeid}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and _unexplained(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unexplained(reporter: Any) -> list[Any]:
    if os.environ.get("CI") != "true":
        return []
    skipped = reporter.stats.get("skipped", [])
    return [report for report in skipped if _WITHOUT_POSTS not in str(report.longrepr)]
