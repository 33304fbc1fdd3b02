"""Metrics: what the service counts, in the form of Prometheus."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from models.prediction import Prediction
from serving.exchange import Exchange
from serving.logs import noted

# Where the processes of one service share their counts; set before this module is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Bytes for the counts of a worker by the kind of metric: some 2,000 series of durations, and
# several hundred of the others.
_ROOM = {"histogram": 1 << 19, "counter": 1 << 18, "gauge_livesum": 1 << 16}

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_log = logging.getLogger("newstag")

M = TypeVar("M", Counter, Histogram)


class Metrics:
    """The counts of one worker; ``page`` shows those of all workers of the service.

    Shares are left to whoever asks: reviews by articles, unknown words by words.
    """

    def __init__(self) -> None:
        # A gauge beside each counter that says when it began; several workers have none.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        _forget_namesake()
        _make_room()
        self._registry = CollectorRegistry()
        self._durations = self._histogram(
            "newstag_request_duration_seconds", "From a request's headers to the end of its answer"
        )
        self._refused = self._counter(
            "newstag_refused_requests_total", "Requests that ended as problems", "code"
        )
        self._given = self._counter(
            "newstag_predictions_total", "Labels given to articles", "group", "label"
        )
        self._reasons = self._counter(
            "newstag_review_reasons_total", "Reasons for a person to look", "reason"
        )
        self._articles = self._counter("newstag_articles_total", "Articles tagged")
        self._reviews = self._counter("newstag_reviews_total", "Articles with a reason to look")
        self._characters = self._counter(
            "newstag_characters_total", "Characters of tagged articles"
        )
        self._words = self._counter("newstag_words_total", "Words of tagged articles")
        self._unknown = self._counter(
            "newstag_unknown_words_total", "Words of tagged articles that the model does not know"
        )
        self._workers = self._gauge(
            "newstag_model_workers", "Workers that answer with a model version", "version"
        )
        self._swaps = self._counter(
            "newstag_model_swaps_total", "Model versions that took the place of another one"
        )
        self._refusals = self._counter(
            "newstag_model_refusals_total", "Model versions that were refused; the old one stayed"
        )
        self._refusing = self._gauge(
            "newstag_model_refusing_workers",
            "Workers that refuse what they are to answer with now, and answer with what they had",
        )
        self._version = ""
        self._children: dict[tuple[object, ...], Counter | Histogram] = {}
        if FOLDER not in os.environ:
            ProcessCollector(registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge of which the page shows the sum over the workers that live."""
        return Gauge(name, text, labels, registry=self._registry, multiprocess_mode="livesum")

    def _histogram(self, name: str, text: str) -> Histogram:
        labels = ("route", "code")
        return Histogram(name, text, labels, buckets=_BUCKETS, registry=self._registry)

    def answered(self, exchange: Exchange, seconds: float) -> None:
        """Count a request that has ended."""
        self._child(self._durations, exchange.route, exchange.status).observe(seconds)
        if exchange.code:
            self._child(self._refused, exchange.code).inc()

    def predicted(self, predictions: Sequence[Prediction], characters: int) -> None:
        """Count tagged articles, which have so many characters together."""
        reviews = words = unknown = 0
        for prediction in predictions:
            words += prediction.words
            unknown += prediction.unknown
            for group, labels in prediction.given.items():
                for label in labels:
                    self._child(self._given, group, label).inc()
            if prediction.reasons:
                reviews += 1
                for reason in prediction.reasons:
                    self._child(self._reasons, reason).inc()
        self._articles.inc(len(predictions))
        self._reviews.inc(reviews)
        self._characters.inc(characters)
        self._words.inc(words)
        self._unknown.inc(unknown)

    def _child(self, metric: M, *labels: object) -> M:
        """The metric with these labels; its own way to them takes five times as long."""
        key = (metric, *labels)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = metric.labels(*labels)
        return found  # type: ignore[return-value] # of the kind of the metric, as it is its key

    def answers_with(self, version: str) -> None:
        """Say which version answers from now on."""
        if self._version:
            self._workers.labels(self._version).set(0)
            self._swaps.inc()
        self._workers.labels(version).set(1)
        self._version = version

    def refused_version(self) -> None:
        """Count a version that was not taken."""
        self._refusals.inc()

    def refuses(self, *, now: bool) -> None:
        """Say whether there is something wrong with what is to answer now."""
        self._refusing.set(int(now))

    def page(self) -> bytes:
        """Everything, in Prometheus' text format; with several workers, of all of them."""
        folder = os.environ.get(FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        for process in _ended(Path(folder).glob("gauge_live*_*.db")):
            # What it counted stays, what it was does not. Another worker may be doing the same.
            with suppress(FileNotFoundError):
                mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _forget_namesake() -> None:
    """What a worker that is no more was counts no more, when this one has got its process id."""
    for path in _files("gauge_live*", os.getpid()):
        path.unlink(missing_ok=True)


def _make_room() -> None:
    """Have the disk's room for the counts before they are made, or else keep them in memory.

    They are mapped files with holes, and who writes into a hole of a full disk is killed (SIGBUS).
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    files = {Path(folder, f"{kind}_{os.getpid()}.db"): room for kind, room in _ROOM.items()}
    try:
        for path, room in files.items():
            with path.open("ab") as file:
                file.write(bytes(max(0, room - file.tell())))
    except OSError as error:
        for path in files:
            path.unlink(missing_ok=True)  # an empty one could not be read
        # The others cannot show what this one counts, which answers all the same.
        values.ValueClass = values.MutexValue
        _log.error("no room for counts", extra=noted(reason=str(error)))


def cut_ended(process: int) -> None:
    """Give back the room that the counts of an ended worker do not fill; they stay to the end."""
    for path in _files("*", process):
        with suppress(OSError), path.open("r+b") as file:
            used = int.from_bytes(file.read(4), sys.byteorder)
            file.truncate(max(used, 8))  # as long as what says how long it is


def _files(kind: str, process: int) -> list[Path]:
    """Where a process keeps its counts of some kinds; none where nobody shares any."""
    folder = os.environ.get(FOLDER)
    return [*Path(folder).glob(f"{kind}_{process}.db")] if folder else []


def _ended(files: Iterable[Path]) -> set[int]:
    """The processes that wrote these files and are no more."""
    found = {int(path.stem.rpartition("_")[2]) for path in files}
    return {process for process in found if not _runs(process)}


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks, and sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True
