"""Spreading: blocks go to all cores, what came of them comes back in their order."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from labels.blocks import Block
from labels.errors import StateError
from serving.work import Done, Work

_MOST = 16  # blocks a process whose results nobody has taken yet
_LOOK = 1.0  # seconds between two looks of a process whether the one that began it lives

_Mark = TypeVar("_Mark")


def spread(
    work: Work, blocks: Iterable[tuple[_Mark, Block]], jobs: int
) -> Generator[tuple[_Mark, Done]]:
    """What comes of each block, in order, beside the mark that it came with.

    With one job everything is done here; with more, in so many processes. Only so many blocks
    are read ahead of the results that are taken.

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
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    queue = _Queue(work, blocks, _MOST * jobs)
    try:
        while not queue.is_read:
            yield from _round(queue, jobs)
    except TerminatedWorkerError as error:
        codes = re.search(r"\{.*\}", str(error))
        what = f"one of its processes ended by itself {codes[0] if codes else ''}".rstrip()
        fix = "SIGKILL is a lack of memory, as a rule: give fewer --jobs"
        raise StateError("newstag tag", what, fix) from error
    if queue.fault:
        raise queue.fault


def _round(queue: _Queue[_Mark], jobs: int) -> Generator[tuple[_Mark, Done]]:
    """Until the input is read, or whoever takes the results lags behind."""
    from joblib import Parallel, parallel_config

    handing = {"batch_size": 1, "pre_dispatch": f"2*{jobs}", "max_nbytes": None}
    with parallel_config("loky", initializer=_begin, initargs=(os.getpid(),)):
        run = Parallel(jobs, return_as="generator", **handing)
    results = run(queue.calls())
    try:
        for done in results:
            yield queue.marks.popleft(), done
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib warns of work that is broken off on purpose
            results.close()


class _Queue(Generic[_Mark]):
    """Blocks on their way to other processes, and the marks of those whose results are due.

    joblib hands out the next block when one is done, whether or not its result was taken: where
    an output is slower than the work, memory would fill with results. It stops at ``most``.
    """

    def __init__(self, work: Work, blocks: Iterable[tuple[_Mark, Block]], most: int) -> None:
        self.marks: deque[_Mark] = deque()
        self.is_read = False
        self.fault: Exception | None = None
        self._work = work
        self._blocks = iter(blocks)
        self._most = most

    def calls(self) -> Iterator[Any]:
        """What other processes are to call. It is asked for more in a thread of joblib's."""
        from joblib import delayed

        while len(self.marks) < self._most:
            try:
                mark, block = next(self._blocks)
            except StopIteration:
                self.is_read = True
                return
            except Exception as error:  # noqa: BLE001 - raised where the results are taken
                self.is_read, self.fault = True, error
                return
            self.marks.append(mark)
            yield delayed(_apart)(self._work, block)


def _apart(work: Work, block: Block) -> Done:
    """In a process of its own."""
    from serving.doing import tag_block

    return tag_block(work, block)


def _begin(parent: int) -> None:
    """What a process does first: it ends with its parent, and leaves Ctrl-C to it.

    When its parent is killed it would wait for work for five minutes, and hold memory.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
