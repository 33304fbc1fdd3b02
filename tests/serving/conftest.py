"""The service on top of a store trained once on invented articles."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor
from models.store import Store
from models.sums import write_sums
from models.version import load_predictor
from serving.app import create_app
from serving.edge import Edge
from serving.live import Loaded, load
from serving.logs import JsonLines
from serving.settings import Settings
from serving.work import Work

ARTICLES = Path(__file__).parents[1] / "command" / "articles.jsonl"


@pytest.fixture
def version(trained: Path, tmp_path: Path) -> Path:
    """The directory of a version in a store of one's own, to be damaged at will."""
    store = Store(Path(shutil.copytree(trained, tmp_path / "store")))
    return store.resolve()


@pytest.fixture(scope="session")
def copied() -> Callable[[Path, str], Path]:
    """Put a copy of a version beside it, whole and under another id."""

    def copy(folder: Path, version: str) -> Path:
        target = shutil.copytree(folder, folder.with_name(version))
        manifest = json.loads((target / "manifest.json").read_text("utf-8"))
        text = json.dumps({**manifest, "version": version}, ensure_ascii=False)
        (target / "manifest.json").write_text(text, "utf-8")
        write_sums(target)
        return target

    return copy


@pytest.fixture(scope="session")
def predictor(trained: Path) -> Predictor:
    return load_predictor(Store(trained).resolve())


@pytest.fixture(scope="session")
def rows() -> list[dict[str, object]]:
    """24 articles as rows, with id, title and content and nothing else."""
    given = (json.loads(line) for line in ARTICLES.read_text("utf-8").splitlines())
    return [{key: row[key] for key in ("id", "title", "content")} for row in given]


@pytest.fixture(scope="session")
def articles(rows: list[dict[str, object]]) -> list[Article]:
    return [Article(**row) for row in rows]  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def work(trained: Path) -> Work:
    """Tagging with that store's version, and nothing else."""
    return Work(model=str(Store(trained).resolve()))


@pytest.fixture(scope="session")
def loaded(trained: Path) -> Loaded:
    """The version of that store, for services that need not load it themselves."""
    return load(Settings(store=trained))


@pytest.fixture
def app(trained: Path) -> Edge:
    """The service, not started yet."""
    return create_app(Settings(store=trained))


@pytest.fixture
def client(app: Edge) -> Iterator[TestClient]:
    """A client of the started service, which sees its answers even to internal errors."""
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What the service logs beside its requests, line by line."""
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines().format(record)))

    log, kept = logging.getLogger("newstag"), Kept()
    before = log.level
    log.addHandler(kept)
    log.setLevel(logging.INFO)
    yield lines
    log.setLevel(before)
    log.removeHandler(kept)


@pytest.fixture(scope="session")
def counted() -> Callable[..., float]:
    """The value of a sample on a page of metrics, 0 where there is none."""

    def value(page: bytes, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(page.decode())
        samples = (sample for family in families for sample in family.samples)
        found = [one.value for one in samples if (one.name, one.labels) == (name, labels)]
        return sum(found)

    return value
