"""The server of one worker: uvicorn's, which ends in its own way."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import ceil
from multiprocessing.process import BaseProcess
from time import monotonic
from types import FrameType

import uvicorn

from serving.connection import Connection
from serving.edge import Edge
from serving.live import Loaded
from serving.logs import CONFIG, noted
from serving.settings import Settings

BACKLOG = 256  # connections that wait; as often asyncio complains where no file can be opened
_AGAIN = 1.0  # seconds; a second SIGTERM before is the first one, told to parent and workers
_WATCH = 0.5  # seconds between two looks at the parent
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
            backlog=BACKLOG,
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
        self._watching: asyncio.Task[None] | None = None

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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Get ready; a worker watches its parent from now on."""
        if (parent := multiprocessing.parent_process()) is not None:
            self._watching = asyncio.create_task(self._watch(parent))
        await super().startup(sockets)

    async def _watch(self, parent: BaseProcess) -> None:
        """Stop when the parent is no more: nobody else would ever tell, and the port be kept."""
        while parent.is_alive():
            await asyncio.sleep(_WATCH)
        if self._told is None:
            self.handle_exit(signal.SIGTERM, None)

    async def on_tick(self, counter: int) -> bool:
        """Say that the draining has begun, and stop when it is over."""
        if self._told is not None and not self._said:
            # Not where the signal is handled: that may interrupt somebody who writes the log.
            self._said = True
            _log.info("draining", extra=noted(seconds=self._settings.drain))
        if self._told is not None and monotonic() >= self._told + self._settings.drain:
            super().handle_exit(signal.SIGTERM, None)
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


def _waiting(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that the kernel has made and nobody has accepted."""
    with suppress(OSError):  # none waits any more, or no file can be opened
        while True:
            yield listening.accept()[0]
