"""A connection: uvicorn's, with bounds on what is read at once and on how long it may stall."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sys
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.logs import noted

if TYPE_CHECKING:
    from serving.server import Config

# Bytes that are read and parsed without a break. Chunks of one byte take 60 microseconds each,
# and asyncio would read 256 KiB of them.
_READ = 16 * 1024

_log = logging.getLogger("newstag")


class Connection(H11Protocol, asyncio.BufferedProtocol):
    """HTTP/1.1 over one socket.

    A client that takes nothing of its answer for as long as a request may last is cut off: what
    it was to get would stay in memory for as long as it likes.
    """

    config: Config
    # One for all connections of the loop: what is read is handed on before the next read.
    _buffer = memoryview(bytearray(_READ))

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._look: asyncio.TimerHandle | None = None
        self._seen = 0  # bytes that were not taken at the last look; 0 where some were since

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go, as asyncio has it."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        self.data_received(bytes(self._buffer[:nbytes]))
        if self.transport.is_closing():  # what was no HTTP is answered by uvicorn itself
            self._look_later()

    def pause_writing(self) -> None:
        """Bytes of an answer wait for the client."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """The client has taken most of them."""
        super().resume_writing()
        self._seen = 0

    def on_response_complete(self) -> None:
        """An answer was given to the socket; a socket that is closed still has to send it."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._look_later()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for a while; what the client has not taken by now it never will."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _look_later(self) -> None:
        """Look whether the client takes anything, as long as there is something to take."""
        if self._look is None and self.transport.get_write_buffer_size():
            self._seen = self._untaken()
            deadline = self.config.settings.deadline
            self._look = self.loop.call_later(deadline, self._cut_off_if_stalled)

    def _cut_off_if_stalled(self) -> None:
        self._look = None
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._untaken() == self._seen:
            _log.warning("a client took nothing of its answer", extra=noted(waiting=waiting))
            self.transport.abort()
        else:
            self._look_later()

    def _untaken(self) -> int:
        """Bytes that wait here and in the system, which takes megabytes in one go."""
        waiting = self.transport.get_write_buffer_size()
        with suppress(OSError):  # not every system tells
            socket = self.transport.get_extra_info("socket")
            told = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4))
            waiting += int.from_bytes(told, sys.byteorder)
        return waiting
