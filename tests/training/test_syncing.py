"""Store and registry are brought to agree, in both directions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.errors import StateError
from models.store import Store
from models.sums import check_sums, sums_digest, write_sums
from training.registration import MODEL, Registered, Registrations
from training.saving import save
from training.standing import standing, standing_lines
from training.syncing import Sync
from training.tracker import Tracker
from training.train import Trained

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("no_figures"),
]


@pytest.fixture(scope="module")
def versions(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three versions, the first of them champion."""
    store = Store(tmp_path_factory.mktemp("trained") / "store")
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    return [save(store, trained, day) for day in days]


@pytest.fixture(scope="module")
def uri(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[Path], str]
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # artefacts go beside the database
        yield fresh_database(folder)


@pytest.fixture
def client(uri: str) -> Iterator[Any]:
    """A client of a registry without models; runs stay from test to test."""
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    yield client
    for one in client.search_registered_models():
        client.delete_registered_model(one.name)


@pytest.fixture
def registrations(client: Any) -> Registrations:
    return Registrations(client=client)


@pytest.fixture
def store(versions: list[Path], tmp_path: Path) -> Store:
    """A copy of the store with the three versions."""
    return Store(Path(shutil.copytree(versions[0].parent, tmp_path / "store")))


@pytest.fixture
def sync(store: Store, uri: str, client: Any) -> Sync:
    assert client.search_registered_models() == []
    return Sync(store=store, tracker=Tracker(uri=uri, experiment="tests"))


@pytest.fixture
def synced(sync: Sync) -> Sync:
    list(sync.run())
    return sync


def elsewhere(sync: Sync, folder: Path) -> Sync:
    """The same registry and an empty store of another machine."""
    return Sync(store=Store(folder / "elsewhere"), tracker=sync.tracker)


def save_as_first(store: Store, version: Path) -> None:
    """Make a store whose champion is this version."""
    store.adopt(version)


def the_one(registrations: Registrations, version: Path) -> Registered:
    """What is registered of a version."""
    found = registrations.of(version.name)
    assert found is not None
    return found


def unregistered(client: Any, version: Path) -> Any:
    """What MLflow had registered of a version, which it has no more; its files stay."""
    number = the_one(Registrations(client=client), version).number
    held = client.get_model_version(MODEL, number)
    client.delete_model_version(MODEL, number)
    return held


def model_of(held: Any) -> str:
    return str(held.source).removeprefix("models:/")


def artefacts(client: Any, held: Any) -> Path:
    """Where the files of a registered version lie."""
    place = client.get_logged_model(model_of(held)).artifact_location
    return Path(str(place).removeprefix("file://"))


def lines(sync: Sync) -> str:
    return "\n".join(standing_lines(sync.standing(), sync.tracker.uri))


