"""A cluster of Dask's, on which the parts of a job are done."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, cast

from labels.errors import InputError, NewstagError, StateError, UnreadableError, VersionError
from serving.answering import refuse_other_servers, refuse_workers, said, unlike
from serving.folder import AnotherRunError, Finished
from serving.joined import in_file
from serving.part_work import Task, do_part
from serving.shipping import Shipment, unpacked

_WAIT = 10  # seconds for a scheduler to answer, and for a first worker to be there
_SHIP = 300.0  # seconds for the versions to be with all workers
_RETRIES = 3
_WAVE = 3  # parts a thread that the scheduler knows of: one under way, others to follow it
_LOOK = 5.0  # seconds between two looks at how many workers there are
_POLL = 0.05  # seconds between two looks at what is done
_AGAIN = {"lost", "pending"}  # of a part whose word was lost with its worker: it is done again
_log = logging.getLogger("newstag")
_NEEDS = "Install it: pip install 'newstag[dask]'"


def refuse_missing() -> None:
    """Raises:
    StateError: Dask or fsspec is not installed.
    """
    try:
        import distributed  # noqa: F401 - whether it is there
        import fsspec  # noqa: F401 - as above
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
            _refuse_without_keys(address)  # or a client that fails half-way would linger
            refuse_other_servers(resolve_address(address), _WAIT)
            client = cast("Any", distributed.Client)(address, timeout=_WAIT, set_as_default=False)
        except Exception as error:  # of any kind, by what the address is taken for
            what = f"no scheduler answers there ({said(error)})"
            fix = "Give its address, for instance tcp://10.0.0.5:8786, and look whether it runs"
            raise StateError(address, what, fix) from error
        try:
            with client:
                refuse_workers(client, address, _WAIT)
                yield client
        except CommClosedError as error:
            fix = "Start it again, and go on with --resume"
            raise StateError(address, "the scheduler is gone", fix) from error


def _refuse_without_keys(address: str) -> None:
    """Raises:
    ValueError: the address asks for TLS, and nobody has said with which keys.
    """
    from distributed.security import Security

    keys: Any = Security().get_connection_args("client")["ssl_context"]  # type: ignore[no-untyped-call]
    if address.startswith("tls://") and keys is None:
        raise ValueError("TLS is not configured: see distributed.comm.tls of Dask")


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


@contextmanager
def shipped(client: Any, shipment: Shipment) -> Iterator[None]:
    """Every worker has the versions once, those too that come later.

    Raises:
        VersionError: a worker cannot load one.
        StateError: a worker takes none.
    """
    from distributed import WorkerPlugin
    from distributed.comm.core import CommClosedError

    class Versions(WorkerPlugin):
        """Within a function, as Dask is imported by nobody who does not ask for it."""

        def setup(self, worker: Any) -> None:
            shipment.unpack(Path(worker.local_directory))

        def teardown(self, worker: Any) -> None:
            import shutil

            shutil.rmtree(Path(worker.local_directory, shipment.name), ignore_errors=True)

    def bounded(call: Callable[[], Any], seconds: float) -> None:
        async def wait() -> None:
            await asyncio.wait_for(call(), seconds)

        client.sync(wait)

    try:
        try:
            bounded(lambda: client.register_plugin(Versions(), name=shipment.name), _SHIP)
        except TimeoutError as error:
            fix = "Look which one hangs, and end it or start it anew"
            raise StateError("--dask", "a worker does not take the version", fix) from error
        except CommClosedError:
            raise
        except OSError as error:
            what = f"a worker cannot take the version ({said(error)})"
            raise StateError("--dask", what, "See whether all are well, and run again") from error
        yield
    finally:
        try:
            bounded(lambda: client.unregister_worker_plugin(shipment.name), _WAIT)
        except Exception:  # noqa: BLE001 - the scheduler is gone, and told of elsewhere
            _log.debug("a version stays with the scheduler")


def _on_worker(task: Task, shipment: str, newstag: str) -> Finished | NewstagError:
    """A part, done by a worker. What no other attempt would mend comes as a value.

    ``newstag`` is that of the client: a worker may have come when all others had been asked.
    """
    from distributed import get_worker

    worker = get_worker()
    theirs = version("newstag")
    if theirs != newstag:
        return unlike(worker.address, theirs, newstag)
    scratch = Path(worker.local_directory)
    try:
        work = unpacked(task.work, scratch, shipment)
        return do_part(replace(task, work=work), scratch)
    except UnreadableError:
        raise
    except AnotherRunError as error:
        return StateError(f"{worker.address}: {error.where}", error.what, error.fix)
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
    done = cast("Any", distributed.as_completed)(loop=client.loop)
    room, newstag = _Room(client), version("newstag")

    def submit() -> None:
        for task in islice(waiting, max(0, room.now() - len(under_way))):
            key = f"{shipment}-part-{task.part.number:05}"
            under_way[key] = task
            call = (_on_worker, task, shipment, newstag)
            done.add(client.submit(*call, key=key, retries=_RETRIES, pure=False))

    submit()
    while under_way:
        future = _next(done, room)
        if future.status in _AGAIN:
            done.add(future)
            continue
        yield _result(under_way.pop(future.key), future)
        submit()


def _next(done: Any, room: _Room) -> Any:
    """The part that is done next; meanwhile it is seen to that somebody is at work."""
    while not (done.has_ready() or done.is_empty()):
        room.now()
        time.sleep(_POLL)
    return next(done)


class _Room:
    """How many parts the scheduler may know of at once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._room = _WAVE
        self._looked = -math.inf
        self._alone = False

    def now(self) -> int:
        if time.monotonic() - self._looked >= _LOOK:
            with suppress(OSError):  # the scheduler is gone, as its parts will tell
                self._look()
            self._looked = time.monotonic()
        return self._room

    def _look(self) -> None:
        threads = sum(self._client.ncores().values())
        if not threads and not self._alone:
            _log.warning("no worker is left: waiting for one")
        self._alone = not threads
        self._room = max(_WAVE, _WAVE * threads)


def _result(task: Task, future: Any) -> Finished:
    from distributed.comm.core import CommClosedError

    if future.status == "finished":
        found: Finished | NewstagError = future.result()
        if isinstance(found, InputError):
            raise in_file(found, task.part)
        if isinstance(found, NewstagError):
            raise found
        return found
    if future.status == "error":
        what = f"{task.part.name} cannot be done ({said(future.exception())})"
        raise StateError(task.part.file.name, what, "Mend it, and go on with --resume")
    raise CommClosedError("a part was given up")  # told of with the address, above
