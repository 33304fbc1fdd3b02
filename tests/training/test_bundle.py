"""The code beside a logged model is one package, and nobody else has its name."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

from training.bundle import Bundle, renamed, write_bundle

ROOT = Path(__file__).parents[2]
LOGGED = ROOT / "training" / "logged.py"
ROOMS = {"labels", "models"}
# What Windows has not, where a logged model may be loaded as well.
POSIX = {"fcntl", "grp", "posix", "pwd", "resource", "termios"}
# Ways to a module that no import statement shows, and what would look a name up again.
HIDDEN = {"importlib", "pkgutil", "runpy", "pickle", "multiprocessing", "joblib"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_bundle(LOGGED, tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def sources(bundle: Bundle) -> dict[str, str]:
    """Every file of the bundle by its path beside the package."""
    paths = [bundle.file, *bundle.package.rglob("*.py")]
    return {str(path.relative_to(bundle.file.parent)): path.read_text("utf-8") for path in paths}


def imported(source: str) -> set[str]:
    """The top-level names that a file imports anywhere, in functions and for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or "").partition(".")[0])
    return found


def test_no_import_of_a_top_level_room_is_left(sources: dict[str, str]) -> None:
    assert {path: imported(source) & ROOMS for path, source in sources.items()} == {
        path: set() for path in sources
    }


def test_the_search_for_such_imports_finds_them_in_the_tree() -> None:
    assert imported(LOGGED.read_text("utf-8")) >= ROOMS
    assert imported("def f():\n    import models.text as t") == {"models"}


def test_nothing_is_imported_by_a_name_in_a_text(sources: dict[str, str]) -> None:
    for path, source in sources.items():
        assert not imported(source) & HIDDEN, path
        nodes = list(ast.walk(ast.parse(source)))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        assert not names & {"__import__", "exec", "eval", "globals"}, path
        texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        assert [text for text in texts if re.match(r"(labels|models)\.\w", text)] == [], path


def test_importing_it_needs_nothing_that_windows_lacks(sources: dict[str, str]) -> None:
    for path, source in sources.items():
        on_import = [
            node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        found = set().union(*(imported(ast.unparse(node)) for node in on_import))
        assert not found & POSIX, path


def test_only_names_in_imports_change(bundle: Bundle, sources: dict[str, str]) -> None:
    name = bundle.package.name
    for path, source in sources.items():
        original = LOGGED if path == "logged.py" else ROOT / path.removeprefix(f"{name}/")
        if original != ROOT / "__init__.py":
            assert source.replace(f"from {name}.", "from ") == original.read_text("utf-8")


def test_it_holds_what_prediction_needs_and_nothing_else(sources: dict[str, str]) -> None:
    modules = {path.partition("/")[2] for path in sources}
    assert modules >= {"labels/article.py", "models/version.py", "models/segmentation.py"}
    assert not modules & {"labels/shipped.py", "labels/corpus.py", "models/store.py"}


def test_its_name_tells_its_code(bundle: Bundle, tmp_path: Path) -> None:
    assert re.fullmatch(r"newstag_model_[0-9a-f]{8}", bundle.package.name)
    assert write_bundle(LOGGED, tmp_path).package.name == bundle.package.name


def test_two_codes_live_in_one_process_beside_the_host_s_own_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.bundle._ROOT", tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    own = {room: sys.modules.get(room) for room in ROOMS}
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("")
    (tmp_path / "models" / "text.py").write_text("from labels.word import WORD\n")
    (tmp_path / "entry.py").write_text("def f():\n    from models.text import WORD\n")
    told = []
    for word in ("one", "two"):
        (tmp_path / "labels" / "word.py").write_text(f"WORD = {word!r}\n")
        bundle = write_bundle(tmp_path / "entry.py", tmp_path / word)
        monkeypatch.syspath_prepend(tmp_path / word)
        told.append(importlib.import_module(f"{bundle.package.name}.models.text").WORD)
    assert told == ["one", "two"]
    assert {room: sys.modules.get(room) for room in ROOMS} == own


def test_a_name_is_changed_where_it_stands() -> None:
    before = ["x = '从 labels.a 说起'", "if x: from labels.a import b", "from models.c import (d)"]
    after = [
        "x = '从 labels.a 说起'",
        "if x: from p.labels.a import b",
        "from p.models.c import (d)",
    ]
    assert renamed("\n".join(before), "p").split("\n") == after


@pytest.mark.parametrize(
    "line",
    [
        "import labels",
        "import os, models.text",
        "import models.text as text",
        "from labels import scheme",
        "from . import scheme",
        "from .scheme import Scheme",
        "from  labels.scheme import Scheme",
        "from labels.a import b; from labels.c import d",
    ],
)
def test_an_import_of_another_form_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2: write 'from room\.module import name'$"):
        renamed(f"\n{line}\n", "p")
