from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labels.blocks import Block, read_blocks
from labels.errors import InputError, StateError, VersionError
from serving.spread import spread
from serving.work import Work

Marked = list[tuple[int, Block]]


@pytest.fixture
def blocks(rows: list[dict[str, object]], tmp_path: Path) -> Marked:
    """Twelve blocks of a file, numbered."""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return list(enumerate(read_blocks(str(path), size=600)))


def test_results_come_in_the_order_of_their_blocks(work: Work, blocks: Marked) -> None:
    alone = list(spread(work, blocks, 1))
    both = list(spread(work, blocks, 2))
    assert [mark for mark, _ in both] == [mark for mark, _ in blocks]
    assert [done.streams for _, done in both] == [done.streams for _, done in alone]
    assert len(both) > 8


def test_blocks_are_not_read_far_ahead_of_results_that_nobody_takes(
    work: Work, blocks: Marked
) -> None:
    taken: list[int] = []

    def many() -> Iterator[tuple[int, Block]]:
        for at in range(200):
            taken.append(at)
            yield at, blocks[at % len(blocks)][1]

    results = spread(work, many(), 2)
    found = [next(results)]
    time.sleep(1)
    assert len(taken) <= 33
    found += results
    assert [mark for mark, _ in found] == list(range(200))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_of_the_input_comes_after_what_was_read_before_it(
    work: Work, blocks: Marked, jobs: int
) -> None:
    def failing() -> Iterator[tuple[int, Block]]:
        yield from blocks[:3]
        raise InputError("in.jsonl", "gone", "Bring it back")

    results = spread(work, failing(), jobs)
    assert [next(results)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match=r"^in\.jsonl: gone\. Bring it back\.$"):
        next(results)


def test_a_damaged_version_is_told_from_another_process(version: Path, blocks: Marked) -> None:
    (version / "scheme.toml").unlink()
    with pytest.raises(VersionError) as refused:
        list(spread(Work(model=str(version)), blocks, 2))
    assert refused.value.what == "a missing file"


def test_a_process_that_is_killed_is_told(work: Work, blocks: Marked) -> None:
    def kill_one_at_work() -> None:
        for number, _ in enumerate(spread(work, blocks * 200, 2)):
            if number == 50:
                workers(os.getpid())[0].kill()

    with pytest.raises(StateError) as told:
        kill_one_at_work()
    assert str(told.value) == (
        "newstag tag: one of its processes ended by itself {SIGKILL(-9)}. "
        "SIGKILL is a lack of memory, as a rule: give fewer --jobs."
    )


def test_processes_end_with_the_one_that_began_them(
    trained: Path, rows: list[dict[str, object]], tmp_path: Path
) -> None:
    source = tmp_path / "in.jsonl"
    text = "".join(
        json.dumps({**row, "id": f"{row['id']}-{n}"}) + "\n" for n in range(2000) for row in rows
    )
    source.write_text(text, "utf-8")
    newstag = Path(sys.executable).with_name("newstag")
    asked = ("-o", tmp_path / "out.jsonl", "--jobs", "2", "--quiet", "--store", trained)
    run = subprocess.Popen([newstag, "tag", source, *asked])
    deadline = time.monotonic() + 30
    while len(children := workers(run.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    journal = tmp_path / "out.jsonl.journal.partial"
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.kill()
    run.wait()
    deadline = time.monotonic() + 10
    while any(works(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(children) == 2
    assert not any(works(child) for child in children)


def workers(parent: int) -> list[psutil.Process]:
    """Those that a process has begun to tag with."""
    children = psutil.Process(parent).children()
    return [one for one in children if "LokyProcess" in " ".join(one.cmdline())]


def works(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
