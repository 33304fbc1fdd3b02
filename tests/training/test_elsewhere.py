"""A logged model answers where newstag is not, and beside other packages of the same names."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.version import load_predictor
from training.train import Trained

ROOT = Path(__file__).parents[2]
Answers = list[dict[str, Any]]

# A host that has packages ``labels`` and ``models`` of its own has imported them already.
HOST = """
import importlib, json, sys
from importlib.util import find_spec
from pathlib import Path

given = json.load(sys.stdin)
# Wherever newstag lies: this checkout, or another that it was installed from.
elsewhere = [path for path in sys.path if not Path(path, "newstag.py").is_file()]
sys.path = [*given["own"], *elsewhere]
rooms = ("labels", "models")
own = {room: importlib.import_module(room) for room in rooms if given["own"]}
assert all(find_spec(name) is None for name in ("training", "serving", "newstag"))
assert all(given["own"] or find_spec(room) is None for room in rooms)

import mlflow

loaded = [mlflow.pyfunc.load_model(model) for model in given["models"]]
answers = [model.predict(given["rows"]) for model in loaded]

found = {name: one for name, one in sys.modules.items() if name.partition(".")[0] in rooms}
assert found == own, found
assert all(module.WHOSE == "the host's" for module in own.values())
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def rows(trained: Trained) -> list[dict[str, str]]:
    articles = [sample.article for sample in trained.corpus.samples[:10]]
    return [{"id": one.id, "title": one.title, "content": one.content} for one in articles]


@pytest.fixture(scope="module")
def expected(stored: Path, trained: Trained) -> Answers:
    articles = [sample.article for sample in trained.corpus.samples[:10]]
    return [one.as_json() for one in load_predictor(stored).predict(articles)]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with the host's packages, which have nothing of ours in them."""
    for room in ("labels", "models"):
        (tmp_path / "host" / room).mkdir(parents=True)
        (tmp_path / "host" / room / "__init__.py").write_text('WHOSE = "the host\'s"\n', "utf-8")
    return tmp_path / "host"


@pytest.fixture
def of_other_code(
    stored: Path,
    pack: Callable[[Path, Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The same version, logged by a newstag that says "other" where ours names the version."""
    for room in ("labels", "models"):
        (tmp_path / "tree" / room).mkdir(parents=True)
        for path in (ROOT / room).glob("*.py"):
            shutil.copy(path, tmp_path / "tree" / room)
    changed = tmp_path / "tree" / "models" / "prediction.py"
    source = changed.read_text("utf-8")
    changed.write_text(source.replace('"model": self.model', '"model": "other"'), "utf-8")
    monkeypatch.setattr("training.bundle._ROOT", tmp_path / "tree")
    return pack(stored, tmp_path)


def told(folder: Path, rows: list[dict[str, str]], models: list[Path], own: Path | None) -> Any:
    """What models answer in a process of its own, which finds nothing of newstag."""
    given = {
        "own": [str(own)] if own else [],
        "models": [str(model) for model in models],
        "rows": rows,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", HOST],
        input=json.dumps(given),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_needs_nothing_of_newstag(
    packed: Path, rows: list[dict[str, str]], expected: Answers, tmp_path: Path
) -> None:
    assert told(tmp_path, rows, [packed], None) == [expected]


def test_it_leaves_the_host_s_packages_alone_and_those_of_another_model(
    packed: Path, of_other_code: Path, own: Path, rows: list[dict[str, str]], expected: Answers
) -> None:
    others = [{**one, "model": "other"} for one in expected]
    models = [packed, of_other_code, packed]
    assert told(own.parent, rows, models, own) == [expected, others, expected]
