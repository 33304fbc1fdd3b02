"""A damaged version is replaced by a whole one, and nothing else is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.errors import StateError, VersionError
from models.store import Store
from models.sums import PIPELINE, check_sums, write_sums
from models.version import load_predictor

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"

Save = Callable[[Store, str], Path]
Damage = Callable[[Path], object]


@pytest.fixture
def source(tmp_path: Path, save: Save) -> Path:
    """The first version of the store in somebody else's hands."""
    return Path(shutil.move(save(Store(tmp_path / "other"), A), tmp_path / "source"))


@pytest.fixture
def full(store: Store, save: Save) -> Store:
    """A store of two versions, the first of them champion."""
    save(store, A)
    save(store, B)
    return store


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


def of_another_version(held: Path) -> None:
    shutil.rmtree(held)
    shutil.copytree(held.with_name(B), held)


def a_dangling_link(held: Path) -> None:
    shutil.rmtree(held)
    held.symlink_to(held.with_name("nowhere"))


def a_file(held: Path) -> None:
    shutil.rmtree(held)
    held.touch()


DAMAGES: list[Damage] = [
    lambda held: (held / "idf.npy").write_bytes(b"\0"),
    lambda held: (held / "manifest.json").unlink(),
    lambda held: (held / "SHA256SUMS").unlink(),
    lambda held: (held / "manifest.json").write_text("{"),
    shutil.rmtree,
    of_another_version,
    a_dangling_link,
    a_file,
]
IDS = ["altered", "manifest", "sums", "json", "gone", "another", "link", "file"]


@pytest.mark.parametrize("damage", DAMAGES, ids=IDS)
def test_a_damaged_version_is_replaced(full: Store, source: Path, damage: Damage) -> None:
    before = names(full)
    damage(full.root / A)
    assert full.restore(source) == full.root / A
    check_sums(full.root / A)
    load_predictor(full.root / A)
    assert (full.root / A).stat().st_mode & 0o777 == 0o755
    assert names(full) == before
    assert (full.champion(), len(full.history())) == (A, 1)


def test_a_whole_version_stays(full: Store, source: Path) -> None:
    before = (full.root / A).stat().st_ino
    with pytest.raises(StateError) as refused:
        full.restore(source)
    assert str(refused.value) == f"{full.root}/{A}: is whole. Nothing is to be done."
    assert (full.root / A).stat().st_ino == before


def test_a_file_of_somebody_s_is_not_lost(full: Store, source: Path) -> None:
    (full.root / A / "idf.npy").unlink()
    (full.root / A / "notes.txt").touch()
    with pytest.raises(VersionError) as refused:
        full.restore(source)
    assert str(refused.value) == (
        f"{full.root}/{A}/notes.txt: an extra file, not in SHA256SUMS. Remove it."
    )
    assert (full.root / A / "notes.txt").exists()


def test_a_file_that_cannot_be_read_is_not_taken_for_damage(
    full: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (full.root / A / "idf.npy").unlink()
    monkeypatch.setattr("models.refusing.os.access", lambda path, _: path.name != "oof.jsonl")
    (full.root / A / "oof.jsonl").touch()
    (source / "oof.jsonl").touch()
    with pytest.raises(VersionError, match=r"oof\.jsonl: not readable\. Check its permissions"):
        full.restore(source)


@pytest.mark.parametrize("altered", [False, True])
def test_the_pickle_for_notebooks_stays_if_it_is_whole(
    full: Store, source: Path, altered: bool
) -> None:
    """The copy comes from a registry, which has none."""
    (full.root / A / PIPELINE).write_bytes(b"pickled")
    write_sums(full.root / A)
    if altered:
        (full.root / A / PIPELINE).write_bytes(b"altered")
    (full.root / A / "idf.npy").unlink()
    full.restore(source)
    assert (full.root / A / PIPELINE).exists() is not altered
    check_sums(full.root / A)


def test_a_damaged_copy_replaces_nothing(full: Store, source: Path) -> None:
    (full.root / A / "idf.npy").unlink()
    (source / "dictionary.txt").write_text("别的词\n", "utf-8")
    before = names(full)
    with pytest.raises(VersionError) as refused:
        full.restore(source)
    assert str(refused.value) == (
        f"{source}/dictionary.txt: an altered file: its sum is not that of SHA256SUMS. "
        "Train again, or copy the version again from where it was made."
    )
    assert names(full) == before
    assert not (full.root / A / "idf.npy").exists()


def test_a_copy_whose_golden_texts_moved_replaces_nothing(full: Store, source: Path) -> None:
    (full.root / A / "idf.npy").unlink()
    text = (source / "golden.jsonl").read_text("utf-8")
    (source / "golden.jsonl").write_text(text.replace("0.", "0.1", 1), "utf-8")
    write_sums(source)
    with pytest.raises(VersionError):
        full.restore(source)
    assert not (full.root / A / "idf.npy").exists()


def test_a_version_does_not_restore_itself(full: Store) -> None:
    (full.root / A / "idf.npy").unlink()
    with pytest.raises(VersionError) as refused:
        full.restore(full.root / A)
    assert refused.value.where == f"{full.root}/{A}/idf.npy"


def test_the_damaged_one_is_there_until_the_copy_is_verified(
    full: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (full.root / A / "idf.npy").write_bytes(b"\0")
    seen: list[bool] = []

    def watched(folder: Path) -> object:
        seen.append((full.root / A / "idf.npy").read_bytes() == b"\0")
        return load_predictor(folder)

    monkeypatch.setattr("models.adopting.load_predictor", watched)
    full.restore(source)
    assert seen == [True]


def test_whoever_is_second_leaves_what_the_first_has_restored(
    full: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (full.root / A / "idf.npy").write_bytes(b"\0")
    before = names(full)

    def overtaken(folder: Path) -> object:
        monkeypatch.setattr("models.adopting.load_predictor", load_predictor)
        Store(full.root).restore(source)
        return load_predictor(folder)

    monkeypatch.setattr("models.adopting.load_predictor", overtaken)
    with pytest.raises(StateError, match="is whole"):
        full.restore(source)
    check_sums(full.root / A)
    assert names(full) == before


def test_a_store_that_one_may_not_write_says_so(full: Store, source: Path) -> None:
    (full.root / A / "idf.npy").write_bytes(b"\0")
    (full.root / ".lock").unlink()
    (full.root / ".lock").mkdir()  # refuses to be opened, even for the superuser
    with pytest.raises(StateError) as refused:
        full.restore(source)
    assert refused.value.what == "not writable (Is a directory)"
    assert (full.root / A / "idf.npy").read_bytes() == b"\0"
