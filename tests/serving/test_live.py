"""The champion is followed; whatever is wrong with it, the version before answers on."""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.errors import StateError, VersionError
from models.store import Store
from serving import live as live_module
from serving.app import create_app
from serving.live import Live, Loaded, load
from serving.metrics import Metrics
from serving.problems import Refused
from serving.settings import Settings

LATER = "29991231T235959Z-00000002"
LATEST = "29991231T235959Z-00000003"
ARTICLE = {"title": "青石", "content": "湖水清澈"}

Lines = list[dict[str, Any]]
Copied = Callable[[Path, str], Path]
Counted = Callable[..., float]


class Followed:
    """A live model on a store of its own, and what it counted."""

    def __init__(self, store: Path, model: str = "champion", fallback: Path | None = None) -> None:
        self.metrics = Metrics()
        settings = Settings(store=store, model=model, fallback=fallback)
        self.live = Live(settings, self.metrics)
        self.store = Store(store)

    def look(self) -> str:
        """The version that answers after a look."""
        asyncio.run(self.live.look())
        return self.live.current().manifest.version

    def promote(self, version: str) -> None:
        """As the store does it; but it would refuse a damaged version."""
        self.point(f"{version}\n")

    def point(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        (self.store.root / "champion").write_bytes(data)


@pytest.fixture
def followed(version: Path) -> Iterator[Followed]:
    """A champion that answers."""
    found = Followed(version.parent)
    found.live.start()
    yield found
    found.live.stop()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    time = [1000.0]
    monkeypatch.setattr("serving.live.monotonic", lambda: time[0])
    return time


def damage(folder: Path) -> None:
    path = folder / "weights.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def altered(folder: Path) -> str:
    return (
        f"{folder / 'weights.npy'}: an altered file: its sum is not that of SHA256SUMS. "
        "Train again, or copy the version again from where it was made."
    )


# Starting


def test_a_worker_waits_for_a_good_version_where_there_was_one(
    version: Path, counted: Counted, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.live._EVERY", 0.01)
    damage(version)
    followed = Followed(version.parent, fallback=version)

    async def begin() -> None:
        beginning = asyncio.create_task(followed.live.begin())
        async with asyncio.timeout(30):
            while not logged:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        with pytest.raises(Refused):
            followed.live.current()
        damage(version)  # the same bit again
        await beginning

    asyncio.run(begin())
    assert followed.live.current().manifest.version == version.name
    assert [(line["event"], line["reason"]) for line in logged] == [
        ("model refused", altered(version))
    ]
    page = followed.metrics.page()
    assert counted(page, "newstag_model_refusals_total") == 1
    assert counted(page, "newstag_model_refusing_workers") == 0
    followed.live.stop()


def test_a_worker_that_waits_for_a_version_ends_when_it_is_told_to(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.live._EVERY", 0.01)
    damage(version)
    live = Followed(version.parent, fallback=version).live

    async def begin() -> None:
        beginning = asyncio.create_task(live.begin())
        await asyncio.sleep(0.05)
        assert not beginning.done()
        live.ending = True
        await beginning

    asyncio.run(begin())
    with pytest.raises(Refused):
        live.current()


def test_without_a_version_before_it_a_worker_does_not_wait(version: Path) -> None:
    damage(version)
    with pytest.raises(VersionError) as caught:
        asyncio.run(Followed(version.parent).live.begin())
    assert str(caught.value) == altered(version)


# Swapping


def test_nothing_answers_before_the_start_and_after_the_end(version: Path) -> None:
    live = Followed(version.parent).live
    codes = []
    for act in (live.current, live.start, live.stop, live.current):
        try:
            act()
        except Refused as refused:
            codes.append(refused.code)
    assert codes == ["not_ready", "not_ready"]


def test_a_look_at_the_same_champion_changes_nothing(followed: Followed, logged: Lines) -> None:
    before = followed.live.current()
    for _ in range(3):
        followed.look()
    assert followed.live.current() is before
    assert logged == []


def test_a_promoted_version_answers_after_the_next_look(
    followed: Followed, version: Path, copied: Copied, counted: Counted, logged: Lines
) -> None:
    copied(version, LATER)
    assert followed.look() == version.name
    followed.store.promote(LATER, "better")
    assert followed.look() == LATER
    assert followed.live.current().predictor.predict([]) == []
    assert [{**line, "time": ""} for line in logged] == [
        {
            "time": "",
            "level": "info",
            "event": "model swapped",
            "before": version.name,
            "model": LATER,
        }
    ]
    page = followed.metrics.page()
    assert counted(page, "newstag_model_swaps_total") == 1
    assert counted(page, "newstag_model_refusals_total") == 0
    assert counted(page, "newstag_model_workers", version=version.name) == 0
    assert counted(page, "newstag_model_workers", version=LATER) == 1


def test_a_roll_back_is_followed_too(followed: Followed, version: Path, copied: Copied) -> None:
    copied(version, LATER)
    followed.store.promote(LATER, "better")
    followed.look()
    followed.store.rollback("worse")
    assert followed.look() == version.name


def test_what_a_request_took_stays_whole_when_the_version_is_swapped_and_removed(
    followed: Followed, version: Path, copied: Copied, predictor: Any, articles: list[Any]
) -> None:
    taken = followed.live.current()
    copied(version, LATER)
    followed.promote(LATER)
    assert followed.look() == LATER
    shutil.rmtree(version)
    assert taken.manifest.version == version.name
    assert taken.predictor.predict(articles) == predictor.predict(articles)


def test_a_version_that_answers_no_more_is_let_go(
    followed: Followed, version: Path, copied: Copied
) -> None:
    before = weakref.ref(followed.live.current().predictor)
    copied(version, LATER)
    followed.promote(LATER)
    followed.look()
    gc.collect()
    assert before() is None


def test_answers_name_the_new_version(version: Path, copied: Copied) -> None:
    app = create_app(Settings(store=version.parent))
    with TestClient(app) as client:
        copied(version, LATER)
        Store(version.parent).promote(LATER, "better")
        before = client.post("/v1/predict", json=ARTICLE).json()
        assert client.portal is not None
        client.portal.call(app.service.live.look)
        after = client.post("/v1/predict", json=ARTICLE).json()
        assert client.get("/readyz").json() == {"status": "ready", "model": LATER}
    assert before["model"] == version.name
    assert after == {**before, "model": LATER}


# Refusing


def test_a_damaged_version_is_refused_and_the_one_before_answers_on(
    followed: Followed, version: Path, copied: Copied, logged: Lines
) -> None:
    damage(copied(version, LATER))
    followed.promote(LATER)
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [{**line, "time": ""} for line in logged] == [
        {
            "time": "",
            "level": "error",
            "event": "model refused",
            "reason": altered(version.with_name(LATER)),
        }
    ]


def test_a_refused_version_is_counted_once_however_long_it_stays_damaged(
    followed: Followed, version: Path, copied: Copied, counted: Counted, now: list[float]
) -> None:
    damage(copied(version, LATER))
    followed.promote(LATER)
    for time in (1000.0, 1030.0, 1060.0):
        now[0] = time
        followed.look()
    page = followed.metrics.page()
    assert counted(page, "newstag_model_refusals_total") == 1
    assert counted(page, "newstag_model_swaps_total") == 0
    assert counted(page, "newstag_model_workers", version=version.name) == 1


def test_that_the_champion_is_refused_is_told_until_there_is_a_good_one(
    followed: Followed, version: Path, copied: Copied, counted: Counted, now: list[float]
) -> None:
    damage(copied(version, LATER))
    told = []
    for time, name in enumerate([version.name, LATER, LATER, version.name, LATER, LATER]):
        if time == 5:
            damage(version.with_name(LATER))  # the same bit again
        followed.promote(name)
        now[0] = 1000.0 + 40 * time
        followed.look()
        told.append(counted(followed.metrics.page(), "newstag_model_refusing_workers"))
    assert told == [0, 1, 1, 0, 1, 0]
    assert followed.live.current().manifest.version == LATER


def test_a_refused_version_is_read_again_after_30_seconds_only(
    followed: Followed,
    version: Path,
    copied: Copied,
    monkeypatch: pytest.MonkeyPatch,
    now: list[float],
) -> None:
    damage(copied(version, LATER))
    followed.promote(LATER)
    reads: list[float] = []
    load_it = live_module._load

    def load_and_note(folder: Path, settings: Settings) -> Loaded:
        reads.append(now[0])
        return load_it(folder, settings)

    monkeypatch.setattr("serving.live._load", load_and_note)
    for time in (1000.0, 1001.0, 1029.9, 1030.0, 1031.0, 1059.9, 1060.0):
        now[0] = time
        followed.look()
    assert reads == [1000.0, 1030.0, 1060.0]


def test_a_version_that_stays_damaged_is_logged_once(
    followed: Followed, version: Path, copied: Copied, logged: Lines, now: list[float]
) -> None:
    damage(copied(version, LATER))
    followed.promote(LATER)
    for time in (1000.0, 1030.0, 1060.0):
        now[0] = time
        followed.look()
    assert len(logged) == 1


def test_a_mended_version_is_taken_after_30_seconds(
    followed: Followed, version: Path, copied: Copied, now: list[float]
) -> None:
    folder = copied(version, LATER)
    damage(folder)
    followed.promote(LATER)
    followed.look()
    damage(folder)  # the same bit again
    now[0] += 29
    assert followed.look() == version.name
    now[0] += 1
    assert followed.look() == LATER


def test_another_version_is_taken_at_once(
    followed: Followed, version: Path, copied: Copied, now: list[float]
) -> None:
    damage(copied(version, LATER))
    copied(version, LATEST)
    followed.promote(LATER)
    followed.look()
    followed.promote(LATEST)
    assert followed.look() == LATEST
    assert now == [1000.0]


def test_a_version_that_is_refused_again_after_a_way_back_is_logged_again(
    followed: Followed, version: Path, copied: Copied, logged: Lines, now: list[float]
) -> None:
    damage(copied(version, LATER))
    for name in (LATER, version.name, LATER):
        followed.promote(name)
        followed.look()
    assert [line["event"] for line in logged] == ["model refused"] * 2
    assert now == [1000.0]


def test_a_version_that_the_disk_does_not_give_is_refused_once(
    followed: Followed,
    version: Path,
    copied: Copied,
    logged: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied(version, LATER)
    followed.promote(LATER)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("serving.live._load", fail)
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["reason"] for line in logged] == ["[Errno 5] Input/output error"]


# A reference that leads nowhere


@pytest.mark.parametrize(
    ("pointed", "reason"),
    [
        ("垃圾\n", "{root}/champion: names no version. Use: newstag models promote REF."),
        (b"\xff\0", "{root}/champion: names no version. Use: newstag models promote REF."),
        ("", "{root}/champion: names no version. Use: newstag models promote REF."),
        ("../../etc\n", "{root}/champion: names no version. Use: newstag models promote REF."),
        (
            f"{LATER}\n",
            f"{{root}}/{LATER}: no model version: manifest.json is missing. Train again.",
        ),
    ],
    ids=["garbage", "no text", "empty", "a path", "no version"],
)
def test_a_pointer_that_names_no_version_changes_nothing(
    followed: Followed, version: Path, logged: Lines, pointed: str | bytes, reason: str
) -> None:
    followed.point(pointed)
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["reason"] for line in logged] == [reason.format(root=version.parent)]


def test_a_missing_pointer_changes_nothing(
    followed: Followed, version: Path, logged: Lines, counted: Counted
) -> None:
    (version.parent / "champion").unlink()
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["reason"] for line in logged] == [
        f"{version.parent}: versions, but no champion. Use: newstag models promote {version.name}."
    ]
    assert counted(followed.metrics.page(), "newstag_model_refusals_total") == 1
    assert counted(followed.metrics.page(), "newstag_model_refusing_workers") == 1


def test_a_store_that_is_gone_changes_nothing_and_is_followed_when_it_is_back(
    followed: Followed, version: Path, copied: Copied, logged: Lines
) -> None:
    copied(version, LATER)
    root = version.parent
    away = root.rename(root.with_name("away"))
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["reason"] for line in logged] == [
        f"{root}: no model version yet. Run: newstag train."
    ]
    away.rename(root)
    assert followed.look() == version.name
    followed.promote(LATER)
    assert followed.look() == LATER


