"""Saving that is killed at any step: the store opens, and its champion is whole."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from models.store import Store
from models.sums import check_sums

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"
C = "20260202T000000Z-00000003"

# What changes a disk; a kill between two of these is as one of them.
DISK = {"chmod", "flush", "mkdir", "open", "rename", "replace", "rmdir", "truncate", "unlink"}
DISK |= {"write", "mkstemp", "mkdtemp", "fdopen", "link", "copyfile", "sendfile"}

Save = Callable[[Store, str], Path]


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Run it in a process that ends, as by a kill, at such a step; whether it came so far."""
    child = os.fork()
    if child == 0:
        seen = 0

        def watch(_frame: FrameType, event: str, what: object) -> None:
            nonlocal seen
            if event in {"c_call", "c_return"} and getattr(what, "__name__", "") in DISK:
                seen += 1
                if seen == step:
                    os._exit(9)

        try:
            sys.setprofile(watch)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


@pytest.fixture(scope="module")
def three(save: Save, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three versions; the champion was promoted after the first."""
    store = Store(tmp_path_factory.mktemp("three") / "store")
    for name in (A, B, C):
        save(store, name)
    store.promote(B, "better")
    return store.root


def assert_sound(store: Store) -> None:
    assert store.champion() in {None, *store.versions()}  # nobody has mended it yet
    store.mend()
    assert store.unfinished() is None
    champion = store.champion()
    assert champion == store.history()[-1].after
    assert champion in store.versions()
    for version in store.versions():
        check_sums(store.root / version)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that it has threads
def test_a_kill_at_any_step_of_saving_leaves_the_version_out_or_whole(
    three: Path, save: Save, tmp_path: Path
) -> None:
    new = "20260303T000000Z-00000004"
    held = set()
    for step in range(1, 1000):
        root = Path(shutil.copytree(three, tmp_path / str(step)))
        if not killed_at(step, lambda root=root: save(Store(root), new)):  # type: ignore[misc]
            break
        store = Store(root)
        assert_sound(store)
        held.add(new in store.versions())
    assert step > 20
    assert held == {False, True}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_kill_at_any_step_of_the_first_saving_leaves_no_version_or_a_champion(
    save: Save, tmp_path: Path
) -> None:
    found = set()
    for step in range(1, 1000):
        root = tmp_path / str(step) / "store"
        root.parent.mkdir()
        if not killed_at(step, lambda root=root: save(Store(root), A)):  # type: ignore[misc]
            break
        store = Store(root)
        if store.versions():
            assert_sound(store)
        found.add(store.champion())
        if not store.versions():
            save(store, B)
            assert_sound(store)
    assert step > 20
    assert found == {None, A}
