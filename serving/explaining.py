"""Explaining: the page of a version, drawn once for all who ask for it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import anyio.to_thread

from models.store import Store
from serving.language import Language
from serving.live import Loaded
from serving.logs import trace
from serving.measured import counted, distinct
from serving.portrait import Portrait, portrait
from serving.reigns import Reigns, reigns
from serving.rendering import render
from serving.settings import Settings
from serving.weak import weak_spots

_Key = tuple[str, str, bool]  # version, language, and whether that was chosen

_log = logging.getLogger("newstag")

# What is said where the version is not the champion, by the reference that was to be served.
_OTHERWISE = {"": "not_taken_over", "champion": "not_taken_over", "latest": "latest_of_store"}


class Explaining:
    """Pages about versions, which with hundreds of labels take seconds each.

    They are drawn beside the event loop and one after another. Who gives up leaves the drawing
    to those who ask next, and to the one who asks again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._portrait: Portrait | None = None
        self._turn = asyncio.Lock()
        self._drawing: dict[_Key, asyncio.Task[str]] = {}
        self._waiting = Counter[_Key]()
        self._drawn: dict[tuple[str, bool], tuple[str, Reigns, str]] = {}

    async def page(self, loaded: Loaded, language: Language) -> str:
        """The page of a version; to cancel the wait does not end the drawing."""
        key = loaded.manifest.version, language.code, language.chosen
        task = self._drawing.get(key)
        if task is None:
            task = self._drawing[key] = asyncio.create_task(self._draw(loaded, language))
            # Whatever came of it: a failure is tried again, and a version can go.
            task.add_done_callback(lambda done: self._end(key, done))
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    def _end(self, key: _Key, done: asyncio.Task[str]) -> None:
        self._drawing.pop(key)
        if done.cancelled():
            return
        error = done.exception()
        if error and not self._waiting[key]:  # who waits is told, and that is logged
            _log.error("drawing the model page failed", extra=trace(error))

    async def _draw(self, loaded: Loaded, language: Language) -> str:
        async with self._turn:
            return await anyio.to_thread.run_sync(self._explain, loaded, language)

    def _explain(self, loaded: Loaded, language: Language) -> str:
        """The page, which stays the same until another version is live."""
        version, lived = loaded.manifest.version, reigns(Store(self._settings.store))
        key = language.code, language.chosen
        held = self._drawn.get(key)
        if held is not None and held[:2] == (version, lived):
            return held[2]
        if self._portrait is None or self._portrait.version != version:
            self._portrait = portrait(loaded)
        groups = [language.name(one.group) for one in self._portrait.groups if one.pieces]
        text = render(
            "model.html",
            language,
            "/model",
            it=self._portrait,
            reigns=lived,
            otherwise=_OTHERWISE.get(self._settings.model, "not_champion"),
            pieces=language.listed(groups) if groups else "",
            weak=weak_spots(self._portrait, language),
            distinct=distinct,
            counted=counted,
        )
        self._drawn[key] = version, lived, text
        return text
