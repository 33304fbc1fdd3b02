"""The command line on a small store, trained once on invented articles."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from newstag import main
from training.recipe import Recipe
from training.train import train  # noqa: F401 - loaded before a test patches the recipe

ARTICLES = Path(__file__).with_name("articles.jsonl")
COMMAND = Path(sys.executable).with_name("newstag")


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without the settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("NEWSTAG_"):
            monkeypatch.delenv(name)


def run(*arguments: str | Path, stdin: str = "") -> CompletedProcess[str]:
    """Run a verb in this process, where libraries are loaded once; training judges once."""
    given = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("training.recipe.Recipe", partial(Recipe, folds=3, partitions=1))
        patch.setattr("sys.argv", ["newstag", *given])
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return CompletedProcess(given, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def newstag() -> Callable[..., CompletedProcess[str]]:
    """Run a verb in this process; an error that is not ours reaches the test."""
    return run


@pytest.fixture
def command() -> Callable[..., CompletedProcess[str]]:
    """Run the installed command in a process of its own."""

    def run_command(*arguments: str | Path, stdin: str = "") -> CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments], input=stdin, capture_output=True, text=True, check=False
        )

    return run_command


@pytest.fixture(scope="session")
def installed() -> Path:
    """The installed command."""
    return COMMAND


@pytest.fixture(scope="session")
def articles() -> Path:
    """24 labelled articles: six of each type, also with no domain and with two."""
    return ARTICLES


@pytest.fixture(scope="session")
def rows() -> list[dict[str, object]]:
    """The same articles as rows."""
    return [json.loads(line) for line in ARTICLES.read_text("utf-8").splitlines()]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one version; not to be changed."""
    store = tmp_path_factory.mktemp("trained") / "store"
    given = ("train", "--articles", ARTICLES, "--no-starter", "--no-track", "--jobs", "1")
    done = run(*given, "--store", store)
    assert done.returncode == 0, done.stderr
    return store


@pytest.fixture
def store(trained: Path, tmp_path: Path) -> Path:
    """A store with one version, to be changed at will."""
    return Path(shutil.copytree(trained, tmp_path / "store"))


@pytest.fixture
def version(store: Path) -> Path:
    """The directory of the store's version."""
    return store / (store / "champion").read_text("ascii").strip()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes | list[dict[str, object]]], str]:
    """Write a file and give its name, which is short because tests run beside it.

    A list of rows becomes JSON lines.
    """

    def write_file(name: str, content: str | bytes | list[dict[str, object]]) -> str:
        if isinstance(content, list):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        if isinstance(content, str):
            content = content.encode()
        (tmp_path / name).write_bytes(content)
        return name

    return write_file
