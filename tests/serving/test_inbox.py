from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labels.errors import InputError, StateError
from models.store import Store
from models.sums import sums_digest
from serving.current import Current
from serving.ears import Ears
from serving.guard import LostError
from serving.inbox import Inbox, watch
from serving.job import Job
from serving.outbox import opened
from serving.work import Work

Rows = list[dict[str, Any]]

ENDINGS = "Give it a name in .json, .jsonl, .csv (.gz) or .parquet."
REPORT = "Report it, with the file if you may."
AGAIN = "It is tried again."
BACK = "Bring it back, or end this and start it again."


class Desk:
    """An inbox under a clock that is turned by hand, and what it said."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.inbox, self.outbox = folder / "in", folder / "out"
        self.inbox.mkdir()
        self.store = Store(store)
        self.said: list[str] = []
        self.complained: list[str] = []
        self.stop = Event()
        self.now = 0.0
        self.block = 256 * 1024
        self._open = ExitStack()

    def start(self) -> None:
        """Also once more, as after an end."""
        self.end()
        self.stop.clear()
        outbox = self._open.enter_context(opened(self.outbox))
        version = self.store.resolve()
        work = Work(model=str(version), sums=sums_digest(version))
        job = Job(inputs=[], work=work, jobs=1, block=self.block)
        named = lambda: str(self.store.resolve())  # noqa: E731
        self.watcher = Inbox(
            folder=self.inbox,
            outbox=outbox,
            current=Current(job, named, self.complained.append, lambda: self.now),
            ears=Ears(hear=self.said.append, worry=self.complained.append),
            stop=self.stop,
            clock=lambda: self.now,
        )

    def end(self) -> None:
        self._open.close()

    def drop(self, name: str, content: Rows | bytes) -> Path:
        path = self.inbox / name
        if not isinstance(content, bytes):
            content = "".join(json.dumps(row) + "\n" for row in content).encode()
        path.write_bytes(content)
        return path

    def look(self, after: float = 0.0) -> None:
        self.now += after
        self.watcher.look()

    def wait(self) -> None:
        """Until what lies there stands still."""
        self.look()
        self.look(2.0)

    def results(self) -> list[str]:
        return sorted(path.name for path in self.outbox.glob("[!.]*"))

    def ids(self, name: str) -> list[str]:
        return [json.loads(line)["id"] for line in (self.outbox / name).read_text().splitlines()]

    def models(self, name: str) -> set[str]:
        lines = (self.outbox / name).read_text().splitlines()
        return {json.loads(line)["model"] for line in lines}


@pytest.fixture
def desk(tmp_path: Path, trained: Path) -> Iterator[Desk]:
    found = Desk(tmp_path, trained)
    found.start()
    yield found
    found.end()


@pytest.fixture
def moving(tmp_path: Path, version: Path) -> Iterator[Desk]:
    """A desk whose store can be changed."""
    found = Desk(tmp_path, version.parent)
    found.start()
    yield found
    found.end()


def test_a_file_is_tagged_once_it_stood_still_for_two_seconds(desk: Desk, rows: Rows) -> None:
    desk.drop("a.jsonl", rows[:2])
    desk.look()
    desk.look(1.9)
    assert desk.results() == []
    desk.look(0.1)
    assert desk.ids("a.jsonl.jsonl") == ["p1", "p2"]
    assert desk.said == ["a.jsonl: 2 tagged, 1 for review, 0.0 s"]
    desk.look(60)
    assert (len(desk.said), desk.complained) == (1, [])


def test_a_file_that_grows_is_waited_for(desk: Desk, rows: Rows) -> None:
    path = desk.drop("a.jsonl", rows[:1])
    for number in range(1, 4):
        desk.look(1.5)
        desk.drop("a.jsonl", rows[: number + 1])
        os.utime(path, ns=(number, number))
    desk.look(1.5)
    assert desk.results() == []
    desk.look(2.0)
    assert len(desk.ids("a.jsonl.jsonl")) == 4
    assert desk.results() == ["a.jsonl.jsonl"]


def test_names_that_say_unfinished_are_left_alone_until_they_are_renamed(
    desk: Desk, rows: Rows
) -> None:
    for name in (".a.jsonl", "_b.jsonl", "c.jsonl.part", "d.jsonl.tmp"):
        desk.drop(name, rows[:1])
    desk.wait()
    assert (desk.results(), desk.complained) == ([], [])
    (desk.inbox / "c.jsonl.part").rename(desk.inbox / "c.jsonl")
    desk.wait()
    assert desk.results() == ["c.jsonl.jsonl"]


def test_folders_and_pipes_are_left_alone_and_links_are_followed(
    desk: Desk, rows: Rows, tmp_path: Path
) -> None:
    (desk.inbox / "folder.json").mkdir()
    os.mkfifo(desk.inbox / "pipe.json")
    (desk.inbox / "nowhere.json").symlink_to("gone")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps(rows[0]) + "\n")
    (desk.inbox / "link.jsonl").symlink_to(elsewhere)
    desk.wait()
    assert desk.results() == ["link.jsonl.jsonl"]
    assert desk.complained == []


def test_another_ending_is_told_once(desk: Desk) -> None:
    path = desk.drop("read.me", b"hello")
    desk.wait()
    desk.look(60)
    assert desk.complained == [f"{path}: left alone, for its ending is none of ours. {ENDINGS}"]


def test_a_name_too_long_for_its_result_is_told_once(desk: Desk, rows: Rows) -> None:
    path = desk.drop("a" * 249 + ".jsonl", rows[:1])
    desk.wait()
    desk.look(60)
    what = "left alone, for its result would have too long a name"
    assert desk.complained == [f"{path}: {what}. Give it a shorter one."]


@pytest.mark.parametrize(
    "name", ["a b.jsonl", "新闻.jsonl", os.fsdecode(b"\xff\xfe.jsonl"), "[1].jsonl", "A.JSONL"]
)
def test_any_name_will_do_and_is_known_again(desk: Desk, rows: Rows, name: str) -> None:
    desk.drop(name, rows[:1])
    desk.wait()
    assert desk.results() == [f"{name}.jsonl"]
    (desk.outbox / f"{name}.jsonl").unlink()
    desk.start()
    desk.wait()
    assert (desk.results(), desk.complained) == ([], [])


def test_rejects_lie_beside_the_result(desk: Desk, rows: Rows) -> None:
    desk.drop("a.jsonl", [rows[0], {"id": "x"}])
    desk.wait()
    assert desk.results() == ["a.jsonl.jsonl", "a.jsonl.rejects.jsonl"]
    assert desk.said == ["a.jsonl: 1 tagged, 1 for review, 1 rejected, 0.0 s"]


def test_a_file_with_nothing_to_tag_gets_rejects_alone_and_is_told_once(desk: Desk) -> None:
    desk.drop("a.json", b"[")
    desk.wait()
    desk.look(60)
    assert desk.results() == ["a.json.rejects.jsonl"]
    assert len(desk.complained) == 1
    assert desk.complained[0].startswith("a.json: nothing could be tagged: not JSON")
    desk.start()
    desk.wait()
    assert len(desk.complained) == 1


def test_a_file_without_a_byte_gets_a_minute(desk: Desk, rows: Rows) -> None:
    desk.drop("slow.jsonl", b"")
    desk.drop("empty.jsonl", b"")
    desk.wait()
    desk.look(57)
    desk.drop("slow.jsonl", rows[:1])
    assert desk.results() == []
    desk.look(1)
    desk.wait()
    assert desk.results() == ["empty.jsonl.rejects.jsonl", "slow.jsonl.jsonl"]


def test_the_same_name_with_other_content_is_another_file(desk: Desk, rows: Rows) -> None:
    for number in range(3):
        desk.drop("a.jsonl", [rows[number]])
        os.utime(desk.inbox / "a.jsonl", ns=(number, number))
        desk.wait()
    assert [desk.ids(name) for name in desk.results()] == [["p2"], ["p3"], ["p1"]]
    assert desk.results() == ["a.jsonl.2.jsonl", "a.jsonl.3.jsonl", "a.jsonl.jsonl"]
    assert desk.said[1].endswith(", in a.jsonl.2.jsonl")
    desk.drop("a.jsonl", [rows[0]])  # the first one once more
    desk.wait()
    assert len(desk.said) == 3


def test_what_is_touched_or_comes_again_stays_done(desk: Desk, rows: Rows) -> None:
    path = desk.drop("a.jsonl", rows[:1])
    desk.wait()
    (desk.outbox / "a.jsonl.jsonl").unlink()  # a consumer took it
    os.utime(path, ns=(5, 5))
    desk.wait()
    path.unlink()
    desk.look()
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    assert (desk.results(), len(desk.said)) == ([], 1)


def test_after_a_restart_nothing_is_read_whose_size_and_time_are_known(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    read: list[Path] = []
    monkeypatch.setattr("serving.outbox.digest_of", lambda path, _: read.append(path))
    desk.start()
    desk.wait()
    desk.look(60)
    assert read == []


def test_a_result_of_somebody_else_is_not_overwritten(desk: Desk, rows: Rows) -> None:
    (desk.outbox / "a.jsonl.jsonl").write_text("mine")
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    assert (desk.outbox / "a.jsonl.jsonl").read_text() == "mine"
    assert desk.ids("a.jsonl.2.jsonl") == ["p1"]


def test_the_oldest_comes_first(desk: Desk, rows: Rows) -> None:
    for name, when in (("a.jsonl", 3), ("b.jsonl", 1), ("c.jsonl", 2)):
        os.utime(desk.drop(name, rows[:1]), ns=(when, when))
    desk.wait()
    assert [line[0] for line in desk.said] == ["b", "c", "a"]


def test_a_file_that_vanishes_before_its_turn_is_forgotten(desk: Desk, rows: Rows) -> None:
    path = desk.drop("a.jsonl", rows[:1])
    desk.look()
    path.unlink()
    desk.look(2)
    assert (desk.results(), desk.complained) == ([], [])


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, when a file is under way."""
    import serving.doing

    done = serving.doing.tag_block
    acts = [act]

    def tag_block(work: Any, block: Any) -> Any:
        while acts:
            acts.pop()()
        return done(work, block)

    monkeypatch.setattr("serving.doing.tag_block", tag_block)


