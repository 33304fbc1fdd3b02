"""Killing whoever watches an inbox, at every step that changes the disk, and once more later.

A process that is run for it alone does the killing: it has no threads, which no fork survives.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event

import serving.batch
from models.store import Store
from models.sums import sums_digest
from serving.current import Current
from serving.ears import Ears
from serving.inbox import Inbox
from serving.job import Job
from serving.outbox import opened
from serving.work import Work
from tests.models.killing import KILLED, die_before

MOST = 1000  # steps


def watched(folder: Path, version: Path) -> None:
    """Look until everything in ``folder/in`` is tagged; the time is not that of the world."""
    now = iter(count(0, 3))
    work = Work(model=str(version), sums=sums_digest(version))  # as after it was verified
    job = Job(inputs=[], work=work, jobs=1, block=1)
    ears = Ears(hear=len, worry=len)  # type: ignore[arg-type] # nobody listens
    with opened(folder / "out") as outbox:
        inbox = Inbox(
            folder=folder / "in",
            outbox=outbox,
            current=Current(job, lambda: str(version), len),  # type: ignore[arg-type] # as above
            ears=ears,
            stop=Event(),
            clock=lambda: float(next(now)),
        )
        inbox.look()
        inbox.look()


def dies(step: int | None, act: Callable[[], None]) -> bool:
    """Do it in a process that is killed before such a step, or never; whether it came to that."""
    child = os.fork()
    if child == 0:
        if step is not None:
            die_before(step)
        act()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, KILLED}, code
    return code == KILLED


def taken(folder: Path, into: dict[str, list[str]]) -> None:
    """A consumer takes away all results that are there."""
    out = folder / "out"
    for path in sorted(out.glob("[!.]*")) if out.exists() else ():
        into.setdefault(path.name, []).append(path.read_text("utf-8"))
        path.unlink()


def trial(folder: Path, given: Path, version: Path, steps: list[int]) -> tuple[bool, object]:
    """Whether the last step still met somebody, and the results that a consumer has got."""
    (folder / "in").mkdir(parents=True)
    (folder / "in" / given.name).write_bytes(given.read_bytes())
    got: dict[str, list[str]] = {}
    met = False
    for step in steps:
        met = dies(step, lambda: watched(folder, version))
        taken(folder, got)
    assert not dies(None, lambda: watched(folder, version))
    taken(folder, got)
    left = sorted(path.name for path in (folder / "out" / ".newstag").iterdir())
    return met, {"got": got, "left": left}


def trials(folder: Path, given: Path, version: Path) -> Iterator[object]:
    """After no kill, after one at each step, and after two at some steps."""
    yield trial(folder / "none", given, version, [])[1]
    for step in range(MOST):
        met, found = trial(folder / str(step), given, version, [step])
        yield found
        if not met:
            break
    draw = random.Random(7)  # noqa: S311 - steps, no secrets
    for number in range(6):
        steps = [draw.randrange(step), draw.randrange(step)]
        yield trial(folder / f"twice-{number}", given, version, steps)[1]


def main() -> None:
    store, folder, given = map(Path, sys.argv[1:])
    version = Store(store).resolve()
    vars(serving.batch)["_NOTE"] = 0.0  # every block is noted in the journal
    vars(os)["fsync"] = abs  # a process that is killed loses nothing of what it wrote
    warm = folder / "warm"
    (warm / "in").mkdir(parents=True)
    (warm / "in" / given.name).write_bytes(given.read_bytes())
    watched(warm, version)  # so that the model is loaded once for all
    print(json.dumps(list(trials(folder, given, version))))


if __name__ == "__main__":
    main()
