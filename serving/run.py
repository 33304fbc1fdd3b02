"""Running the service: a port, and as many worker processes as asked for."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from math import ceil
from time import monotonic
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from labels.errors import StateError
from serving.connection import Connection
from serving.edge import Edge
from serving.keys import read_keyring
from serving.live import Loaded, load
from serving.logs import CONFIG, noted
from serving.metrics import FOLDER
from serving.settings import Settings

_BACKLOG = 256  # connections that wait; as often asyncio complains where no file can be opened
_AGAIN = 1.0  # seconds; a second SIGTERM before is the first one, told to parent and workers
_KEEP_ALIVE = 75  # seconds: longer than the minute that proxies keep an idle connection
_LONGEST_HEAD = 64 * 1024  # bytes of a request's first line and headers, as they come
_LAST_ANSWERS = 0.2  # seconds for connections that were taken at the very end

_log = logging.getLogger("newstag")


class Config(uvicorn.Config):
    """uvicorn's settings, with ours beside them; worker processes get both."""

    def __init__(self, settings: Settings, workers: int) -> None:
        super().__init__(
            "newstag",  # the server puts the app in its place
            workers=workers,
            log_config=CONFIG,
            http=Connection,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            backlog=_BACKLOG,
            ws="none",
            proxy_headers=False,
            # Whoever does not read an answer must not keep the process from ending.
            timeout_graceful_shutdown=ceil(settings.deadline) + 1,
        )
        self.settings = settings


