"""A version from elsewhere comes into the store verified, whole, and with the sums it had."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.errors import StateError, VersionError
from models.files import sha256
from models.store import Store
from models.sums import NAME, PIPELINE, check_sums, write_sums
from models.version import load_predictor

A = "20260101T000000Z-00000001"
B = "20260102T000000Z-00000002"

Save = Callable[[Store, str], Path]


@pytest.fixture
def source(tmp_path: Path, save: Save) -> Path:
    """A whole version in somebody else's hands."""
    return Path(shutil.move(save(Store(tmp_path / "other"), A), tmp_path / "source"))


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


def test_a_version_is_copied_as_it_came(store: Store, source: Path) -> None:
    held = store.adopt(source)
    assert held == store.root / A
    assert {p.name: sha256(p) for p in held.iterdir()} == {
        p.name: sha256(p) for p in source.iterdir()
    }
    check_sums(held)


def test_the_first_version_becomes_champion_for_the_reason_given(
    store: Store, source: Path
) -> None:
    store.adopt(source, "models:/newstag@champion is version 3")
    entry = store.history()[0]
    assert (store.champion(), entry.action, entry.why) == (
        A,
        "first",
        "models:/newstag@champion is version 3",
    )


def test_later_ones_do_not_become_champion(store: Store, source: Path, save: Save) -> None:
    save(store, B)
    store.adopt(source)
    assert (store.champion(), store.versions(), len(store.history())) == (B, [A, B], 1)


def test_one_that_is_held_already_stays_as_it_is(store: Store, source: Path) -> None:
    held = store.adopt(source)
    before = (held / NAME).stat().st_ino
    assert store.adopt(source) == held
    assert (held / NAME).stat().st_ino == before


def test_a_version_can_be_adopted_from_the_store_itself(store: Store, source: Path) -> None:
    held = store.adopt(source)
    assert store.adopt(held) == held


def test_other_files_under_the_same_version_are_refused(store: Store, source: Path) -> None:
    held = store.adopt(source)
    (source / "report.json").write_text('{"articles": 9}\n', "utf-8")
    write_sums(source)
    with pytest.raises(StateError) as refused:
        store.adopt(source)
    assert str(refused.value) == (
        f"{held}: exists already, with other files than {source}. "
        "Move it out of the store if the other is the right one."
    )


def with_pipeline(folder: Path, data: bytes = b"a pickle") -> Path:
    """The version with its pipeline for notebooks, which no logged model holds."""
    (folder / PIPELINE).write_bytes(data)
    write_sums(folder)
    return folder


def without_pipeline(folder: Path, copy: Path) -> Path:
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(PIPELINE))
    write_sums(copy)
    return copy


@pytest.mark.parametrize("first", ["with", "without"])
def test_a_version_counts_as_held_with_or_without_its_pickle(
    store: Store, source: Path, first: str
) -> None:
    whole = with_pipeline(source)
    bare = without_pipeline(whole, source.with_name("bare"))
    one, other = (whole, bare) if first == "with" else (bare, whole)
    held = store.adopt(one)
    names_held = sorted(path.name for path in held.iterdir())
    assert store.adopt(other) == held
    assert sorted(path.name for path in held.iterdir()) == names_held
    assert (PIPELINE in names_held) == (first == "with")
    check_sums(held)


def test_an_altered_pickle_is_refused_as_any_other_file(store: Store, source: Path) -> None:
    (with_pipeline(source) / PIPELINE).write_bytes(b"another")
    with pytest.raises(VersionError) as refused:
        store.adopt(source)
    assert refused.value.where == str(source / PIPELINE)


def test_an_altered_file_is_refused_and_nothing_is_left(store: Store, source: Path) -> None:
    (source / "dictionary.txt").write_text("别的词\n", "utf-8")
    with pytest.raises(VersionError) as refused:
        store.adopt(source)
    assert refused.value.where == str(source / "dictionary.txt")
    assert refused.value.what == "an altered file: its sum is not that of SHA256SUMS"
    assert (names(store), store.champion()) == ([], None)


def test_a_moved_golden_text_is_refused_under_sums_that_are_right(
    store: Store, source: Path
) -> None:
    text = (source / "golden.jsonl").read_text("utf-8")
    (source / "golden.jsonl").write_text(text.replace("0.", "0.1", 1), "utf-8")
    write_sums(source)
    with pytest.raises(VersionError) as refused:
        store.adopt(source)
    assert refused.value.where.startswith(str(source))
    assert names(store) == []


def test_a_link_is_refused_before_it_is_read_through(store: Store, source: Path) -> None:
    elsewhere = source.with_name("elsewhere")
    shutil.move(source / "dictionary.txt", elsewhere)
    (source / "dictionary.txt").symlink_to(elsewhere)
    with pytest.raises(VersionError) as refused:
        store.adopt(source)
    assert str(refused.value) == (
        f"{source / 'dictionary.txt'}: not a regular file. "
        "Copy the version again from where it was made."
    )
    assert names(store) == []


def test_a_pipe_is_refused_without_waiting_for_its_writer(store: Store, source: Path) -> None:
    os.mkfifo(source / "notes")
    with pytest.raises(VersionError, match="notes: not a regular file"):
        store.adopt(source)


def test_a_folder_that_is_no_version_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(VersionError, match=r"no model version: manifest\.json is missing"):
        store.adopt(tmp_path)


def test_files_without_sums_are_refused(store: Store, source: Path) -> None:
    (source / NAME).unlink()
    with pytest.raises(VersionError) as refused:
        store.adopt(source)
    assert refused.value.where == str(source / NAME)


def test_nothing_is_visible_before_it_is_verified(
    store: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def watched(folder: Path) -> object:
        seen.append(store.versions())
        return load_predictor(folder)

    monkeypatch.setattr("models.adopting.load_predictor", watched)
    store.adopt(source)
    assert (seen, store.versions()) == ([[]], [A])


def test_whoever_is_second_takes_what_the_first_has_put_there(
    store: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def overtaken(folder: Path) -> object:
        monkeypatch.setattr("models.adopting.load_predictor", load_predictor)
        Store(store.root).adopt(source)
        return load_predictor(folder)

    monkeypatch.setattr("models.adopting.load_predictor", overtaken)
    assert store.adopt(source) == store.root / A
    assert len(store.history()) == 1
    assert [name for name in names(store) if name.startswith(".writing-")] == []


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError) as refused:
        Store(tmp_path / "file").adopt(source)
    assert refused.value.where == str(tmp_path / "file")
    assert refused.value.what.startswith("not writable (")


def test_a_reference_into_a_registry_is_not_looked_up_in_the_store(store: Store) -> None:
    with pytest.raises(StateError) as refused:
        store.resolve("models:/newstag@champion")
    assert str(refused.value) == (
        "models:/newstag@champion: a reference into a registry, not into a store. "
        "Resolve it with training.registry.Registry, which puts the version here."
    )
