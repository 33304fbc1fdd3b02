"""A logged model is the version without its pickle, and says what it needs and takes."""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from models.files import sha256
from models.manifest import read_manifest
from models.sums import NAME, PIPELINE, check_sums, sums_digest
from models.version import load_predictor
from training.asking import import_mlflow

Pack = Callable[[Path, Path], Path]


def held(model: Path) -> Path:
    """The version directory inside a logged model."""
    (folder,) = (model / "artifacts").iterdir()
    return folder


def test_it_holds_the_version_without_its_pickle(stored: Path, packed: Path) -> None:
    version = held(packed)
    left_out = {NAME, PIPELINE}
    assert version.name == stored.name
    assert {path.name: sha256(path) for path in version.iterdir() if path.name != NAME} == {
        path.name: sha256(path) for path in stored.iterdir() if path.name not in left_out
    }


def test_its_sums_are_whole_and_its_digest_is_that_of_the_version(
    stored: Path, packed: Path
) -> None:
    version = held(packed)
    check_sums(version)
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", NAME], cwd=version, check=True)
    assert sums_digest(version) == sums_digest(stored) == sha256(version / NAME)
    assert load_predictor(version).version == stored.name


def test_a_version_that_lies_under_another_name_is_packed_under_its_own(
    stored: Path, packed: Path, pack: Pack, tmp_path: Path
) -> None:
    (tmp_path / "export").symlink_to(stored)
    assert held(pack(tmp_path / "export", tmp_path)).name == held(packed).name


def test_one_that_came_without_its_pickle_is_packed_the_same(
    packed: Path, pack: Pack, tmp_path: Path
) -> None:
    again = held(pack(held(packed), tmp_path))
    assert (again / NAME).read_bytes() == (held(packed) / NAME).read_bytes()


def test_no_file_of_it_is_the_store_s_own(stored: Path, packed: Path) -> None:
    assert {path.stat().st_nlink for path in held(packed).iterdir()} == {1}
    assert {path.stat().st_nlink for path in stored.iterdir()} == {1}


def test_where_nothing_can_be_linked_it_is_copied(
    stored: Path, packed: Path, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    copied = held(pack(stored, tmp_path))
    assert (copied / NAME).read_bytes() == (held(packed) / NAME).read_bytes()
    check_sums(copied)


def test_it_requires_what_the_version_was_made_with(stored: Path, packed: Path) -> None:
    made = read_manifest(stored).libraries
    assert (packed / "requirements.txt").read_text("utf-8").splitlines() == [
        f"mlflow~={import_mlflow().__version__}",
        f"numpy=={made['numpy']}",
        f"rjieba=={made['rjieba']}",
    ]


def test_the_lock_file_of_the_working_directory_stays_out(
    stored: Path, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("uv.lock", "pyproject.toml", ".python-version"):
        (tmp_path / name).write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert sorted(path.name for path in pack(stored, tmp_path).iterdir()) == [
        "MLmodel",
        "artifacts",
        "code",
        "conda.yaml",
        "input_example.json",
        "logged.py",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    ]


def test_its_signature_is_typed(packed: Path) -> None:
    signature = import_mlflow().models.Model.load(str(packed)).signature.to_dict()
    taken = [(one["name"], one["type"], one["required"]) for one in json.loads(signature["inputs"])]
    assert taken == [
        ("title", "string", True),
        ("content", "string", True),
        ("id", "string", False),
    ]
    given = {one["name"]: one["type"] for one in json.loads(signature["outputs"])}
    assert given == {
        "id": "string",
        "type": "object",
        "domains": "array",
        "review": "boolean",
        "reasons": "array",
        "scores": "map",
        "model": "string",
    }


def test_its_example_is_a_golden_text(stored: Path, packed: Path) -> None:
    example = json.loads((packed / "input_example.json").read_text("utf-8"))
    first = json.loads((stored / "golden.jsonl").read_text("utf-8").splitlines()[0])
    assert example["columns"] == ["title", "content"]
    assert example["data"] == [[first["title"], first["content"]]]
