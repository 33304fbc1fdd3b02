"""The service: what its routes share in one worker."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from labels.errors import NewstagError
from serving.access import Access
from serving.capacity import Capacity
from serving.live import Live, Loaded
from serving.logs import noted, trace
from serving.metrics import Metrics
from serving.settings import Settings

_EVERY = 1.0  # seconds between two looks at the keys

_log = logging.getLogger("newstag")


class Service:
    """The live model, the keys, the capacity and the counts of one worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.live = Live(settings, self.metrics)
        self.access = Access(settings.keys, closed=settings.closed)
        self.capacity = Capacity(settings.queue)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, loaded: Loaded | None = None) -> None:
        """Get ready to answer, and follow the champion and the keys from then on.

        Raises:
            NewstagError: no model, a refused one, or keys that cannot be read.
        """
        try:
            self.access.start()
            await self.live.begin(loaded)
        except Exception as error:
            # Starlette would log a trace without the line that says why.
            reason = str(error) if isinstance(error, NewstagError) else type(error).__name__
            _log.error("a worker could not start", extra=noted(reason=reason))
            raise
        self._tasks = [
            asyncio.create_task(self.live.follow()),
            asyncio.create_task(self._follow_keys()),
        ]

    async def stop(self) -> None:
        """Answer no more."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.live.stop()

    async def _follow_keys(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            try:
                self.access.look()
            except Exception as error:  # noqa: BLE001 - whatever it was, the keys stay in force
                _log.error("looking for keys failed", extra=trace(error))
