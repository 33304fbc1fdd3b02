"""What an MLflow registry names comes into the store, and the champion follows its alias."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labels.errors import InputError, StateError, VersionError
from models.files import sha256
from models.store import Store
from models.sums import sums_digest
from training.following import Follower, follow
from training.registry import Registry
from training.saving import save
from training.tracker import Tracker
from training.train import Trained

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CHAMPION = "models:/newstag@champion"


@dataclass(frozen=True)
class Server:
    """A registry in a database, and the client of whoever registers there."""

    uri: str
    client: Any
    folder: Path

    def register(self, version: Path, name: str = "newstag") -> str:
        """Register a version directory as it would lie in a logged model; its number."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(version, place / "artifacts" / version.name)
        return str(self.client.create_model_version(name, place.as_uri()).version)

    def alias(self, number: str) -> None:
        self.client.set_registered_model_alias("newstag", "champion", number)

    def files(self, number: str) -> Path:
        """The version directory inside a registered version."""
        source = self.client.get_model_version("newstag", number).source
        return next(Path(source.removeprefix("file://")).glob("artifacts/*"))


ANEW = (
    "Delete models:/newstag/1 in MLflow; newstag models sync, where the store has it, records it "
    "anew."
)


@pytest.fixture(scope="module")
def versions(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three versions, the last of another scheme."""
    store = Store(tmp_path_factory.mktemp("trained"))
    scheme = trained.model.scheme
    first = scheme.groups[0]
    other = replace(scheme, groups=(replace(first, zh="体裁"), *scheme.groups[1:]))
    foreign = replace(trained, model=replace(trained.model, scheme=other))
    days = ((1, trained), (2, trained), (3, foreign))
    return [save(store, each, datetime(2026, 1, day, tzinfo=UTC)) for day, each in days]


@pytest.fixture(scope="module")
def uri(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[Path], str]
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # artefacts go beside the database
        yield fresh_database(folder)


@pytest.fixture
def server(uri: str, tmp_path: Path) -> Iterator[Server]:
    """A registry with an empty model of its own."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.create_registered_model("newstag")
    yield Server(uri, client, tmp_path)
    client.delete_registered_model("newstag")


@pytest.fixture
def registry(server: Server) -> Registry:
    return Registry(uri=server.uri)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def follower(registry: Registry, store: Store) -> Follower:
    return Follower(registry=registry, reference=CHAMPION, store=store)


# A row of another kind: the number of entries is a word.
TARGET = {"name": "newstag", "number": "1", "created": 1, "why": ""}
TEXT = json.dumps({CHAMPION: {"target": TARGET, "version": "", "entries": "1"}})


def again(follower: Follower) -> Follower:
    """The follower of another process, as --once from cron is each time."""
    return replace(follower)


def followed_to_the_second(server: Server, follower: Follower, versions: list[Path]) -> list[str]:
    """The numbers of two registered versions, of which the alias named one after the other."""
    numbers = [server.register(version) for version in versions[:2]]
    for number in numbers:
        server.alias(number)
        follower.look()
    return numbers


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(StateError) as refused:
        act()
    return str(refused.value)


@pytest.mark.usefixtures("no_figures")
def test_the_model_of_a_recorded_run_comes_back_file_for_file_but_the_pickle(
    server: Server, registry: Registry, store: Store, versions: list[Path]
) -> None:
    import mlflow

    run = Tracker(uri=server.uri, experiment="tests").record(versions[0])
    model = server.client.get_run(run).outputs.model_outputs[0].model_id
    server.alias(mlflow.register_model(f"models:/{model}", "newstag").version)
    folder = registry.resolve(CHAMPION, store)
    assert folder == store.root / versions[0].name
    ours, theirs = (
        {path.name: sha256(path) for path in one.iterdir() if path.name != "SHA256SUMS"}
        for one in (versions[0], folder)
    )
    assert ours.pop("pipeline.joblib")
    assert theirs == ours
    assert sums_digest(folder) == sums_digest(versions[0])
    assert registry.resolve("models:/newstag/1", store) == folder


def test_a_version_that_the_store_holds_is_not_downloaded_again(
    server: Server,
    registry: Registry,
    store: Store,
    versions: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.alias(server.register(versions[0]))
    held = store.adopt(versions[0])
    monkeypatch.setattr("mlflow.artifacts.download_artifacts", None)
    assert registry.resolve(CHAMPION, store) == held


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "models:/other@champion",
            (
                "models:/other@champion: no registered model 'other' in {uri}. Register the model "
                "of a run under that name, in the MLflow UI or with its client."
            ),
        ),
        (
            CHAMPION,
            (
                f"{CHAMPION}: no alias 'champion' of the model 'newstag' in {{uri}}. Set it in the "
                "MLflow UI, or with MlflowClient().set_registered_model_alias('newstag', "
                "'champion', VERSION)."
            ),
        ),
        (
            "models:/newstag/7",
            (
                "models:/newstag/7: no version 7 of the model 'newstag' in {uri}. Give one that "
                "the MLflow UI lists."
            ),
        ),
    ],
)
def test_what_is_missing_is_told_with_how_to_make_it(
    registry: Registry, store: Store, reference: str, message: str
) -> None:
    told = refusal(lambda: registry.resolve(reference, store))
    assert told == message.format(uri=registry.uri)


