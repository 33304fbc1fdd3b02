"""A version is promoted from the store or from a registry, and passes the gate either way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.errors import StateError
from models.store import Store
from training.promoting import promote
from training.registry import Target
from training.saving import save
from training.train import Trained


@dataclass
class Shelf:
    """A registry whose numbers are the versions of a folder; what was fetched is remembered."""

    versions: list[Path]
    champion: int | None = 1
    fetched: list[str] = field(default_factory=list)

    def look(self, reference: str) -> Target:
        number = reference.rpartition("/")[2]
        return Target(name="newstag", number=number, created=0, why=reference)

    def live(self, name: str) -> Target | None:
        return self.look(f"models:/{name}/{self.champion}") if self.champion else None

    def fetch(self, target: Target, store: Store, why: str = "") -> Path:
        self.fetched.append(target.number)
        folder = self.versions[int(target.number) - 1]
        if folder.name in store.versions():
            return store.root / folder.name
        return store.adopt(folder, why or target.why)


@pytest.fixture(scope="module")
def versions(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    store = Store(tmp_path_factory.mktemp("promoted") / "store")
    return [save(store, trained, datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3)]


@pytest.fixture
def store(versions: list[Path], tmp_path: Path) -> Store:
    return Store(Path(shutil.copytree(versions[0].parent, tmp_path / "store")))


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store(tmp_path / "empty")


def by(shelf: Shelf) -> Any:
    return shelf


def test_the_latest_is_looked_up_once(
    store: Store, versions: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is trained while they are compared is not promoted in its place."""
    newest = store.root / versions[2].name
    hidden = newest.rename(newest.with_name("hidden"))
    seen: list[Callable[..., Any]] = []

    def arriving(*sides: Any) -> Any:
        from training.comparing import compare_with_live

        hidden.rename(newest)
        seen.append(compare_with_live)
        return compare_with_live(*sides)

    monkeypatch.setattr("training.gate.compare_with_live", arriving)
    entry = promote(store, by(Shelf([])), "latest", "better")
    assert len(seen) == 1
    assert entry.after == store.champion() == versions[1].name
    assert (entry.why, entry.before) == ("better", versions[0].name)


def test_an_empty_store_takes_the_live_one_first_to_compare_with(
    empty: Store, versions: list[Path]
) -> None:
    shelf = Shelf(versions)
    entry = promote(empty, by(shelf), "models:/newstag/3", "asked for")
    assert shelf.fetched == ["1", "3"]
    assert (entry.before, entry.after) == (versions[0].name, versions[2].name)
    assert entry.verdict.startswith("no difference: ")
    assert [one.why for one in empty.history()] == ["models:/newstag/1", "asked for"]


def test_where_the_live_one_cannot_be_had_nothing_is_promoted(
    empty: Store, versions: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> Path:
        raise StateError("models:/newstag/1", "a model without a version of newstag", "Register it")

    shelf = Shelf(versions)
    monkeypatch.setattr(shelf, "fetch", lost)
    with pytest.raises(StateError, match="without a version"):
        promote(empty, by(shelf), "models:/newstag/3", "")
    assert empty.versions() == []


@pytest.mark.parametrize("champion", [3, None])
def test_the_live_one_itself_and_the_first_of_all_become_champion_at_once(
    empty: Store, versions: list[Path], champion: int | None
) -> None:
    shelf = Shelf(versions, champion=champion)
    entry = promote(empty, by(shelf), "models:/newstag/3", "asked for")
    assert (entry.action, entry.after, entry.why) == ("first", versions[2].name, "asked for")
    assert shelf.fetched == ["3"]
    with pytest.raises(StateError, match="champion already"):
        promote(empty, by(shelf), "models:/newstag/3", "")


def test_force_asks_for_no_live_one(empty: Store, versions: list[Path]) -> None:
    shelf = Shelf(versions)
    promote(empty, by(shelf), "models:/newstag/3", "only this", force=True)
    assert shelf.fetched == ["3"]
    assert empty.champion() == versions[2].name


def test_a_registered_one_without_a_reason_keeps_its_reference(
    store: Store, versions: list[Path]
) -> None:
    assert promote(store, by(Shelf(versions)), "models:/newstag/2", "").why == "models:/newstag/2"
