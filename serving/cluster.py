"""A cluster of Dask's, on which the parts of a job are done."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, cast

from labels.errors import InputError, NewstagError, StateError, UnreadableError, VersionError
from serving.folder import Finished
from serving.joined import moved
from serving.part_work import Task, do_part
from serving.parts import lines_before
from serving.shipping import Shipment, unpacked

_WAIT = 10  # seconds for a scheduler to answer, and for a first worker to be there
_RETRIES = 3
_WAVE = 3  # parts a thread that the scheduler knows of: one under way, others to follow it
_LOOK = 5.0  # seconds between two looks at how many workers there are
_NEEDS = "Install it: pip install 'newstag[dask]'"


def refuse_missing() -> None:
    """Raises:
    StateError: Dask or fsspec is not installed.
    """
    try:
        import distributed  # noqa: F401 - whether it is there
        import fsspec  # noqa: F401
    except ImportError as error:
        raise StateError("--dask", "needs newstag[dask]", _NEEDS) from error


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address, with a worker at least, all with this newstag.

    Raises:
        StateError: nobody answers, there is no worker, or one has another newstag.
    """
    import distributed
    from distributed.comm.addressing import resolve_address
    from distributed.comm.core import CommClosedError
    from distributed.versions import VersionMismatchWarning

    with _silence(), warnings.catch_warnings():
        # What has to be the same on all machines is newstag, which is looked at below.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        try:
            resolve_address(address)  # or a client of no such thing would linger
            client = cast("Any", distributed.Client)(address, timeout=_WAIT, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            what = f"no scheduler answers there ({_said(error)})"
            fix = "Give its address, for instance tcp://10.0.0.5:8786, and look whether it runs"
            raise StateError(address, what, fix) from error
        try:
            with client:
                _refuse_workers(client, address)
                yield client
        except CommClosedError as error:
            fix = "Start it again, and go on with --resume"
            raise StateError(address, "the scheduler is gone", fix) from error


@contextmanager
def _silence() -> Iterator[None]:
    """Dask tells of every worker that comes and goes; what matters of it is told by us."""
    names = ("distributed", "tornado", "asyncio")
    found = [n for n in logging.root.manager.loggerDict if n.split(".")[0] in names]
    before = {name: logging.getLogger(name).level for name in (*names, *found)}
    for name in before:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _refuse_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_WAIT)
    except TimeoutError as error:
        fix = f"Start one, for instance: dask worker {address} --nthreads 1"
        raise StateError(address, "its scheduler has no worker", fix) from error
    ours = version("newstag")
    for worker, theirs in sorted(client.run(_installed(), on_error="return").items()):
        if theirs != ours:
            has = f"newstag {theirs}" if isinstance(theirs, str) and theirs else "no newstag"
            fix = f"Install newstag {ours} there, and start it anew"
            raise StateError(worker, f"a worker with {has}", fix)


def _installed() -> Callable[[], str]:
    """What a worker can run without newstag: a function that travels as it is, without its name."""

    def installed() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("newstag")
        except PackageNotFoundError:
            return ""

    return installed


@contextmanager
def shipped(client: Any, shipment: Shipment) -> Iterator[None]:
    """Every worker has the versions once, those too that come later.

    Raises:
        VersionError: a worker cannot load one.
    """
    from distributed import WorkerPlugin

    class Versions(WorkerPlugin):
        """Within a function, as Dask is imported by nobody who does not ask for it."""

        def setup(self, worker: Any) -> None:
            shipment.unpack(Path(worker.local_directory))

        def teardown(self, worker: Any) -> None:
            import shutil

            shutil.rmtree(Path(worker.local_directory, shipment.name), ignore_errors=True)

    client.register_plugin(Versions(), name=shipment.name)
    try:
        yield
    finally:
        try:
            client.unregister_worker_plugin(shipment.name)
        except Exception:  # noqa: BLE001 - the scheduler is gone, and told of elsewhere
            logging.getLogger("newstag").debug("a version stays with the scheduler")


def _on_worker(task: Task, shipment: str) -> Finished | NewstagError:
    """A part, done by a worker. What no other attempt would mend comes as a value."""
    from distributed import get_worker

    scratch = Path(get_worker().local_directory)
    try:
        work = unpacked(task.work, scratch, shipment)
        return do_part(replace(task, work=work), scratch)
    except UnreadableError:
        raise
    except (VersionError, InputError) as error:
        return error


def finished(client: Any, tasks: Iterable[Task], shipment: str) -> Iterator[Finished]:
    """Every part when it is done, whichever comes first; a few for each thread are under way.

    Raises:
        InputError: a row of one cannot be read and the task is strict, or a file has changed.
        StateError: a part cannot be done, or the scheduler is gone.
    """
    import distributed

    waiting, under_way = iter(tasks), dict[str, Task]()
    queue = cast("Any", distributed.as_completed)(loop=client.loop)
    room = _Room(client)

    def submit() -> None:
        for task in islice(waiting, max(0, room.now() - len(under_way))):
            key = f"{shipment}-part-{task.part.number:05}"
            under_way[key] = task
            call = (_on_worker, task, shipment)
            queue.add(client.submit(*call, key=key, retries=_RETRIES, pure=False))

    submit()
    while under_way:
        future = next(queue)
        yield _result(under_way.pop(future.key), future)
        submit()


class _Room:
    """How many parts the scheduler may know of at once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._room = 0
        self._looked = 0.0

    def now(self) -> int:
        if time.monotonic() - self._looked > _LOOK or not self._room:
            self._room = max(_WAVE, _WAVE * sum(self._client.ncores().values()))
            self._looked = time.monotonic()
        return self._room


def _result(task: Task, future: Any) -> Finished:
    from distributed.comm.core import CommClosedError

    if future.status == "finished":
        found: Finished | NewstagError = future.result()
        if isinstance(found, InputError):
            raise moved(found, lines_before(task.part))
        if isinstance(found, NewstagError):
            raise found
        return found
    if future.status == "error":
        what = f"{task.part.name} cannot be done ({_said(future.exception())})"
        raise StateError(task.part.file.name, what, "Mend it, and go on with --resume")
    raise CommClosedError("a part was given up")  # told of with the address, above


def _said(error: Any) -> str:
    if type(error).__name__ == "KilledWorker":
        return "every worker that tried it died, for want of memory it may be"
    text = " ".join(str(error).split()) or "nothing more is known"
    return text if isinstance(error, NewstagError) else f"{type(error).__name__}: {text}"
