"""What a kill broke off is finished by whoever comes next, at whatever step or byte it came."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.errors import VersionError
from models.listing import version_lines
from models.store import Store
from models.sums import check_sums
from tests.models.killing import steps_of

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"
C = "20260103T000000Z-00000003"
D = "20260104T000000Z-00000004"

Save = Callable[[Store, str], Path]


def check(store: Store) -> None:
    """What readers rely on, whenever they come."""
    for name in store.versions():
        check_sums(store.root / name)
    assert store.resolve("champion").is_dir()


def is_whole(folder: Path) -> bool:
    try:
        check_sums(folder)
    except VersionError:
        return False
    return True


def settle(store: Store) -> None:
    """Whoever reads next mends, and the ledger tells what is live."""
    list(version_lines(store))
    assert store.unfinished() is None
    assert store.history()[-1].after == store.champion()


@pytest.fixture(autouse=True)
def _without_golden_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums tell whether a copy is whole; to replay texts takes its time."""
    monkeypatch.setattr("models.adopting.load_predictor", check_sums)


@pytest.fixture
def full(store: Store, save: Save) -> Store:
    """A store of four versions, of which the third is champion after the first."""
    for name in (A, B, C, D):
        save(store, name)
    store.promote(C, "better")
    return store


@pytest.mark.parametrize("verb", ["promote", "rollback"])
def test_a_change_of_champion_is_made_or_not(full: Store, tmp_path: Path, verb: str) -> None:
    after = {"promote": B, "rollback": A}[verb]
    stores = steps_of(full, verb, tmp_path / "killed")
    assert len(stores) > 5
    told = []
    for store in stores:
        check(store)
        assert store.champion() in {C, after}
        promised = store.history()[-1].after
        settle(store)
        assert store.champion() == promised
        told.append(promised)
        store.promote(D, "next")
        settle(store)
        assert store.champion() == D
        store.pruning(99)
        assert [path.name for path in store.root.glob(".champion.*")] == []
    assert (set(told), told[0], told[-1]) == ({C, after}, C, after)


def test_mending_can_be_broken_off_as_well(full: Store, tmp_path: Path) -> None:
    (full.root / "champion").write_text(f"{A}\n", "ascii")
    for store in steps_of(full, "mend", tmp_path / "killed"):
        check(store)
        assert store.champion() in {A, C}
        settle(store)
        assert (store.champion(), len(store.history())) == (C, 2)


def test_a_version_is_pruned_whole_or_not_at_all(full: Store, tmp_path: Path) -> None:
    stores = steps_of(full, "prune", tmp_path / "killed")
    assert len(stores) > 10
    for store in stores:
        check(store)
        assert set(store.versions()) >= {A, C, D}
        assert store.pruned() == frozenset({B}) - set(store.versions())
        store.prune(1)
        assert (store.versions(), store.pruned()) == ([A, C, D], frozenset({B}))
        assert {path.name for path in store.root.iterdir() if path.is_dir()} == {A, C, D}
        assert list(store.root.glob(".pruned*")) == list(store.root.glob(".removing*")) == []
        settle(store)


def test_a_version_is_restored_or_can_be_restored_again(full: Store, tmp_path: Path) -> None:
    whole = Path(shutil.copytree(full.root / B, tmp_path / "whole"))
    (full.root / B / "idf.npy").write_bytes(b"\0")
    stores = steps_of(full, "restore", tmp_path / "killed", whole)
    check(stores[-1])
    assert len(stores) > 10
    for store in stores[:-1]:
        assert set(store.versions()) >= {A, C, D}
        if not is_whole(store.root / B):
            store.restore(whole)
        check(store)
        settle(store)


def test_a_version_is_adopted_or_can_be_adopted_again(full: Store, tmp_path: Path) -> None:
    whole = Path(shutil.move(full.root / B, tmp_path / "whole"))
    for store in steps_of(full, "adopt", tmp_path / "killed", whole):
        check(store)
        assert store.adopt(whole) == store.root / B
        check(store)
        settle(store)


# The ledger, cut at any byte


@pytest.mark.parametrize("pointed", [A, C], ids=["kill", "loss"])
def test_a_ledger_cut_at_any_byte_of_its_last_line_is_gone_on_with(
    full: Store, pointed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pointer is the old one after a kill, and the new one where promised bytes were lost."""
    monkeypatch.setattr("models.store.check_sums", lambda _: None)  # a thousand times
    ledger, pointer = full.root / "ledger.jsonl", full.root / "champion"
    data = ledger.read_bytes()
    start = data.rfind(b"\n", 0, -1) + 1
    for left in range(start, len(data) + 1):
        for tail in (b"", b"\0" * 600):
            ledger.write_bytes(data[:left] + tail)
            pointer.write_text(f"{pointed}\n", "ascii")
            promised = C if left == len(data) else A
            assert full.history()[-1].after == promised
            settle(full)
            assert full.champion() == (C if C in {pointed, promised} else A)
            full.promote(B, "next")
            settle(full)
            assert full.champion() == B
            assert b"\0" not in ledger.read_bytes()