def test_a_store_that_cannot_be_read_is_complained_of_once(
    followed: Followed, version: Path, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Store) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Store, "versions", fail)
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["event"] for line in logged] == ["model refused"]


# What is followed


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting between two looks."""
    monkeypatch.setattr("serving.live._EVERY", 0)


async def follow(live: Live, until: Callable[[], bool]) -> None:
    following = asyncio.create_task(live.follow())
    while not until() and not following.done():
        await asyncio.sleep(0)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("model", ["champion", "latest", ""])
def test_a_reference_that_can_move_is_followed(version: Path, copied: Copied, model: str) -> None:
    followed = Followed(version.parent, model)
    followed.live.start()
    copied(version, LATER)
    followed.promote(LATER)
    asyncio.run(follow(followed.live, lambda: followed.live.current().folder.name == LATER))
    assert followed.live.current().manifest.version == LATER
    followed.live.stop()


@pytest.mark.parametrize("model", ["{id}", "{prefix}", "{folder}"])
def test_a_reference_that_cannot_move_is_not_followed(version: Path, model: str) -> None:
    model = model.format(id=version.name, prefix=version.name[:-1], folder=version)
    followed = Followed(version.parent, model)
    followed.live.start()
    asyncio.run(followed.live.follow())  # and ends
    assert followed.live.current().folder == version
    followed.live.stop()


@pytest.mark.usefixtures("_at_once")
def test_an_unforeseen_error_ends_no_following_and_tells_no_message(
    followed: Followed, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RuntimeError("绝密")

    monkeypatch.setattr(followed.live, "look", fail)
    asyncio.run(follow(followed.live, lambda: len(logged) == 3))
    assert {(line["event"], line["error"]) for line in logged} == {
        ("looking for a version failed", "RuntimeError")
    }
    assert "绝密" not in json.dumps(logged, ensure_ascii=False)


# The start


def test_a_version_that_is_loaded_already_is_not_loaded_again(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(Settings(store=version.parent))
    monkeypatch.setattr("serving.live._load", None)
    live = Followed(version.parent).live
    live.start(loaded)
    assert live.current() is loaded
    live.stop()


def test_without_a_fallback_a_damaged_champion_stops_the_start(version: Path) -> None:
    damage(version)
    live = Followed(version.parent).live
    with pytest.raises(VersionError) as caught:
        live.start()
    assert str(caught.value) == altered(version)
    with pytest.raises(Refused):
        live.current()


def test_without_a_fallback_an_empty_store_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        Followed(tmp_path).live.start()
    assert str(caught.value) == f"{tmp_path}: no model version yet. Run: newstag train."


def test_a_damaged_champion_gives_way_to_the_fallback(
    version: Path, copied: Copied, logged: Lines, counted: Counted, now: list[float]
) -> None:
    damage(copied(version, LATER))
    followed = Followed(version.parent, fallback=version)
    followed.promote(LATER)
    followed.live.start()
    assert {followed.look() for _ in range(3)} == {version.name}
    assert [line["reason"] for line in logged] == [altered(version.with_name(LATER))]
    assert counted(followed.metrics.page(), "newstag_model_refusals_total") == 1
    damage(version.with_name(LATER))  # the same bit again
    now[0] += 30
    assert followed.look() == LATER
    followed.live.stop()


def test_a_fallback_that_becomes_champion_is_not_swapped_for_itself(
    version: Path, copied: Copied, counted: Counted, tmp_path: Path
) -> None:
    damage(copied(version, LATER))
    (tmp_path / "link").symlink_to(version.parent)
    followed = Followed(tmp_path / "link", fallback=version.resolve())
    followed.promote(LATER)
    followed.live.start()
    before = followed.live.current()
    followed.promote(version.name)
    followed.look()
    assert followed.live.current() is before
    assert counted(followed.metrics.page(), "newstag_model_swaps_total") == 0
    followed.live.stop()


def test_a_damaged_fallback_stops_the_start_too(version: Path, copied: Copied) -> None:
    damage(copied(version, LATER))
    damage(version)
    followed = Followed(version.parent, fallback=version)
    followed.promote(LATER)
    with pytest.raises(VersionError) as caught:
        followed.live.start()
    assert str(caught.value) == altered(version)