class Server(uvicorn.Server):
    """uvicorn's server of one worker, which goes on for a while when it is told to stop.

    On SIGTERM /readyz says no, and every answer closes its connection; requests that arrive are
    answered until ``drain`` seconds have passed. Then no connection is taken any more, and what
    is in flight is finished. Ctrl-C, or a second SIGTERM, leaves the waiting out.
    """

    def __init__(self, config: Config, loaded: Loaded | None = None) -> None:
        super().__init__(config)
        self._settings = config.settings
        self._given = loaded
        self._edge: Edge | None = None
        self._told: float | None = None
        self._said = False

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Make the app in the process that runs it, and serve."""
        from serving.app import create_app

        self._edge = create_app(self._settings, self._given)
        self.config.app = self._edge
        super().run(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain first, where that is asked for and has not begun."""
        if sig == signal.SIGTERM and self._told is not None and monotonic() < self._told + _AGAIN:
            return
        drains = sig == signal.SIGTERM and self.started and self._settings.drain > 0
        if not drains or self._told is not None or self._edge is None:
            if self._edge is not None:
                self._edge.service.live.ending = True
            super().handle_exit(sig, frame)
            return
        self._told = monotonic()
        self._edge.service.live.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Say that the draining has begun, and stop when it is over."""
        if self._told is not None and not self._said:
            # Not where the signal is handled: that may interrupt somebody who writes the log.
            self._said = True
            _log.info("draining", extra=noted(seconds=self._settings.drain))
        if self._told is not None and monotonic() >= self._told + self._settings.drain:
            super().handle_exit(signal.SIGTERM, None)
        parent = multiprocessing.parent_process()
        if self._told is None and parent is not None and not parent.is_alive():
            # Nobody would ever tell this worker to stop, and it would keep the port.
            self.handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the connections that wait already, and no more; then finish."""
        if not self.force_exit:
            await self._take_the_last(sockets or [])
        await super().shutdown(sockets)
        # uvicorn would raise the signal once more, and a service that ended as it was told to
        # would look like one that was killed.
        if not self.force_exit:
            self._captured_signals.clear()
        _log.info("stopped")

    async def _take_the_last(self, sockets: Sequence[socket.socket]) -> None:
        """Closing a listening socket resets the connections that nobody has accepted yet."""
        taken = [connection for listening in sockets for connection in _waiting(listening)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in taken:
            await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(_LAST_ANSWERS)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(  # type: ignore[call-arg] # as uvicorn itself makes it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class Worker(multiprocess.Process):
    """uvicorn's worker process, with our server in it."""

    config: Config

    @property
    def server(self) -> Server:
        """The server, made in the process that runs it."""
        if not isinstance(self._server, Server):
            self._server = Server(self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """uvicorn's parent of workers, which keeps what a worker cannot know that is started again.

    Once there was a file of keys the service stays closed, whatever becomes of the file.
    """

    config: Config

    def keep_subprocess_alive(self) -> None:
        """Look whether there are keys by now, then start workers again that have ended."""
        settings = self.config.settings
        if not settings.closed and settings.keys.exists():
            self.config.settings = replace(settings, closed=True)
        for worker in self.processes:
            if worker.exitcode is not None:
                ended = noted(process=worker.pid, code=worker.exitcode)
                _log.error("a worker ended; another one takes its place", extra=ended)
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        """Tell every worker to stop, and let go of the port.

        Otherwise connections would be taken that nobody answers, for as long as a worker drains.
        """
        for listening in self.sockets:
            listening.close()
        super().terminate_all()


def _waiting(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that the kernel has made and nobody has accepted."""
    with suppress(OSError):  # none waits any more, or no file can be opened
        while True:
            yield listening.accept()[0]


def run(settings: Settings, host: str, port: int, workers: int, *, open_to_all: bool) -> None:
    """Serve until told to stop.

    Without API keys only this machine is served, unless it is ``open_to_all``.

    Raises:
        StateError: the address cannot be bound, there is no model, or no key for an address that
            others can reach.
        VersionError: the model is refused.
    """
    closed = read_keyring(settings.keys) is not None
    if not (closed or open_to_all or _is_loopback(host)):
        what = "no API keys, and others could reach this address"
        fix = "Make a key: newstag keys add NAME --scope predict; or give --without-keys"
        raise StateError(host, what, fix)
    _open_files()
    loaded = load(settings)
    settings = replace(settings, fallback=loaded.folder, closed=closed)
    listening = _bind(host, port)
    config = Config(settings, workers)
    _log.info("serving", extra=noted(**_described(listening, loaded, workers, closed=closed)))
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a person ends it
        if workers == 1:
            Server(config, loaded).run([listening])
        else:
            _run_workers(config, listening)


def _run_workers(config: Config, listening: socket.socket) -> None:
    # There is no other way to hand it a kind of worker.
    multiprocess.Process = Worker  # type: ignore[misc]
    workers = Workers(config, [listening])
    with _shared_counts():
        workers.run()
    if any(one.exitcode == STARTUP_FAILURE for one in workers.processes):
        raise StateError("newstag serve", "a worker could not start", "See its log lines above")


def _described(
    listening: socket.socket, loaded: Loaded, workers: int, *, closed: bool
) -> dict[str, object]:
    host, port = listening.getsockname()[:2]
    return {
        "url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
        "model": loaded.manifest.version,
        "workers": workers,
        "keys": "required" if closed else "none: whoever reaches this address may ask",
    }


def _open_files() -> None:
    """Allow as many open files, and so connections, as the system lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems say "unlimited" and mean less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; a name counts as far as it is localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    """Listen already, so that a taken port is told before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not see that it is and leaves Nagle's delay of 40 ms on.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, TypeError) as error:  # the latter for a name that has no form in ASCII
        listening.close()
        reason = str(getattr(error, "strerror", "not a name"))
        reason = reason.split(" (", maxsplit=1)[0]  # without the address, told already
        what = f"cannot be bound ({reason})"
        raise StateError(f"{host}:{port}", what, "Choose another --host or --port") from error
    listening.setblocking(False)
    return listening


@contextmanager
def _shared_counts() -> Iterator[None]:
    """A folder where workers keep their counts, so that each can show those of all."""
    with tempfile.TemporaryDirectory(prefix="newstag-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]
