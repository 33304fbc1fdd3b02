"""A service that really runs, and a browser that opens its pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from models.store import Store
from tests.pages.posts import Post
from tests.pages.visit import Visits

HERE = Path(__file__).parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
_FLAGS = ["--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These come last: Playwright keeps an event loop in this thread, where others run theirs."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it, without a window."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = next((one for one in found if one), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    # Its own sandbox refuses to work for root, as whom containers often run tests.
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for barriers."""
    if not AXE.exists():
        pytest.skip("no axe-core is installed: npm ci --prefix tests/pages")
    return AXE.read_text("utf-8")


@contextmanager
def served(store: Path, log: Path) -> Iterator[str]:
    """Run the service on a free port; its address."""
    words = ["--store", str(store), "serve", "--port", "0", "--drain", "0"]
    environment = {name: value for name, value in os.environ.items() if "NEWSTAG" not in name}
    with log.open("wb") as kept:
        process = subprocess.Popen(
            [sys.executable, "-m", "newstag", *words],
            stdout=kept,
            stderr=kept,
            cwd=HERE.parents[1],
            env=environment,
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    while process.poll() is None:
        for line in log.read_text("utf-8").splitlines(keepends=True):
            if '"serving"' in line and line.endswith("\n"):
                return str(json.loads(line)["url"])
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture(scope="session")
def service(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service without keys; tests do not stop it."""
    with served(trained, tmp_path_factory.mktemp("service") / "log") as url:
        yield url


@pytest.fixture
def visits(browser: Browser, service: str) -> Iterator[Visits]:
    """Open pages of that service; in the end nothing may have complained or gone elsewhere."""
    made = Visits(browser, service)
    yield made
    made.close()
    assert made.strangers == []
    assert made.complaints == []


@pytest.fixture
def page(visits: Visits) -> Page:
    """The page in English, on a desk."""
    return visits.open("/")


@pytest.fixture(scope="session")
def manifest(trained: Path) -> dict[str, Any]:
    """What the version that answers says of itself."""
    found: dict[str, Any] = json.loads((Store(trained).resolve() / "manifest.json").read_text())
    return found


Ask = Callable[[Page, Post], dict[str, Any]]


@pytest.fixture
def predict(service: str) -> Ask:
    """What POST /v1/predict says of a post, with the words that the page marks."""

    def ask(page: Page, post: Post) -> dict[str, Any]:
        data = {"title": post.title, "content": post.content}
        answer = page.context.request.post(f"{service}/v1/predict?explain=40", data=data)
        assert answer.status == 200
        found: dict[str, Any] = answer.json()
        return found

    return ask
