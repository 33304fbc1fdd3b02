"""What holds of the tree itself."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("labels", "models", "training", "serving")


def tracked() -> list[Path]:
    """The files of the repository, or of the folder where it is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_rooms_come_from_one_place() -> None:
    places = set()
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        assert spec is not None
        assert spec.origin is not None
        places.add(Path(spec.origin).parents[1])
    assert places == {ROOT}


def test_no_other_distribution_owns_the_names_of_the_rooms() -> None:
    owners = packages_distributions()
    assert {room: owners.get(room, ["newstag"]) for room in ROOMS} == {
        room: ["newstag"] for room in ROOMS
    }


def test_no_text_of_a_real_post_stands_in_the_tree(
    chinese_runs: Callable[[str], set[str]], post_texts: list[str]
) -> None:
    real = set().union(*(chinese_runs(text) for text in post_texts))
    assert len(real) > 10_000
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # pictures
        found += [f"{path.relative_to(ROOT)}: {run}" for run in chinese_runs(text) & real]
    assert found == []


def test_the_search_for_real_text_finds_a_planted_run(
    chinese_runs: Callable[[str], set[str]],
) -> None:
    text = "“一二三四五六七八”，九十甲乙丙丁戊己庚辛！"
    assert "一二三四五六七八九十甲乙丙丁戊己" in chinese_runs(text)


def test_no_file_names_a_registry_or_a_machine_path() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:root|home/\w+|tmp/\w+)/")
    found = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".sh", ".txt"} and path != Path(__file__):
            lines = path.read_text("utf-8").splitlines()
            found += [f"{path}:{n}" for n, line in enumerate(lines, 1) if pattern.search(line)]
    assert found == []


def test_there_is_no_init_file_under_tests() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_file_of_the_rooms_is_much_longer_than_250_lines() -> None:
    long = [
        path.name
        for room in ROOMS
        for path in (ROOT / room).glob("*.py")
        if path.read_text("utf-8").count("\n") > 260
    ]
    assert long == []


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_module_touches_neither_files_nor_environment(
    room: str, tmp_path: Path
) -> None:
    modules = [
        f"{room}.{path.stem}"
        for path in (ROOT / room).glob("*.py")
        # The logged model is run by MLflow, never imported by us.
        if path.stem not in {"__init__", "logged"}
    ]
    # scikit-learn sets variables of OpenMP when it is imported; that is not our doing.
    first = "import sklearn\n" if room == "training" else ""
    code = (
        f"import os, sys, importlib\n{first}"
        "before = dict(os.environ)\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "assert dict(os.environ) == before, 'environment'\n"
        "assert os.listdir('.') == [], os.listdir('.')\n"
        # scikit-learn brings pandas by itself where both are installed.
        f"heavy = {{'mlflow', 'matplotlib', 'dask'}} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_asking_for_help_imports_no_room() -> None:
    code = (
        "import sys, newstag\n"
        "sys.argv = ['newstag', '--help']\n"
        "try: newstag.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'labels', 'models', 'training', 'serving', 'numpy', 'fastapi', 'mlflow', 'tqdm'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    groups = [*project["optional-dependencies"].values(), *settings["dependency-groups"].values()]
    required = [line for group in (project["dependencies"], *groups) for line in group]
    assert "fasttext-wheel" in str(project["optional-dependencies"]["bench"])
    assert "fasttext" not in str(project["dependencies"])  # the plain install stays lean
    unbounded = [line for line in required if not (">=" in line and ",<" in line)]
    assert unbounded == []


def test_both_readmes_show_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        text = (ROOT / name).read_text("utf-8")
        return re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)

    english = commands("README.md")
    assert len(english) >= 2
    assert english == commands("README.zh-CN.md")
