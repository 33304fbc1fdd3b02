"""Overload: ten times as many connections as the service was measured with, none of them patient.

    python -m benchmarks.overload [--articles FILE…] [--seconds N] [--json FILE]

needs wrk. The load asks again at once when it is told to come back later. Every answer of it is
compared with the right one, probes are asked over connections of their own, and the memory is
measured before, while and after. The articles are the starter's unless others are given.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.bars import Bar
from benchmarks.clients import body_of
from benchmarks.commands import serve
from benchmarks.needed import need_wrk
from benchmarks.options import parser_of
from benchmarks.processes import Server, end_when_told, memory, server
from benchmarks.results import describe, print_table, write_result
from benchmarks.subject import articles_of, starter_corpus, trained_version
from benchmarks.wrk import CheckedLoad, Wrk
from labels.article import Article

_CAPACITY = 16  # connections that the throughput is measured with
_TIMES = (10, 20, 40)
_DEADLINE = 10.0  # seconds, that of the service
_PROBE = 0.1  # seconds between two probes


@dataclass(kw_only=True)
class Watched:
    """``probes`` in seconds, ``sizes`` in MB of PSS."""

    probes: list[float] = field(default_factory=list)
    failed: int = 0
    sizes: list[float] = field(default_factory=list)


def main() -> None:
    wrk = need_wrk()
    end_when_told()
    parser = parser_of(__doc__, "overload.json", rounds=1)
    parser.add_argument("--seconds", type=float, default=20, metavar="N")
    options = parser.parse_args()
    # Answers are told apart by the article's id.
    articles = {one.id: one for one in articles_of(options.articles)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trained_version(folder / "store", starter_corpus())
        load = Wrk(wrk, folder)
        with server(serve(folder / "store"), "/readyz", folder) as started:
            started.wait()
            figures, bars = _measured(started, load, list(articles.values()), options.seconds)
    write_result(options.json, describe(list(articles.values())), 1, bars, **figures)


def _measured(
    started: Server, load: Wrk, articles: Sequence[Article], seconds: float
) -> tuple[dict[str, object], list[Bar]]:
    bodies = load.bodies("articles", [body_of(one) for one in articles])
    answers = load.bodies("answers", [_answer(started, one) for one in articles])

    def run(connections: int, duration: float) -> CheckedLoad:
        return load.check(started.url("/v1/predict"), [bodies, answers], connections, duration)

    run(_CAPACITY, 2)
    capacity = run(_CAPACITY, seconds / 2)
    rows, bars = [("capacity", _CAPACITY, capacity, Watched())], list[Bar]()
    for times in _TIMES:
        before = memory(started.process.pid)
        with _watched(started) as watched:
            found = run(times * _CAPACITY, seconds)
        recovered = _recovery(started, articles[0])
        rows.append((f"{times} times", times * _CAPACITY, found, watched))
        grown = max(watched.sizes) - before
        if times == _TIMES[0]:
            bars = _bars(found, watched, grown, recovered)
    _print(rows)
    return {row[0]: _as_json(row[2], row[3]) for row in rows}, bars


def _answer(started: Server, article: Article) -> bytes:
    """What the idle service says: exactly that it must say under load as well."""
    status, answer = started.post("/v1/predict", body_of(article))
    if status != 200:
        sys.exit(f"status {status} for article {article.id}")
    return answer


@contextmanager
def _watched(started: Server) -> Iterator[Watched]:
    """Ask the probes and look at the memory while the load runs."""
    watched, over = Watched(), threading.Event()

    def watch() -> None:
        at = 0
        while not over.wait(_PROBE):
            began = time.perf_counter()
            try:
                status, _ = started.ask("GET", ("/healthz", "/readyz")[at % 2])
                watched.failed += status != 200
            except OSError:
                watched.failed += 1
            watched.probes.append(time.perf_counter() - began)
            at += 1
            if at % 10 == 0:
                watched.sizes.append(memory(started.process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()


def _recovery(started: Server, article: Article) -> float:
    """Seconds from the end of the load until an article takes less than 20 ms again."""
    began = time.perf_counter()
    while time.perf_counter() - began < 30:
        asked = time.perf_counter()
        status, _ = started.post("/v1/predict", body_of(article))
        if status == 200 and time.perf_counter() - asked < 0.02:
            break
    return time.perf_counter() - began


def _bars(found: CheckedLoad, watched: Watched, grown: float, recovered: float) -> list[Bar]:
    def most(name: str, required: float, measured: float, unit: str = "") -> Bar:
        return Bar(name=name, required=required, measured=measured, most=True, unit=unit)

    return [
        most("wrong answers", 0, found.wrong),
        most("neither 200 nor 503", 0, found.failed),
        most("slowest answer", _DEADLINE, found.slowest / 1e3, "s"),
        Bar(name="told to come back", required=1, measured=found.refused),
        most("failed probes", 0, watched.failed),
        most("slowest probe", 100, max(watched.probes) * 1e3, "ms"),
        most("memory grown by", 20, grown, "MB"),
        most("recovery", 2, recovered, "s"),
    ]


def _as_json(found: CheckedLoad, watched: Watched) -> dict[str, object]:
    shown: dict[str, object] = {
        "answered/s": found.answered,
        "told to come back/s": found.refused_rate,
        "p50 ms": found.p50,
        "p99 ms": found.p99,
        "slowest ms": found.slowest,
    }
    if watched.probes:
        shown["probes, median ms"] = median(watched.probes) * 1e3
        shown["probes, slowest ms"] = max(watched.probes) * 1e3
        shown["memory, most MB"] = max(watched.sizes)
    return shown


def _print(rows: Sequence[tuple[str, int, CheckedLoad, Watched]]) -> None:
    keys = list(_as_json(rows[-1][2], rows[-1][3]))
    table = []
    for name, connections, found, watched in rows:
        shown = _as_json(found, watched)
        cells = [f"{shown[key]:.1f}" if key in shown else "" for key in keys]
        table.append((name, str(connections), *cells))
    print_table("Overload", ("load", "connections", *keys), table)


if __name__ == "__main__":
    main()
