"""A connection: uvicorn's, with bounds on what is read at once and on how long it may stall."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from serving.server import Config

# Bytes that are read and parsed without a break. Chunks of one byte take 60 microseconds each,
# and asyncio would read 256 KiB of them.
_READ = 16 * 1024


class Connection(H11Protocol, asyncio.BufferedProtocol):
    """HTTP/1.1 over one socket.

    A client that takes nothing of its answer for as long as a request may last is cut off: what
    it was to get would stay in memory for as long as it likes.
    """

    config: Config

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._buffer = bytearray(_READ)
        self._stalled: asyncio.TimerHandle | None = None

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where the next bytes go, as asyncio has it."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def pause_writing(self) -> None:
        """Bytes of an answer wait for the client."""
        super().pause_writing()
        self._cut_off_later()

    def resume_writing(self) -> None:
        """The client has taken most of them."""
        super().resume_writing()
        self._wait_no_more()

    def on_response_complete(self) -> None:
        """An answer was given to the socket; a socket that is closed still has to send it."""
        super().on_response_complete()
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._cut_off_later()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for a while; what the client has not taken by now it never will."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _cut_off_later(self) -> None:
        if self._stalled is None:
            deadline = self.config.settings.deadline
            self._stalled = self.loop.call_later(deadline, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
