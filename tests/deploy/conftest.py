"""A state to back up, and the tools that check what operators get."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import shipped_scheme
from models.store import Store
from models.sums import write_sums
from serving.keys import NAME, KeyFile
from training.recipe import Recipe
from training.saving import save
from training.train import train

ROOT = Path(__file__).parents[2]
ARTICLES = ROOT / "tests" / "command" / "articles.jsonl"

Tool = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder that operators take with them."""
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Run a program that checks a file; what it said. .ci/run installs all of them."""

    def run(name: str, *arguments: str | Path, cwd: Path = ROOT) -> CompletedProcess[str]:
        beside = Path(sys.executable).with_name(name)
        program = str(beside) if beside.exists() else shutil.which(name, path=_path())
        if program is None:
            pytest.skip(f"no {name} is installed")
        return subprocess.run(
            [program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
        )

    return run


def _path() -> str:
    """Where programs are, those for the administrator too."""
    return ":".join([*filter(None, [os.environ.get("PATH")]), "/usr/sbin", "/sbin"])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two versions, the second of them champion, and keys; not to be changed."""
    root = tmp_path_factory.mktemp("trained") / "store"
    store = Store(root)
    given = Given(scheme=shipped_scheme(), articles=[str(ARTICLES)], starter=False, gold=False)
    corpus = read_corpus(given, raise_it, list[str]().append)
    recipe = replace(Recipe(), folds=3, partitions=1)
    model = train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)
    second = _renamed(save(store, model, datetime.now(UTC)), "20991231T235959Z-0000abcd")
    store.promote(second.name, "better on events")
    keys = KeyFile(root / NAME)
    keys.add("cms", ["predict"])
    keys.add("old", ["predict"])
    keys.revoke("old")
    return root


def _renamed(folder: Path, version: str) -> Path:
    """A copy of a version under another id."""
    target = Path(shutil.copytree(folder, folder.with_name(version)))
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    text = json.dumps({**manifest, "version": version}, ensure_ascii=False)
    (target / "manifest.json").write_text(text, "utf-8")
    write_sums(target)
    return target


@pytest.fixture
def state(trained: Path, tmp_path: Path) -> Path:
    """The folder that a machine keeps, with that store in it, to be changed at will."""
    for name in ("flock", "sha256sum"):  # what the scripts need and not every system has
        if shutil.which(name) is None:
            pytest.skip(f"no {name} is installed")
    shutil.copytree(trained, tmp_path / "state" / "store")
    return tmp_path / "state"