@pytest.mark.parametrize(
    "reference", ["models:/newstag", "models:/newstag/latest", "models:/a/b@c", "champion"]
)
def test_a_reference_of_another_form_is_refused(
    registry: Registry, store: Store, reference: str
) -> None:
    with pytest.raises(InputError) as refused:
        registry.resolve(reference, store)
    assert str(refused.value) == (
        f"{reference}: not a reference into a registry. "
        "Give models:/NAME@ALIAS or models:/NAME/VERSION."
    )


def test_a_model_of_somebody_else_is_refused(
    server: Server, registry: Registry, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "forest").mkdir()
    (tmp_path / "forest" / "model.pkl").write_bytes(b"never opened")
    server.alias(server.register(tmp_path / "forest"))
    assert refusal(lambda: registry.resolve(CHAMPION, store)) == (
        "models:/newstag/1: a model without a version of newstag, or whose files are lost. "
        "Register the model of a run that newstag recorded."
    )
    assert not store.root.exists()


def test_a_damaged_download_is_refused_by_the_name_of_the_registered_version(
    server: Server, registry: Registry, store: Store, versions: list[Path]
) -> None:
    number = server.register(versions[0])
    (server.files(number) / "weights.npy").write_bytes(b"cut")
    with pytest.raises(VersionError) as refused:
        registry.resolve("models:/newstag/1", store)
    assert str(refused.value) == (
        f"models:/newstag/1/weights.npy: an altered file: its sum is not that of SHA256SUMS. {ANEW}"
    )
    assert store.versions() == []


def test_a_version_under_the_name_of_another_is_refused(
    server: Server, registry: Registry, store: Store, versions: list[Path]
) -> None:
    number = server.register(versions[0])
    files = server.files(number)
    files.rename(files.with_name(versions[1].name))
    assert refusal(lambda: registry.resolve("models:/newstag/1", store)) == (
        f"models:/newstag/1: the manifest of {versions[0].name}. {ANEW}"
    )


def test_a_server_that_is_down_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    registry = Registry(uri="http://127.0.0.1:9")
    told = [refusal(lambda: registry.resolve(CHAMPION, store)) for _ in range(2)]
    assert told[0].startswith("http://127.0.0.1:9: MLflow cannot read the registry (API request")
    assert told[0].endswith(". Check --tracking-uri and the server.")
    assert told[0] == told[1]


def test_looking_makes_no_database(tmp_path: Path, store: Store) -> None:
    uri = f"sqlite:///{tmp_path}/typo.db"
    told = refusal(lambda: Registry(uri=uri).resolve(CHAMPION, store))
    assert told == f"{uri}: no such database. Check --tracking-uri."
    assert list(tmp_path.iterdir()) == []


