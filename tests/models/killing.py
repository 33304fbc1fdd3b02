"""Killing whoever changes a store, at every step that changes the disk.

A process that is run for it alone does the killing: it has no threads, which no fork survives.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import models.adopting
from models.golden import write_golden
from models.manifest import read_manifest
from models.store import Store
from models.sums import check_sums
from models.version import load_predictor, write_model

SAVED = "20260303T000000Z-00000009"

# What changes a disk: events that the interpreter tells before, and calls that it has none for.
# Between two of them nothing changes, so that a kill there is as one before the second.
EVENTS = {"chmod", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate"}
CALLS = {"copy_file_range", "sendfile", "tofile", "truncate", "write", "writelines"}
KILLED = 9


def steps_of(store: Store, verb: str, killed: Path, whole: Path | None = None) -> list[Store]:
    """The stores that a kill before each step leaves, the last one with everything done.

    ``whole`` is a version to save again, as ``SAVED``, or to adopt or restore.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__, verb, store.root, killed, whole or ""],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [Store(killed / f"{number:03}") for number in range(json.loads(done.stdout) + 1)]


def kill_at_every_step(source: Path, killed: Path, act: Callable[[Store], object]) -> int:
    """Do it to copies of a store, and die before one step more each time; how often it died."""
    killed.mkdir()  # or a store that is not there yet would have one step less from then on
    for number in range(1000):
        root = killed / f"{number:03}"
        if source.exists():
            shutil.copytree(source, root)
        child = os.fork()
        if child == 0:
            die_before(number)
            act(Store(root))
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != KILLED:
            assert code == 0
            return number
    raise AssertionError("it comes to no end")


def die_before(step: int) -> None:
    """End this process before such a step; what it would clean up in a finally it does not."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(KILLED)

    def told(event: str, arguments: tuple[Any, ...]) -> None:
        made = event == "open" and arguments[2] & (os.O_CREAT | os.O_TRUNC)
        if made or event.removeprefix("os.") in EVENTS:
            count()

    def called(_frame: FrameType, event: str, what: object) -> None:
        if event == "c_call" and getattr(what, "__name__", "") in CALLS:
            count()

    sys.addaudithook(told)
    sys.setprofile(called)


def saving(whole: Path) -> Callable[[Store], object]:
    """Save the model of a version once more, file for file."""
    predictor, manifest = load_predictor(whole), read_manifest(whole)

    def write(folder: Path) -> None:
        write_model(folder, predictor.model)
        shutil.copyfile(whole / "report.json", folder / "report.json")
        replace(manifest, version=SAVED).write(folder)
        write_golden(folder, predictor)

    return lambda store: store.save(SAVED, write)


def main() -> None:
    verb, source, killed, whole = sys.argv[1], *map(Path, sys.argv[2:])
    acts: dict[str, Callable[[Store], object]] = {
        "adopt": lambda store: store.adopt(whole),
        "mend": Store.mend,
        "promote": lambda store: store.promote("20260102", "x"),
        "prune": lambda store: store.prune(1),
        "restore": lambda store: store.restore(whole),
        "rollback": lambda store: store.rollback("x"),
    }
    act = saving(whole) if verb == "save" else acts[verb]
    vars(models.adopting)["load_predictor"] = check_sums  # golden texts take their time
    print(json.dumps(kill_at_every_step(source, killed, act)))


if __name__ == "__main__":
    main()
