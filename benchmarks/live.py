"""Live: champions change, a damaged one is put in place, and the service ends, all under load.

    python -m benchmarks.live [--articles FILE…] [--seconds N] [--workers N] [--json FILE]

Every answer is compared with what the version that it names says of that article. The articles
are the starter's unless others are given.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.clients import Clients, Tally, expected_of
from benchmarks.commands import newstag, serve
from benchmarks.options import parser_of
from benchmarks.processes import Server, end_when_told, environment, server
from benchmarks.results import describe, write_result
from benchmarks.subject import articles_of, starter_corpus, trained_version
from labels.article import Article
from models.files import write_whole
from models.store import Store
from training.recipe import Recipe
from training.saving import save
from training.train import train

_CONNECTIONS = 16


@dataclass(frozen=True, kw_only=True)
class Found:
    """``changes`` of champion were asked for; ``swaps`` and ``refusals`` are what it counted."""

    tally: Tally
    changes: int
    swaps: float
    refusals: float
    code: int


def main() -> None:
    end_when_told()
    parser = parser_of(__doc__, "live.json", rounds=1)
    parser.add_argument("--seconds", type=float, default=60, metavar="N")
    parser.add_argument("--workers", type=int, default=1, metavar="N")
    options = parser.parse_args()
    articles = articles_of(options.articles)
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "store"
        _two_versions(store)
        found = asyncio.run(soak(store, articles, seconds=options.seconds, workers=options.workers))
    tally = found.tally
    figures = {
        "seconds": options.seconds,
        "workers": options.workers,
        "changes of champion": found.changes,
        "swaps": found.swaps,
        "answers": sum(tally.answers.values()),
        "exit code": found.code,
        "failures": tally.failed[:10],
    }
    print("\n".join(f"{key}: {value}" for key, value in figures.items()))
    bars = [
        Bar(name="failed requests", required=0, measured=len(tally.failed), most=True),
        Bar(name="refused requests", required=0, measured=tally.refused, most=True),
        Bar(name="mixed answers", required=0, measured=tally.wrong, most=True),
        Bar(name="damaged versions refused", required=options.workers, measured=found.refusals),
        Bar(name="versions that answered", required=2, measured=len(tally.answers)),
    ]
    write_result(options.json, describe(articles), 1, bars, **figures)


def _two_versions(store: Path) -> None:
    """Two versions that differ in what they say."""
    corpus = starter_corpus()
    trained_version(store, corpus)
    other = train(corpus, replace(Recipe(), seed=7), "rjieba", -1, lambda _done, _of: None)
    save(Store(store), other, datetime.now(UTC))


async def soak(
    store: Path,
    articles: Sequence[Article],
    *,
    seconds: float,
    workers: int = 1,
    every: float = 2,
) -> Found:
    """Change champions under load for so long, damage one, and end the service.

    The store has two versions or more. There are ``every`` seconds between two changes, and twice
    as many under the damaged version.
    """
    versions = Store(store).versions()
    expected = expected_of([store / version for version in versions], articles)
    command = [*serve(store), "--workers", str(workers)]
    with server(command, "/readyz", store.parent) as started:
        started.wait()
        clients = Clients(started.port, articles, expected)
        load = asyncio.create_task(clients.run(_CONNECTIONS))
        changes = await _change(store, versions, seconds, every)
        await _damage(store, versions[0], 2 * every)
        swaps, refusals = await _counts(started)
        clients.ending = True
        started.process.send_signal(signal.SIGTERM)
        await load
        code = await asyncio.to_thread(started.process.wait, 30)
    return Found(tally=clients.tally, changes=changes, swaps=swaps, refusals=refusals, code=code)


async def _change(store: Path, versions: Sequence[str], seconds: float, every: float) -> int:
    """Promote and roll back in turn, through the command line."""
    store_option = ["--store", str(store)]
    because = ["--force", "--why", "benchmark"]
    other = next(one for one in versions if one != Store(store).champion())
    changes = 0
    ends = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < ends:
        promote = ["models", "promote", other, *because, *store_option]
        back = ["models", "rollback", *store_option]
        await asyncio.to_thread(_command, back if changes % 2 else promote)
        changes += 1
        await asyncio.sleep(every)
    return changes


def _command(arguments: Sequence[str]) -> None:
    subprocess.run(  # noqa: S603 - no shell, and the command is the benchmark's
        newstag(*arguments), check=True, capture_output=True, env=environment()
    )


async def _damage(store: Path, version: str, seconds: float) -> None:
    """Put a version with a flipped byte in place, past every check of the command line."""
    damaged = store / f"{version[:-8]}00000000"
    shutil.copytree(store / version, damaged)
    weights = bytearray((damaged / "weights.npy").read_bytes())
    weights[len(weights) // 2] ^= 1
    (damaged / "weights.npy").write_bytes(weights)
    write_whole(store / "champion", f"{damaged.name}\n".encode())
    await asyncio.sleep(seconds)


async def _counts(started: Server) -> tuple[float, float]:
    """Swaps and refusals, as /metrics tells them."""
    page = await asyncio.to_thread(started.get, "/metrics")
    found = dict(line.rsplit(" ", 1) for line in page.decode().splitlines() if line[:1] != "#")
    names = ("newstag_model_swaps_total", "newstag_model_refusals_total")
    swaps, refusals = (float(found[name]) for name in names)
    return swaps, refusals


if __name__ == "__main__":
    main()
