"""Spreading: blocks go to all cores, what came of them comes back in their order."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

from labels.blocks import Block
from labels.errors import StateError
from serving.work import Done, Work

_LOOK = 1.0  # seconds between two looks of a process whether the one that began it lives

_Mark = TypeVar("_Mark")


def spread(
    work: Work, blocks: Iterable[tuple[_Mark, Block]], jobs: int
) -> Generator[tuple[_Mark, Done]]:
    """What comes of each block, in order, beside the mark that it came with.

    With one job everything is done here; with more, in so many processes. No more than a few
    blocks a process are under way at once.

    Raises:
        StateError: a process ended on its own.
        VersionError: a version cannot be loaded.
    """
    if jobs > 1:
        yield from _in_processes(work, blocks, jobs)
        return
    from serving.doing import tag_block

    for mark, block in blocks:
        yield mark, tag_block(work, block)


def _in_processes(
    work: Work, blocks: Iterable[tuple[_Mark, Block]], jobs: int
) -> Generator[tuple[_Mark, Done]]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    marks: deque[_Mark] = deque()
    faults: list[Exception] = []

    def calls() -> Iterator[Any]:
        try:
            for mark, block in blocks:
                marks.append(mark)
                yield delayed(_apart)(os.getpid(), work, block)
        except Exception as error:  # noqa: BLE001 - raised below: here is a thread of joblib's
            faults.append(error)

    run = Parallel(
        jobs, return_as="generator", batch_size=1, pre_dispatch=f"2*{jobs}", max_nbytes=None
    )
    results = run(calls())
    try:
        for done in results:
            yield marks.popleft(), done
    except TerminatedWorkerError as error:
        what = "one of its processes was killed, or had no memory left"
        raise StateError("newstag tag", what, "Give fewer --jobs") from error
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib warns of work that is broken off on purpose
            results.close()
    if faults:
        raise faults[0]


def _apart(parent: int, work: Work, block: Block) -> Done:
    """In a process of its own."""
    from serving.doing import tag_block

    _end_with(parent)
    return tag_block(work, block)


@cache
def _end_with(parent: int) -> None:
    """A process whose parent was killed would wait for work for five minutes, and hold memory."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