def test_the_champion_goes_where_the_alias_goes(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    server.alias(server.register(versions[0]))
    assert follower.look().line() == f"{first} is champion, after none"
    assert follower.look().line() == f"nothing new: {first} is champion"
    server.alias(server.register(versions[1]))
    assert follower.look().line() == f"{second} is champion, after {first}"
    assert store.champion() == second
    assert [(entry.after, entry.why) for entry in store.history()] == [
        (first, f"{CHAMPION} is version 1"),
        (second, f"{CHAMPION} is version 2"),
    ]


def test_an_alias_that_goes_back_takes_the_champion_back(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    numbers = [server.register(version) for version in versions[:2]]
    for number in (numbers[0], numbers[1], numbers[0]):
        server.alias(number)
        follower.look()
    assert store.champion() == versions[0].name
    assert len(store.history()) == 3


def test_a_local_roll_back_holds_until_the_alias_moves(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    followed_to_the_second(server, follower, versions)
    store.rollback("worse on events")
    left = "what the alias names was promoted once, and left since"
    assert follower.look().line() == f"nothing new: {first} is champion; {left}"
    assert again(follower).look().line() == f"nothing new: {first} is champion; {left}"
    server.alias(server.register(versions[1]))  # registered once more: a decision of somebody
    assert again(follower).look().line() == f"{second} is champion, after {first}"


def test_an_alias_that_comes_back_to_what_was_rolled_back_has_moved(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    numbers = followed_to_the_second(server, follower, versions)
    store.rollback("worse on events")
    server.alias(numbers[0])  # where the store is already
    assert follower.look().line() == f"nothing new: {first} is champion"
    server.alias(numbers[1])
    assert follower.look().line() == f"{second} is champion, after {first}"


def test_a_roll_back_holds_where_the_alias_named_the_champion_of_somebody_else(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first = versions[0].name
    numbers = [server.register(version) for version in versions[:2]]
    server.alias(numbers[0])
    follower.look()
    store.promote(str(store.adopt(versions[1])), "by hand")
    server.alias(numbers[1])
    assert not again(follower).look().moved
    store.rollback("worse on events")
    assert [again(follower).look().champion for _ in range(2)] == [first, first]


def test_a_damaged_copy_that_somebody_removes_is_downloaded_again(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    server.alias(server.register(versions[0]))
    follower.look()
    (store.adopt(versions[1]) / "weights.npy").write_bytes(b"cut")
    server.alias(server.register(versions[1]))
    assert "an altered file" in refusal(follower.look)
    shutil.rmtree(store.root / second)
    assert again(follower).look().line() == f"{second} is champion, after {first}"


def test_what_was_refused_and_then_promoted_by_hand_is_not_promoted_again(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    store.adopt(versions[0])
    server.alias(server.register(versions[2]))
    assert "another scheme" in refusal(follower.look)
    store.promote(versions[2].name, "clients are ready", force=True)
    store.rollback("they were not")
    assert not replace(follower, force=True).look().moved
    assert store.champion() == versions[0].name


def test_a_roll_back_holds_beside_a_second_follower(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    followed_to_the_second(server, again(follower), versions)
    store.rollback("worse on events")
    assert not follower.look().moved
    assert store.champion() == versions[0].name


@pytest.mark.parametrize("promoted", [False, True])
def test_a_kill_while_acting_neither_forgets_a_promotion_nor_repeats_it(
    server: Server, follower: Follower, store: Store, versions: list[Path], promoted: bool
) -> None:
    numbers = [server.register(version) for version in versions[:2]]
    server.alias(numbers[0])
    follower.look()
    server.alias(numbers[1])
    promote = Store.promote

    def killed(*given: Any) -> None:
        if promoted:
            promote(*given)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "promote", killed)
        with pytest.raises(KeyboardInterrupt):
            follower.look()
    if promoted:
        store.rollback("worse on events")
    again(follower).look()
    assert store.champion() == versions[not promoted].name
    assert len(store.history()) == (3 if promoted else 2)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models:/newstag@champion": {}}', TEXT])
def test_a_damaged_memory_is_told_and_nothing_is_promoted(
    server: Server, follower: Follower, store: Store, versions: list[Path], text: str
) -> None:
    store.adopt(versions[0])
    server.alias(server.register(versions[1]))
    path = store.root / "followed.json"
    path.write_text(text)
    assert refusal(follower.look) == (
        f"{path}: a damaged file of what was followed. Remove it: what the alias names is "
        "promoted once more then."
    )
    assert store.champion() == versions[0].name


def test_what_a_kill_left_between_ledger_and_pointer_is_finished(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    for version in versions[:2]:
        server.alias(server.register(version))
        follower.look()
    (store.root / "champion").write_text(f"{first}\n", "ascii")
    assert again(follower).look().line() == f"{second} is champion, after {first}"
    assert (store.champion(), len(store.history())) == (second, 2)


def test_a_model_made_anew_is_told_from_the_old_one_by_more_than_its_number(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    server.alias(server.register(versions[0]))
    follower.look()
    server.client.delete_registered_model("newstag")
    server.client.create_registered_model("newstag")
    server.alias(server.register(versions[1]))
    assert follower.look().moved
    assert store.champion() == versions[1].name


def test_a_version_that_was_promoted_by_hand_is_not_promoted_again(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    store.adopt(versions[0])
    server.alias(server.register(versions[0]))
    assert not follower.look().moved
    assert len(store.history()) == 1


def test_another_scheme_is_refused_unless_forced(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    store.adopt(versions[0])
    server.alias(server.register(versions[2]))
    told = refusal(follower.look)
    assert "another scheme than the champion" in told
    assert store.champion() == versions[0].name
    assert refusal(follower.look) == told
    assert replace(follower, force=True).look().moved
    assert store.champion() == versions[2].name


def test_following_goes_on_through_failures_and_tells_each_once(
    server: Server, follower: Follower, store: Store, versions: list[Path]
) -> None:
    first, second = (version.name for version in versions[:2])
    numbers = [server.register(version) for version in versions[:2]]
    damaged = server.files(numbers[1]) / "weights.npy"
    whole = damaged.read_bytes()
    damaged.write_bytes(b"cut")
    told: list[str] = []

    class Turns(Event):
        """Stands for the waiting between two looks."""

        turn = 0

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout == 10
            self.turn += 1
            if self.turn == 2:
                server.alias(numbers[0])
            if self.turn == 4:
                server.alias(numbers[1])
            if self.turn == 6:
                assert store.champion() == first
                damaged.write_bytes(whole)
            if self.turn == 8:
                self.set()
            return self.is_set()

    follow(follower, 10, told.append, lambda line: told.append(f"! {line}"), Turns())
    assert [line.split(". ")[0] for line in told] == [
        f"! {CHAMPION}: no alias 'champion' of the model 'newstag' in {server.uri}",
        f"{first} is champion, after none",
        ("! models:/newstag/2/weights.npy: an altered file: its sum is not that of SHA256SUMS"),
        f"{second} is champion, after {first}",
    ]


def test_following_what_is_no_reference_ends_at_once(registry: Registry, store: Store) -> None:
    follower = Follower(registry=registry, reference="champion", store=store)
    with pytest.raises(InputError):
        follow(follower, 10, print, print, Event())