class TestWhatIsNotRegistered:
    def test_is_listed(self, sync: Sync, versions: list[Path]) -> None:
        found = lines(sync)
        for version in versions:
            assert f"  {version.name} is not registered" in found
        assert f"  the champion is {versions[0].name} here, and none in the registry" in found
        assert found.endswith("  newstag models sync mends it, or says what is to be decided")

    def test_is_recorded_registered_and_named(
        self, sync: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        done = list(sync.run())
        assert [line.split(":")[0] for line in done] == [path.name for path in versions]
        held = registrations.all()
        assert [one.version for one in held] == [path.name for path in reversed(versions)]
        assert [one.aliases for one in held] == [("challenger",), (), ("champion",)]
        assert [one.sums for one in held] == [sums_digest(path) for path in reversed(versions)]
        assert lines(sync).endswith("  store and registry agree")
        assert list(sync.run()) == []

    def test_is_registered_from_its_run_where_only_the_registration_is_gone(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[1])
        run = client.get_model_version(MODEL, one.number).run_id
        client.delete_model_version(MODEL, one.number)
        assert list(synced.run()) == [f"{versions[1].name}: recorded as run {run} and registered"]


class TestTheRegisteredVersion:
    def test_has_the_figures_as_tags_and_the_run_it_comes_from(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        assert synced.standing().agreed
        one = the_one(registrations, versions[0])
        held = client.get_model_version(MODEL, one.number)
        assert float(held.tags["type_f1_macro"]) > 0.9
        assert held.tags["version"] == versions[0].name
        expected = {"version", "sums", "f1_macro", "type_f1_macro", "domains_f1_macro"}
        assert held.tags.keys() - {"git_commit"} == expected  # few enough to be read
        assert client.get_run(held.run_id).data.tags["version"] == versions[0].name
        assert "type" in held.description

    def test_comes_back_from_the_registry_as_the_version_it_was(
        self, synced: Sync, versions: list[Path], tmp_path: Path
    ) -> None:
        other = elsewhere(synced, tmp_path)
        done = list(other.run())
        # The registry's champion comes first, for it to be the store's as well.
        assert done[0].startswith(f"{versions[0].name}: fetched from newstag ")
        assert len(done) == 3
        assert other.store.versions() == [path.name for path in versions]
        assert other.store.champion() == versions[0].name
        assert sums_digest(other.store.root / versions[1].name) == sums_digest(versions[1])
        assert lines(other).endswith("  store and registry agree")


class TestAVersionThatTheStoreLacks:
    def test_is_listed_and_fetched(self, synced: Sync, versions: list[Path]) -> None:
        shutil.rmtree(synced.store.root / versions[1].name)
        assert f"  {versions[1].name} is not in the store, but newstag " in lines(synced)
        assert [line.split(" from")[0] for line in synced.run()] == [f"{versions[1].name}: fetched"]
        assert versions[1].name in synced.store.versions()

    def test_stays_away_where_it_was_pruned(self, synced: Sync, versions: list[Path]) -> None:
        synced.store.prune(1)
        assert synced.store.versions() == [versions[0].name, versions[2].name]
        assert "  1 more, pruned here" in lines(synced)
        assert list(synced.run()) == []
        assert synced.store.versions() == [versions[0].name, versions[2].name]


class TestSums:
    def test_a_version_that_is_damaged_here_is_restored(
        self, synced: Sync, versions: list[Path]
    ) -> None:
        damaged = next(p for p in (synced.store.root / versions[1].name).glob("*.npy"))
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        done = list(synced.run())
        assert [line.split(" from")[0] for line in done] == [
            f"{versions[1].name}: was damaged, restored"
        ]
        assert damaged.read_bytes() == whole

    def test_a_lost_list_of_sums_is_told_and_restored(
        self, synced: Sync, versions: list[Path]
    ) -> None:
        (synced.store.root / versions[1].name / "SHA256SUMS").unlink()
        assert f"  {versions[1].name} is damaged in the store, but newstag " in lines(synced)
        assert "was damaged, restored from newstag" in "\n".join(synced.run())
        assert lines(synced).endswith("agree")

    def test_a_tag_that_is_wrong_is_written_anew(
        self, synced: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[1])
        registrations.tag(one.number, {"sums": "0" * 64})
        assert f"  {versions[1].name} has other sums than newstag {one.number}" in lines(synced)
        expected = f"{versions[1].name}: sums of newstag {one.number} written anew"
        assert list(synced.run()) == [expected]
        assert lines(synced).endswith("agree")

    def test_one_registered_by_hand_is_told_apart_by_what_it_holds(
        self, synced: Sync, versions: list[Path], client: Any
    ) -> None:
        held = unregistered(client, versions[2])
        by_hand = client.create_model_version(MODEL, held.source, held.run_id).version
        assert f"  newstag {by_hand} does not say which version it holds" in lines(synced)
        expected = f"{versions[2].name}: is newstag {by_hand}, which did not say so"
        assert list(synced.run()) == [expected]
        assert lines(synced).endswith("agree")

    def test_a_foreign_model_is_left_alone(self, synced: Sync, client: Any, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        by_hand = client.create_model_version(MODEL, str(tmp_path / "other")).version
        assert f"  newstag {by_hand} does not say which version it holds" in lines(synced)
        for _ in range(2):
            assert list(synced.run()) == [
                f"newstag {by_hand}: holds no version of newstag, left alone"
            ]
        assert lines(synced).endswith("agree")

    def test_one_registered_by_hand_that_was_pruned_is_told_and_stays_away(
        self, synced: Sync, versions: list[Path], client: Any
    ) -> None:
        held = unregistered(client, versions[1])
        synced.store.prune(1)
        client.create_model_version(MODEL, held.source, held.run_id)
        assert len(list(synced.run())) == 1
        assert versions[1].name not in synced.store.versions()
        assert lines(synced).endswith("agree")

    def test_one_whose_registered_files_are_lost_is_recorded_anew_with_its_alias(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[0])
        shutil.rmtree(artefacts(client, client.get_model_version(MODEL, one.number)))
        lost, anew = synced.run()
        assert lost == f"{versions[0].name}: the files of newstag {one.number} are lost"
        assert anew.startswith(f"{versions[0].name}: recorded as run ")
        again = the_one(registrations, versions[0])
        assert (again.number != one.number, again.aliases) == (True, ("champion",))
        assert list(synced.run()) == []
        assert lines(synced).endswith("agree")

    def test_one_whose_logged_model_was_deleted_is_recorded_anew(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[1])
        held = client.get_model_version(MODEL, one.number)
        client.delete_logged_model(model_of(held))
        client.delete_model_version(MODEL, one.number)
        [done] = synced.run()
        assert done.startswith(f"{versions[1].name}: recorded as run ")
        assert held.run_id not in done
        assert lines(synced).endswith("agree")

    def test_a_registered_copy_that_is_damaged_is_recorded_anew_once_it_is_deleted(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        """Not registered once more from the run whose files are damaged."""
        one = the_one(registrations, versions[1])
        held = client.get_model_version(MODEL, one.number)
        folder = artefacts(client, held) / "artifacts" / versions[1].name
        with (folder / "weights.npy").open("ab") as weights:
            weights.write(b"!")
        client.delete_model_version(MODEL, one.number)
        [done] = synced.run()
        assert done.startswith(f"{versions[1].name}: recorded as run ")
        assert held.run_id not in done

    def test_other_files_under_the_same_id_are_recorded_anew(
        self, synced: Sync, versions: list[Path], tmp_path: Path, client: Any
    ) -> None:
        version = synced.store.root / versions[1].name
        (version / "report.json").write_text(
            (version / "report.json").read_text("utf-8").replace("\n", "\n ", 1), "utf-8"
        )
        write_sums(version)
        one = the_one(Registrations(client=client), version)
        with pytest.raises(StateError, match="other files than those of"):
            list(synced.run())
        client.delete_model_version(MODEL, one.number)
        assert len(list(synced.run())) == 1
        other = elsewhere(synced, tmp_path)
        list(other.run())
        assert sums_digest(other.store.root / version.name) == sums_digest(version)

    def test_what_contradicts_its_tag_is_not_fetched(
        self, synced: Sync, versions: list[Path], tmp_path: Path, client: Any
    ) -> None:
        one = the_one(Registrations(client=client), versions[1])
        held = artefacts(client, client.get_model_version(MODEL, one.number)) / "artifacts"
        folder = held / versions[1].name
        with (folder / "report.json").open("a") as report:
            report.write("\n")
        write_sums(folder)
        other = elsewhere(synced, tmp_path)
        with pytest.raises(StateError, match="other files than its tag sums says"):
            list(other.run())
        assert other.store.versions() == [versions[0].name, versions[2].name]

    def test_what_is_lost_there_and_here_is_told_for_what_it_is(
        self, synced: Sync, versions: list[Path], tmp_path: Path, client: Any
    ) -> None:
        one = the_one(Registrations(client=client), versions[1])
        shutil.rmtree(artefacts(client, client.get_model_version(MODEL, one.number)))
        other = elsewhere(synced, tmp_path)
        with pytest.raises(StateError, match="its files are lost") as refused:
            list(other.run())
        expected = f"Sync a store that has {versions[1].name}, or delete newstag {one.number}"
        assert refused.value.fix.startswith(expected)
        assert other.store.versions() == [versions[0].name, versions[2].name]

    def test_a_list_of_sums_that_is_itself_damaged_is_restored(
        self, synced: Sync, versions: list[Path]
    ) -> None:
        path = synced.store.root / versions[1].name / "SHA256SUMS"
        text = path.read_text("ascii")
        path.write_text(("1" if text[0] == "0" else "0") + text[1:], "ascii")
        assert "was damaged, restored" in "\n".join(synced.run())
        check_sums(path.parent)

    def test_a_file_of_somebody_s_in_a_version_is_kept_and_told(
        self, synced: Sync, versions: list[Path]
    ) -> None:
        held = synced.store.root / versions[1].name
        (held / "notes.txt").write_text("mine", "utf-8")
        (held / "oof.jsonl").write_text("", "utf-8")
        assert f"{versions[1].name} is damaged in the store" in lines(synced)
        with pytest.raises(StateError, match=r"notes\.txt: an extra file.*Remove it"):
            list(synced.run())
        assert (held / "notes.txt").read_text("utf-8") == "mine"
        (held / "notes.txt").unlink()
        assert len(list(synced.run())) == 1
        assert (held / "pipeline.joblib").exists()  # which no registry has
        check_sums(held)

    def test_what_is_registered_does_not_replace_other_files(
        self, synced: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[1])
        registrations.tag(one.number, {"sums": "0" * 64})
        (synced.store.root / versions[1].name / "SHA256SUMS").unlink()
        with pytest.raises(StateError, match="other files than those of"):
            list(synced.run())

    def test_a_damaged_ledger_holds_nothing_else_up(
        self, sync: Sync, registrations: Registrations
    ) -> None:
        (sync.store.root / "ledger.jsonl").write_text("{\n{}\n", "utf-8")
        with pytest.raises(StateError, match=r"ledger\.jsonl"):
            list(sync.run())
        assert len(registrations.all()) == 3

    def test_what_cannot_be_mended_is_told_after_the_rest_was_done(
        self, synced: Sync, versions: list[Path], client: Any
    ) -> None:
        path = synced.store.root / versions[0].name / "oof.jsonl"
        client.delete_registered_model(MODEL)
        path.write_text("", "utf-8")
        done: list[str] = []
        with pytest.raises(StateError, match=r"oof\.jsonl: an altered file"):
            done.extend(synced.run())
        numbers = [one.version for one in Registrations(client=client).all()]
        assert sorted(numbers) == [path.name for path in versions[1:]]


class TestAliases:
    def test_the_champion_of_the_registry_follows_the_store(
        self, synced: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        synced.store.promote(versions[2].name, "better")
        line = f"  the champion is {versions[2].name} here, and {versions[0].name} in the registry"
        assert line in lines(synced)
        done = list(synced.align())
        assert done == [f"{versions[2].name}: newstag 3 is champion in the registry as well"]
        # It was the challenger, which it is no more.
        assert {one.version: one.aliases for one in registrations.all() if one.aliases} == {
            versions[2].name: ("champion",)
        }
        assert list(synced.align()) == []

    def test_one_that_somebody_moved_to_what_never_was_live_here_stays_unless_forced(
        self, synced: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        other = the_one(registrations, versions[1])
        registrations.name("champion", other.number)
        assert "and " + versions[1].name + " in the registry" in lines(synced)
        for act in (synced.run, synced.align):
            with pytest.raises(StateError) as refused:
                list(act())
            assert refused.value.what == (
                f"{versions[1].name} is champion in the registry, and never was in this store"
            )
            assert f"promote models:/newstag/{other.number} makes {versions[1].name}" in (
                refused.value.fix
            )
            assert registrations.aliases()["champion"] == other.number
        assert len(list(synced.run(force=True))) == 1
        assert lines(synced).endswith("agree")

    def test_one_that_lags_behind_what_was_live_here_is_moved(
        self, synced: Sync, versions: list[Path]
    ) -> None:
        synced.store.promote(versions[1].name, "better")
        synced.store.promote(versions[2].name, "better still")
        assert next(synced.run()).endswith(" is champion in the registry as well")

    def test_an_empty_store_takes_the_champion_of_the_registry_or_nothing(
        self,
        synced: Sync,
        versions: list[Path],
        tmp_path: Path,
        registrations: Registrations,
        client: Any,
    ) -> None:
        other = elsewhere(synced, tmp_path)
        named = the_one(registrations, versions[0])
        held = client.get_model_version(MODEL, named.number)
        client.set_registered_model_alias(MODEL, "champion", held.version)
        lost = shutil.move(artefacts(client, held), tmp_path / "lost")
        with pytest.raises(StateError, match="its files are lost"):
            list(other.run())
        assert other.store.versions() == []
        shutil.move(lost, artefacts(client, held))
        list(other.run())
        assert other.store.champion() == versions[0].name

    def test_an_empty_store_does_not_choose_a_champion_by_itself(
        self, synced: Sync, tmp_path: Path, client: Any
    ) -> None:
        client.delete_registered_model_alias(MODEL, "champion")
        other = elsewhere(synced, tmp_path)
        with pytest.raises(StateError) as refused:
            list(other.run())
        assert refused.value.what.startswith("versions, but none with the alias champion")
        assert other.store.versions() == []
        assert "champion" not in Registrations(client=client).aliases()

    def test_one_of_lost_files_keeps_the_alias(
        self, synced: Sync, versions: list[Path], tmp_path: Path, registrations: Registrations
    ) -> None:
        """Its own store records it anew; no other takes the alias meanwhile."""
        named = the_one(registrations, versions[0])
        registrations.tag(named.number, {"lost": "true"})
        other = elsewhere(synced, tmp_path)
        save_as_first(other.store, versions[1])
        with pytest.raises(StateError, match=f"{versions[0].name} is champion in the registry"):
            list(other.run())
        assert registrations.aliases()["champion"] == named.number
        list(synced.run())
        assert lines(synced).endswith("agree")

    def test_the_alias_leaves_lost_files_for_whole_ones_of_the_same_version(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        """As where recording was killed between registering and moving the alias."""
        one = the_one(registrations, versions[0])
        held = client.get_model_version(MODEL, one.number)
        twin = client.create_model_version(MODEL, held.source, held.run_id, tags=held.tags)
        registrations.tag(one.number, {"lost": "true"})
        expected = f"and {versions[0].name}, whose files are lost, in the registry"
        assert expected in lines(synced)
        assert len(list(synced.run())) == 1
        assert registrations.aliases()["champion"] == str(twin.version)
        assert lines(synced).endswith("agree")

    def test_a_version_copied_into_an_empty_store_is_not_champion_before_the_registry_s(
        self, synced: Sync, versions: list[Path], tmp_path: Path
    ) -> None:
        other = elsewhere(synced, tmp_path)
        shutil.copytree(versions[1], other.store.root / versions[1].name)
        list(other.run())
        assert other.store.champion() == versions[0].name
        assert lines(other).endswith("agree")

    def test_a_store_without_pointer_and_ledger_is_told_what_to_promote(
        self, synced: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        for name in ("champion", "ledger.jsonl"):
            (synced.store.root / name).unlink()
        named = the_one(registrations, versions[0])
        with pytest.raises(StateError, match="the champion is none here, and ") as refused:
            list(synced.run())
        assert refused.value.fix == f"Use: newstag models promote models:/newstag/{named.number}"

    def test_the_champion_is_not_its_own_challenger(
        self, synced: Sync, registrations: Registrations
    ) -> None:
        registrations.name("challenger", registrations.aliases()["champion"])
        assert not synced.standing().agreed
        assert len(list(synced.run())) == 1
        assert "challenger" not in registrations.aliases()

    def test_of_a_version_registered_twice_the_one_with_an_alias_counts(
        self, synced: Sync, versions: list[Path], client: Any, registrations: Registrations
    ) -> None:
        one = the_one(registrations, versions[0])
        held = client.get_model_version(MODEL, one.number)
        twin = client.create_model_version(MODEL, held.source, held.run_id, tags=held.tags)
        registrations.name("champion", twin.version)
        found = synced.standing()
        assert found.registered[versions[0].name].number == str(twin.version)
        assert found.agreed

    def test_the_challenger_is_the_last_trained_not_the_last_recorded(
        self, sync: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        for at in (2, 1, 0):
            sync.tracker.record(sync.store.root / versions[at].name)
        named = {a: one.version for one in registrations.all() for a in one.aliases}
        assert named == {"challenger": versions[2].name, "champion": versions[0].name}

    def test_a_champion_that_is_not_registered_is_told_not_named(
        self, sync: Sync, versions: list[Path], registrations: Registrations
    ) -> None:
        with pytest.raises(StateError, match="not among the registered versions") as failed:
            list(sync.align())
        assert failed.value.where == versions[0].name
        assert registrations.aliases() == {}

    def test_the_first_version_of_another_store_does_not_take_it(
        self, synced: Sync, trained: Trained, tmp_path: Path, registrations: Registrations
    ) -> None:
        before = registrations.aliases()["champion"]
        other = Store(tmp_path / "other")
        version = save(other, trained, datetime(2026, 2, 1, tzinfo=UTC))
        assert other.champion() == version.name
        synced.tracker.record(version)
        assert registrations.aliases()["champion"] == before


def test_a_store_without_a_registry_and_one_without_versions_agree(
    tmp_path: Path,
) -> None:
    found = standing(Store(tmp_path / "none"), [])
    assert found.agreed
    assert list(standing_lines(found, "sqlite:///x.db")) == [
        "registry sqlite:///x.db",
        "  store and registry agree",
    ]
