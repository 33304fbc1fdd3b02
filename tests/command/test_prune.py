"""Old versions are removed by the command line, which tells what it did."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from models.store import Store
from models.sums import write_sums

Newstag = Callable[..., CompletedProcess[str]]
LATER = [f"2099010{day}T000000Z-0000000{day}" for day in range(1, 4)]


@pytest.fixture
def full(store: Path, version: Path) -> Path:
    """A store of a champion and three later versions."""
    for name in LATER:
        copy = Path(shutil.copytree(version, store / name))
        manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
        (copy / "manifest.json").write_text(json.dumps({**manifest, "version": name}), "utf-8")
        write_sums(copy)
    return store


def test_pruning_tells_what_was_removed_and_what_it_freed(
    newstag: Newstag, full: Path, version: Path
) -> None:
    Store(full).promote(LATER[0], "better")
    size = sum(path.stat().st_size for path in (full / LATER[1]).iterdir())
    done = newstag("models", "prune", "--keep", "1", "--store", full)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"removed  {LATER[1]}",
        f"kept     {version.name}: the champion before",
        f"kept     {LATER[0]}: the champion",
        f"1 version removed, {size:,} bytes freed",
    ]
    assert Store(full).versions() == [version.name, LATER[0], LATER[2]]
    rolled = newstag("models", "rollback", "--store", full)
    assert rolled.stdout.splitlines()[0] == f"{version.name} is champion again, after {LATER[0]}"


def test_rolling_back_to_a_version_that_is_gone_says_what_to_do(
    newstag: Newstag, full: Path, version: Path
) -> None:
    Store(full).promote(LATER[0], "better")
    shutil.rmtree(version)
    done = newstag("models", "rollback", "--store", full)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{version}: gone from the store. Use: newstag models promote REF, or bring it back with: "
        "newstag models promote models:/NAME/VERSION.\n"
    )


def test_the_number_to_keep_can_come_from_the_environment(
    newstag: Newstag, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSTAG_KEEP", "2")
    done = newstag("models", "prune", "--store", full)
    assert done.stdout.splitlines()[0] == f"removed  {LATER[0]}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Error: Missing option '--keep' (env var: 'NEWSTAG_KEEP')."),
        (
            ["--keep", "0"],
            (
                "Error: Invalid value for '--keep' (env var: 'NEWSTAG_KEEP'): 0 is not in the "
                "range x>=1."
            ),
        ),
    ],
)
def test_wrong_usage_removes_nothing(
    newstag: Newstag, full: Path, words: list[str], message: str
) -> None:
    done = newstag("models", "prune", *words, "--store", full)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == message
    assert len(Store(full).versions()) == 4


def test_without_knowing_what_is_live_nothing_is_removed(newstag: Newstag, full: Path) -> None:
    (full / "champion").write_text("?\n")
    (full / "ledger.jsonl").unlink()
    done = newstag("models", "prune", "--keep", "1", "--store", full)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{full}/champion: names no version of the store: the live one could be among those "
        "removed. Use: newstag models promote REF.\n"
    )
    assert len(Store(full).versions()) == 4


def test_an_empty_store_has_nothing_to_prune(newstag: Newstag) -> None:
    done = newstag("models", "prune", "--keep", "1")
    assert done.returncode == 1
    assert done.stderr == "models/store: no model version yet. Run: newstag train.\n"
