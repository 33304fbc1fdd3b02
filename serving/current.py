"""The current job: with the version that a reference names now, or, if refused, that before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from labels.errors import NewstagError
from labels.sources import Source
from models.sums import sums_digest
from models.version import load_predictor
from serving.fingerprint import Fingerprint, fingerprint
from serving.job import Job

_AGAIN = 30.0  # seconds until a refused version is tried once more, as it may be mended by then


class Current:
    """What to do with the next file: a job, with the version that ``named`` gives at the time.

    ``complain`` hears once of a version that is refused.
    """

    def __init__(
        self,
        job: Job,
        named: Callable[[], str],
        complain: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._work = job.work
        self._named = named
        self._complain = complain
        self._clock = clock
        self._refused: dict[str, float] = {}  # sums of versions, with when they were tried
        self._told: set[str] = set()

    def begin(self) -> None:
        """Make sure that there is a version to begin with.

        Raises:
            VersionError: it is refused.
        """
        self._take(self._work.model, sums_digest(Path(self._work.model)))

    def job(self) -> Job:
        """With the version of now."""
        try:
            folder = self._named()
            sums = sums_digest(Path(folder))
            known = (folder, sums) == (self._work.model, self._work.sums)
            if not known and not self._is_refused(sums):
                self._take(folder, sums)
        except (NewstagError, OSError) as error:
            self._tell(str(error))
        return replace(self._job, work=self._work, overwrite=True)

    def going_on(self, begun: Fingerprint, path: Path, kind: str) -> Job | None:
        """With the version that a run was begun with, if that can go on."""
        for folder in (self._work.model, *self._beside(begun)):
            try:
                work = replace(self._work, model=folder, sums=sums_digest(Path(folder)))
                if fingerprint([Source(str(path), named=True)], work, kind) == begun:
                    load_predictor(Path(folder), work.segmenter)
                    return replace(self._job, work=work, resume=True)
            except (NewstagError, OSError):
                continue  # begun anew, with a version that is whole
        return None

    def _beside(self, begun: Fingerprint) -> list[str]:
        """Where the version of a run lies: in the store, beside the current one."""
        version = begun.get("model")
        if not isinstance(version, list) or not version:
            return []
        return [str(Path(self._work.model).with_name(str(version[0])))]

    def _is_refused(self, sums: str) -> bool:
        tried = self._refused.get(sums)
        return tried is not None and self._clock() - tried < _AGAIN

    def _take(self, folder: str, sums: str) -> None:
        """Verify it first; one that is replaced in between is refused when it is used."""
        self._refused[sums] = self._clock()
        load_predictor(Path(folder), self._work.segmenter)
        self._work = replace(self._work, model=folder, sums=sums)
        self._refused.clear()
        self._told.clear()

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._complain(message)
