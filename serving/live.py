"""The live model: the version that answers, followed as the champion changes."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import anyio.to_thread

from labels.errors import NewstagError
from models.manifest import Manifest, read_manifest
from models.predictor import Predictor
from models.store import Store
from models.version import load_predictor
from serving.logs import noted, trace
from serving.measured import Measured, read_measured
from serving.metrics import Metrics
from serving.problems import Refused
from serving.settings import Settings

_EVERY = 1.0  # seconds between two looks at the champion
_AGAIN = 30.0  # seconds until a refused version is tried once more, as it may be mended by then
_FOLLOWED = frozenset({"", "champion", "latest"})

_log = logging.getLogger("newstag")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model version, ready to answer; ``folder`` is absolute and without links.

    ``measured`` is what its report says.
    """

    folder: Path
    manifest: Manifest
    predictor: Predictor
    measured: Measured = field(default_factory=dict)


def load(settings: Settings) -> Loaded:
    """The version that the settings name, verified and warm.

    Raises:
        StateError: there is none.
        VersionError: it is refused.
    """
    return _load(Store(settings.store).resolve(settings.model), settings)


def _load(folder: Path, settings: Settings) -> Loaded:
    predictor = load_predictor(folder, settings.segmenter)
    return Loaded(
        folder=folder.resolve(),
        manifest=read_manifest(folder),
        predictor=predictor,
        # Now, as the folder may be pruned while the version answers.
        measured=read_measured(folder, predictor.model.scheme),
    )


class Live:
    """One reference to the version that answers, which ``follow`` replaces by another one.

    A request takes the reference once and keeps to it, so that no answer mixes versions.
    ``draining`` is set when the worker was told to stop, ``ending`` when it does so.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.draining = False
        self.ending = False
        self._settings = settings
        self._metrics = metrics
        self._loaded: Loaded | None = None
        self._complaints: dict[Path | None, str] = {}
        self._again = 0.0

    def current(self) -> Loaded:
        """The version that answers.

        Raises:
            Refused: before one is loaded, and once the service has shut down.
        """
        if self._loaded is None:
            raise Refused("not_ready")
        return self._loaded

    async def begin(self, loaded: Loaded | None = None) -> None:
        """Start, as soon as there is a version to start with.

        A worker that is started again while its service's version is damaged waits until there
        is a good one: the other workers have theirs in memory and answer on.

        Raises:
            NewstagError: as ``start``, for a worker of a service that never had a version.
            OSError: the same.
        """
        while not self.ending:
            try:
                self.start(loaded)
            except Exception as error:
                if self._settings.fallback is None:
                    raise
                self._refuse(self._settings.fallback, error)
                await asyncio.sleep(_EVERY)
            else:
                return

    def start(self, loaded: Loaded | None = None) -> None:
        """Answer with a version that is loaded already, or else load it now.

        Raises:
            NewstagError: it is refused, and there is no version to fall back on.
            OSError: the same, for the disk's own reasons.
        """
        self._take(loaded or self._first())

    def _first(self) -> Loaded:
        folder = None
        try:
            folder = self._named()
            loaded = _load(folder, self._settings)
        except Exception as error:
            if self._settings.fallback is None:
                raise
            self._refuse(folder, error)
            return _load(self._settings.fallback, self._settings)
        self._content()
        return loaded

    def stop(self) -> None:
        """Answer no more."""
        self._loaded = None
        gc.unfreeze()

    def _take(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._metrics.answers_with(loaded.manifest.version)
        # What is there now stays: the collector need not look at it again while it answers.
        gc.collect()
        gc.freeze()

    async def follow(self) -> None:
        """Look for another version every second, for ever, where the reference can move."""
        while self._settings.model in _FOLLOWED:
            await asyncio.sleep(_EVERY)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it was, the old version answers on
                _log.error("looking for a version failed", extra=trace(error))

    async def look(self) -> None:
        """Take over the version that the reference names now, if it is another one and good."""
        try:
            folder = await anyio.to_thread.run_sync(self._named)
        except (NewstagError, OSError) as error:
            self._refuse(None, error)
            return
        if self._loaded is None or folder == self._loaded.folder:
            self._content()
            return
        if folder in self._complaints and monotonic() < self._again:
            return
        try:
            loaded = await anyio.to_thread.run_sync(_load, folder, self._settings)
        except Exception as error:  # noqa: BLE001 - a version may be broken in any way
            self._refuse(folder, error)
            return
        before = self._loaded.manifest.version
        self._content()
        self._take(loaded)
        _log.info("model swapped", extra=noted(before=before, model=loaded.manifest.version))

    def _named(self) -> Path:
        return Store(self._settings.store).resolve(self._settings.model).resolve()

    def _content(self) -> None:
        self._complaints.clear()
        self._metrics.refuses(now=False)

    def _refuse(self, folder: Path | None, error: Exception) -> None:
        """Count and log it, once for as long as the same is wrong with the same version."""
        self._again = monotonic() + _AGAIN
        self._metrics.refuses(now=True)
        if self._complaints.get(folder) == str(error):
            return
        self._complaints[folder] = str(error)
        self._metrics.refused_version()
        _log.error("model refused", extra=noted(reason=str(error)))