def test_a_file_that_changes_while_it_is_tagged_is_tagged_when_it_stands_still(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("a.jsonl", rows[:2])
    meanwhile(monkeypatch, lambda: desk.drop("a.jsonl", rows[:3]))
    desk.wait()
    assert (desk.results(), desk.complained) == ([], [])
    desk.look()
    assert desk.results() == []
    desk.look(2)
    assert len(desk.ids("a.jsonl.jsonl")) == 3
    assert desk.results() == ["a.jsonl.jsonl"]


def test_a_file_that_vanishes_while_it_is_tagged_is_forgotten(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.drop("a.jsonl", rows[:2])
    meanwhile(monkeypatch, path.unlink)
    desk.wait()
    desk.wait()
    assert (desk.results(), desk.complained) == ([], [])


def test_what_was_read_of_a_file_that_changed_and_changed_back_is_not_used(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.drop("a.jsonl", rows[:3])
    meanwhile(monkeypatch, lambda: desk.drop("a.jsonl", rows[:1]))
    desk.wait()
    desk.drop("a.jsonl", rows[:3])
    os.utime(path, ns=(9, 9))
    desk.wait()
    assert desk.ids("a.jsonl.jsonl") == ["p1", "p2", "p3"]
    assert desk.results() == ["a.jsonl.jsonl"]


def test_what_cannot_be_read_is_told_once_and_tried_again_after_growing_pauses(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.stamp import digest_of

    path = desk.drop("a.jsonl", rows[:1])
    desk.drop("b.jsonl", rows[:1])
    tries: list[float] = []

    def refuse(given: Path, go_on: Callable[[], None]) -> str:
        if given.name != "a.jsonl":
            return digest_of(given, go_on)
        tries.append(desk.now)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serving.outbox.digest_of", refuse)
    desk.wait()
    for _ in range(400):
        desk.look(0.5)
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert desk.complained == [
        f"{path}: permission denied. Check it and its permissions. It is tried again."
    ]
    assert desk.results() == ["b.jsonl.jsonl"]
    monkeypatch.setattr("serving.outbox.digest_of", digest_of)
    desk.look(60)
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl"]


def test_a_full_disk_is_told_once_and_loses_nothing(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        desk.drop(name, rows[:2])
    with monkeypatch.context() as full:

        def refuse(_: int) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(os, "fsync", refuse)
        desk.wait()
        desk.look(10)
    assert len(desk.complained) == 1
    assert "No space left on device" in desk.complained[0]
    desk.look(60)
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl"]
    assert desk.ids("a.jsonl.jsonl") == ["p1", "p2"]


def test_a_fault_of_ours_is_told_and_stops_no_other_file(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.drop("a.jsonl", rows[:1])
    os.utime(path, ns=(1, 1))
    desk.drop("b.jsonl", rows[:1])

    def fail() -> None:
        raise RuntimeError("tired")

    meanwhile(monkeypatch, fail)
    desk.wait()
    assert desk.results() == ["b.jsonl.jsonl"]
    assert desk.complained == [f"{path}: cannot be tagged (RuntimeError: tired). {REPORT} {AGAIN}"]
    desk.look(1)
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl"]


def test_an_inbox_that_cannot_be_listed_is_told_once_and_looked_at_again(
    desk: Desk, rows: Rows
) -> None:
    away = desk.inbox.rename(desk.inbox.with_name("away"))
    for _ in range(10):
        desk.look(1)
    assert desk.complained == [
        f"{desk.inbox}: cannot be listed (No such file or directory). Check the folder. {AGAIN}"
    ]
    away.rename(desk.inbox)
    desk.drop("a.jsonl", rows[:1])
    desk.look(60)
    desk.look(2)
    assert desk.results() == ["a.jsonl.jsonl"]


def test_the_champion_is_followed_from_file_to_file(
    moving: Desk, rows: Rows, version: Path, copied: Callable[[Path, str], Path]
) -> None:
    other = copied(version, "20270101T000000Z-00000001").name
    moving.drop("a.jsonl", rows[:1])
    moving.wait()
    moving.store.promote(other, "why not")
    moving.drop("b.jsonl", rows[:1])
    moving.wait()
    assert moving.models("a.jsonl.jsonl") == {version.name}
    assert moving.models("b.jsonl.jsonl") == {other}


def test_a_version_that_is_refused_is_told_once_and_the_one_before_goes_on(
    moving: Desk, rows: Rows, version: Path, copied: Callable[[Path, str], Path]
) -> None:
    other = copied(version, "20270101T000000Z-00000001")
    moving.store.promote(other.name, "why not")
    whole = (other / "weights.npy").read_bytes()
    (other / "weights.npy").write_bytes(b"damaged")
    for name in ("a.jsonl", "b.jsonl"):
        moving.drop(name, rows[:1])
        moving.wait()
        moving.now += 31
        assert moving.models(f"{name}.jsonl") == {version.name}
    assert len(moving.complained) == 1
    assert other.name in moving.complained[0]
    (other / "weights.npy").write_bytes(whole)
    moving.drop("c.jsonl", rows[:1])
    moving.wait()
    assert moving.models("c.jsonl.jsonl") == {other.name}


def half_done(desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to end when the first block of a file is done."""
    desk.block = 1
    desk.start()
    desk.drop("a.json", json.dumps(rows[:6]).encode())
    with monkeypatch.context() as patch:
        meanwhile(patch, desk.stop.set)
        desk.wait()
    assert desk.results() == []


def count_blocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    import serving.doing

    done, found = serving.doing.tag_block, list[str]()

    def tag_block(work: Any, block: Any) -> Any:
        found.append(work.model)
        return done(work, block)

    monkeypatch.setattr("serving.doing.tag_block", tag_block)
    return found


def test_a_file_under_way_goes_on_after_a_restart_with_the_version_it_was_begun_with(
    moving: Desk,
    rows: Rows,
    version: Path,
    copied: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half_done(moving, rows, monkeypatch)
    moving.store.promote(copied(version, "20270101T000000Z-00000001").name, "why not")
    blocks = count_blocks(monkeypatch)
    moving.start()
    moving.wait()
    assert moving.models("a.json.jsonl") == {version.name}
    assert len(moving.ids("a.json.jsonl")) == 6
    assert blocks == [str(version)] * 5


def test_a_file_under_way_begins_anew_where_its_version_is_gone(
    moving: Desk,
    rows: Rows,
    version: Path,
    copied: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half_done(moving, rows, monkeypatch)
    other = copied(version, "20270101T000000Z-00000001")
    moving.store.promote(other.name, "why not")
    shutil.rmtree(version)
    blocks = count_blocks(monkeypatch)
    moving.start()
    moving.wait()
    assert moving.models("a.json.jsonl") == {other.name}
    assert len(moving.ids("a.json.jsonl")) == 6
    assert blocks == [str(other)] * 6


def test_a_file_under_way_that_is_another_after_the_restart_is_begun_anew(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_done(desk, rows, monkeypatch)
    desk.drop("a.json", json.dumps(rows[6:8]).encode())
    desk.start()
    desk.wait()
    assert len(desk.ids("a.json.jsonl")) == 2
    assert desk.results() == ["a.json.jsonl"]


def test_an_outbox_that_is_away_is_told_once_and_waited_for(desk: Desk, rows: Rows) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        desk.drop(name, rows[:1])
    away = desk.outbox.rename(desk.outbox.with_name("away"))
    desk.wait()
    desk.look(10)
    gone = "not there (No such file or directory)"
    assert desk.complained == [f"{desk.outbox}: {gone}. {BACK} {AGAIN}"]
    (desk.outbox / ".newstag").mkdir(parents=True)  # another one, as where a disk is not mounted
    desk.look(60)
    desk.look(60)
    assert desk.complained[1:] == [
        f"{desk.outbox}: not the folder that it was. {BACK} {AGAIN}",
    ]
    assert desk.results() == []
    shutil.rmtree(desk.outbox)
    away.rename(desk.outbox)
    desk.look(60)
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl"]


def test_that_nobody_hears_ends_nothing(desk: Desk, rows: Rows) -> None:
    def fail(_: str) -> None:
        raise OSError(28, "No space left on device")

    desk.watcher.ears = Ears(hear=fail, worry=fail)
    for name in ("a.jsonl", "b.jsonl", "c.txt"):
        desk.drop(name, rows[:1])
    desk.drop("d.json", b"[")
    desk.wait()
    desk.look(60)
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl", "d.json.rejects.jsonl"]


def full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_an_outbox_on_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StateError) as caught, opened(tmp_path / "out"):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'out'}: cannot be written (No space left on device). "
        "Give a folder that you may write, on a disk with space, with -o."
    )


def test_what_a_kill_left_is_finished_once_the_disk_has_space(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("a.jsonl", rows[:1])
    with monkeypatch.context() as killed:
        killed.setattr("serving.batch.put_in_place", lambda *_: desk.stop.set())
        killed.setattr("serving.outbox.put_in_place", full_disk_at_all)
        desk.wait()
    desk.start()
    with monkeypatch.context() as full:
        full.setattr("serving.outbox.put_in_place", full_disk_at_all)
        for _ in range(4):
            desk.look(1)
    assert desk.results() == []
    fix = "Check the folder of results, its permissions and the space on its disk."
    what = "cannot be tagged now (No space left on device)"
    assert desk.complained == [f"{desk.outbox}: {what}. {fix} {AGAIN}"]
    desk.look(60)
    assert desk.ids("a.jsonl.jsonl") == ["p1"]
    assert desk.said == ["a.jsonl: 1 tagged, 1 for review"]


def full_disk_at_all(*_: object) -> None:
    full_disk(0)


def test_a_large_file_is_hashed_in_pieces_that_can_be_stopped_between(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.stamp import digest_of

    monkeypatch.setattr("serving.stamp._PIECE", 1)
    pieces: list[int] = []

    def slowly(path: Path, go_on: Callable[[], None]) -> str:
        def third() -> None:
            pieces.append(0)
            if len(pieces) == 3:
                desk.stop.set()
            go_on()

        return digest_of(path, third)

    monkeypatch.setattr("serving.outbox.digest_of", slowly)
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    assert (len(pieces), desk.results(), desk.complained) == (3, [], [])


def test_a_file_is_hashed_once_also_where_it_is_gone_on_with(
    moving: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_done(moving, rows, monkeypatch)
    hashed: list[Path] = []
    monkeypatch.setattr("serving.fingerprint.sha256", hashed.append)
    moving.start()
    moving.drop("b.jsonl", rows[:1])
    moving.wait()
    assert moving.results() == ["a.json.jsonl", "b.jsonl.jsonl"]
    assert hashed == []


def test_a_file_that_changed_since_it_was_looked_at_is_not_hashed(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.stamp import Stamp, refuse_changed

    hashed: list[Path] = []
    monkeypatch.setattr("serving.outbox.digest_of", lambda path, _: hashed.append(path))

    def change(path: Path, stamp: Stamp) -> None:
        desk.drop("a.jsonl", rows[:2])
        refuse_changed(path, stamp)

    monkeypatch.setattr("serving.outbox.refuse_changed", change)
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    assert (hashed, desk.complained) == ([], [])


def test_a_file_whose_place_cannot_be_written_is_told_once_whatever_becomes_of_others(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.batch import tag

    def refuse(job: Job, *rest: Any) -> Any:
        if job.inputs[0].endswith("bad.jsonl"):
            raise StateError("there", "not a place", "Mend it")
        return tag(job, *rest)

    monkeypatch.setattr("serving.outbox.tag", refuse)
    path = desk.drop("bad.jsonl", rows[:1])
    desk.wait()
    for number in range(3):
        desk.drop(f"{number}.jsonl", rows[:1])
        desk.look(60)
        desk.look(2)
    told = f"there: not a place. Mend it. {AGAIN}"
    assert (len(desk.results()), desk.complained) == (3, [told])
    desk.drop("bad.jsonl", rows[:2])
    os.utime(path, ns=(7, 7))
    desk.wait()
    assert desk.complained == [told, told]


def in_its_place(version: Path, other: Path) -> None:
    shutil.rmtree(version)
    other.rename(version)


def test_a_version_in_the_place_of_another_is_seen_and_never_mixed_with_it(
    moving: Desk,
    rows: Rows,
    version: Path,
    copied: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = copied(version, "20270101T000000Z-00000001")
    moving.block = 1
    moving.start()
    moving.drop("a.json", json.dumps(rows[:1]).encode())
    moving.wait()
    with monkeypatch.context() as patch:
        meanwhile(patch, lambda: in_its_place(version, other))
        moving.drop("b.json", json.dumps(rows[:3]).encode())
        moving.wait()
    moving.drop("c.json", json.dumps(rows[:1]).encode())
    moving.wait()
    assert [moving.models(f"{name}.json.jsonl") for name in "abc"] == [
        {version.name},
        {version.name},
        {other.name},
    ]
    assert moving.complained == []


def test_a_version_that_is_replaced_before_it_is_loaded_is_refused(
    moving: Desk,
    rows: Rows,
    version: Path,
    copied: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = copied(version, "20270101T000000Z-00000001")
    moving.drop("a.json", json.dumps(rows[:1]).encode())
    with monkeypatch.context() as patch:
        meanwhile(patch, lambda: in_its_place(version, other))
        moving.wait()
    assert moving.results() == []
    what = "replaced while it was in use. Put a version beside others, not in their place."
    assert moving.complained == [f"{version}: {what} {AGAIN}"]
    moving.look(1)
    assert moving.models("a.json.jsonl") == {other.name}


@pytest.mark.parametrize("away", [True, False])
@pytest.mark.parametrize("restarted", [True, False])
def test_other_content_of_the_same_size_and_time_is_another_file(
    desk: Desk, rows: Rows, away: bool, restarted: bool
) -> None:
    path = desk.drop("a.jsonl", rows[:1])
    os.utime(path, ns=(5, 5))
    desk.wait()
    known = path.stat()
    if away:
        path.unlink()
        desk.look(1)
    if restarted:
        desk.start()
    path.write_bytes(b" " * known.st_size)
    os.utime(path, ns=(5, 5))  # as cp -p and rsync -t do
    desk.wait()
    assert desk.results() == ["a.jsonl.2.rejects.jsonl", "a.jsonl.jsonl"]


def test_the_pause_after_a_look_is_ten_times_as_long_as_looking_took_and_tagging_counts_not(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.wait()
    assert desk.watcher.pause == 0.5
    listed = Inbox._listed

    def slowly(inbox: Inbox) -> Any:
        desk.now += 3
        return listed(inbox)

    monkeypatch.setattr(Inbox, "_listed", slowly)
    meanwhile(monkeypatch, lambda: setattr(desk, "now", desk.now + 600))
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    assert desk.results() == ["a.jsonl.jsonl"]
    assert desk.watcher.pause == 30


def left(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.outbox / ".newstag").iterdir())


@pytest.mark.parametrize("restarted", [True, False])
def test_nothing_stays_of_a_file_under_way_that_is_gone(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    half_done(desk, rows, monkeypatch)
    assert "a.json.jsonl.journal.partial" in left(desk)
    desk.stop.clear()
    if restarted:
        desk.start()
    (desk.inbox / "a.json").unlink()
    desk.look()
    assert left(desk) == ["files.jsonl", "lock"]
    desk.drop("a.json", json.dumps(rows[:1]).encode())
    desk.wait()
    assert desk.results() == ["a.json.jsonl"]


def test_without_its_lock_a_watcher_ends_before_the_next_file(desk: Desk, rows: Rows) -> None:
    desk.drop("a.jsonl", rows[:1])
    shutil.rmtree(desk.outbox / ".newstag")
    with opened(desk.outbox), pytest.raises(LostError) as caught:
        desk.wait()
    assert str(caught.value) == (
        f"{desk.outbox / '.newstag'}: removed while it was in use. "
        "Start one watcher once all have ended."
    )
    assert desk.results() == []


def test_many_files_of_other_endings_are_told_in_one_line(desk: Desk) -> None:
    for number in range(7):
        desk.drop(f"{number}.txt", b"hello")
    told = (
        f"{desk.inbox}: 7 files are left alone, for their endings are none of ours "
        "(0.txt, 1.txt, 2.txt, 3.txt, 4.txt, …). "
        "Give them names in .json, .jsonl, .csv (.gz) or .parquet."
    )
    desk.wait()
    desk.start()
    desk.wait()
    assert desk.complained == [told, told]


def test_an_outbox_has_one_watcher(desk: Desk) -> None:
    with pytest.raises(StateError) as caught, opened(desk.outbox):
        pass
    told = "another watcher puts its results there. End it, or give another -o."
    assert str(caught.value) == f"{desk.outbox}: {told}"


def test_a_damaged_line_of_the_register_is_refused_and_one_cut_short_is_not(
    desk: Desk, rows: Rows
) -> None:
    desk.drop("a.jsonl", rows[:1])
    desk.wait()
    register = desk.outbox / ".newstag" / "files.jsonl"
    whole = register.read_bytes()
    register.write_bytes(whole + b'{"name": "b.js')
    desk.start()
    desk.drop("b.jsonl", rows[:1])
    desk.wait()
    assert desk.results() == ["a.jsonl.jsonl", "b.jsonl.jsonl"]
    register.write_bytes(register.read_bytes().replace(b'"number"', b'"nmber"', 1))
    with pytest.raises(StateError) as caught:
        desk.start()
    assert str(caught.value) == (
        f"{register}:2: a damaged line. Restore it, or remove it to have every file tagged once "
        "more."
    )


@pytest.mark.parametrize(
    ("inbox", "outbox", "message"),
    [
        ("gone", "out", "gone: no such folder. Make it, or give another one."),
        ("file", "out", "file: not a folder. Make it, or give another one."),
        ("in", "file", "file: not a folder. Give a folder for the results with -o."),
        ("in", "in", "in: the inbox itself, or within it. Give a folder elsewhere with -o."),
        ("in", "in/a", "in/a: the inbox itself, or within it. Give a folder elsewhere with -o."),
    ],
)
def test_what_cannot_be_watched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: str, outbox: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("file").touch()
    current = Current(Job(inputs=[], work=Work(model="")), str, print)
    with pytest.raises((InputError, StateError)) as caught:
        watch(Path(inbox), Path(outbox), current, Ears(hear=print, worry=print), Event())
    assert str(caught.value) == message


def test_a_kill_at_any_step_gives_every_result_once(
    tmp_path: Path, trained: Path, rows: Rows
) -> None:
    mixed, nothing = tmp_path / "mixed.json", tmp_path / "nothing.json"
    mixed.write_text(json.dumps([rows[0], {"id": "x"}, rows[1]]))
    nothing.write_text('[{"id": "x"}]')
    both = [_killed(trained, tmp_path / given.stem, given) for given in (mixed, nothing)]
    results = ["mixed.json.jsonl", "mixed.json.rejects.jsonl"], ["nothing.json.rejects.jsonl"]
    for process, names in zip(both, results, strict=True):
        told, faults = process.communicate()
        assert faults == ""
        found = [_without_folder(one) for one in json.loads(told)]
        assert len(found) > 50
        assert sorted(found[0]["got"]) == names
        assert [one for one in found if one != found[0]] == []


def _killed(store: Path, folder: Path, given: Path) -> subprocess.Popen[str]:
    """Trials with a file, which go on beside others."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.serving.killed_inbox", store, folder, given],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _without_folder(found: dict[str, Any]) -> dict[str, Any]:
    """Rejects name their file, which lies in a folder of each trial's own."""
    assert found["left"] == ["files.jsonl", "lock"]
    text = {name: [_rows(one) for one in all_of] for name, all_of in found["got"].items()}
    assert all(len(all_of) == 1 for all_of in text.values()), text
    return {"got": text}


def _rows(text: str) -> Rows:
    return [{**json.loads(line), "source": ""} for line in text.splitlines()]
