"""Capacity: how much work a worker has under way, and whose turn it is."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from time import perf_counter

from serving.exchange import Exchange
from serving.problems import Refused

# Work that one round of the event loop may do, in seconds: a probe waits for a few rounds.
_ROUND = 0.004
MOST_BYTES = 128 * 1024 * 1024  # of bodies and answers that are held at once
LARGEST = 32 * 1024 * 1024  # the same of one request


class Capacity:
    """Predicting holds the processor, so one thing is done at a time, in small parts.

    Requests that are under way take turns, part by part, so that a long list does not hold up
    short ones, and the event loop gets round often enough to answer probes. Threads would do
    worse: they would wait for the interpreter's lock, and make every read and write wait too.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way = 0
        self._held = 0
        self._spent = 0.0
        self._began = 0.0
        self._waiting: deque[object] = deque()

    def check(self) -> None:
        """Ask for room before anything is read.

        Raises:
            Refused: as many requests as may be are under way.
        """
        if self._under_way >= self._most:
            raise Refused("full")

    def enter(self, exchange: Exchange) -> None:
        """Begin the work of a request whose body is there; one that is still sent takes no room.

        Raises:
            Refused: as many as may be are under way.
        """
        self.check()
        self._under_way += 1
        exchange.entered = True

    def hold(self, size: int, exchange: Exchange) -> None:
        """Keep so many more bytes of a body or an answer in memory, until ``release``.

        Raises:
            Refused: that would be too many, for one request or for all of them together.
        """
        if exchange.held + size > LARGEST:
            raise Refused("answer_too_large")
        if self._held + size > MOST_BYTES:
            raise Refused("full")
        self._held += size
        exchange.held += size

    def leave(self, exchange: Exchange) -> None:
        """End the work of a request, whether it has entered or not."""
        self._under_way -= exchange.entered
        exchange.entered = False

    def release(self, exchange: Exchange) -> None:
        """Let go of the bytes of a request, whose answer the client has or will not have."""
        self._held -= exchange.held
        exchange.held = 0

    async def turn(self, exchange: Exchange) -> None:
        """Wait until there is time for some milliseconds of work, and nobody waits longer.

        Raises:
            Refused: the deadline passed before.
        """
        place = object()
        self._waiting.append(place)
        try:
            # Without a queue, whoever took up a whole round would be the first of the next one.
            while self._spent >= _ROUND or self._waiting[0] is not place:
                await asyncio.sleep(0)
        finally:
            self._waiting.remove(place)
        if perf_counter() > exchange.deadline:
            raise Refused("too_late")

    def __enter__(self) -> None:
        """Begin the work of a turn, in which nothing is waited for.

        The collector waits as well: it would look at every value of a large body several times.
        """
        gc.disable()
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        """Count what the work took against the round."""
        gc.enable()
        if not self._spent:
            asyncio.get_running_loop().call_soon(self._next_round)
        self._spent += perf_counter() - self._began

    def _next_round(self) -> None:
        self._spent = 0.0
