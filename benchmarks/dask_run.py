"""A job on a Dask cluster of this machine, of which a worker is killed half-way.

    python -m benchmarks.dask_run [--articles 20000] [--store STORE] [--parquet] [--again]

Starts ``dask scheduler`` and two ``dask worker`` of one process and one thread each, has ``newstag
tag --dask`` tag recombined articles, and kills one of the workers with SIGKILL, its nanny too, when
half of the parts are there; with ``--again`` another worker is started then, as an operator's
supervisor would. The parts one after the other must have the bytes of a local run with two
processes, nothing of a broken-off attempt may be left, and the worker that was killed must have
had a part to do. Prints the seconds of both, and how
much memory a worker had at most. Ends with 1 where anything is not so. ``--no-kill`` lets all live.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import HOST, PROGRAMS, end, end_when_told, environment, memory, tree_of
from benchmarks.recombined import write_recombined
from benchmarks.subject import starter_corpus, trained_version
from labels.rows import raise_it, read_rows

_PORT = 18786
_POLL = 0.1  # seconds
_GROUP = 500  # rows
_WORKERS = 2


@dataclass(kw_only=True)
class Cluster:
    """A scheduler, and workers as an operator starts them."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    most: float = 0.0  # MiB that a worker held
    killed_at: int | None = None  # parts that were there when a worker was killed

    @property
    def address(self) -> str:
        return f"tcp://{HOST}:{_PORT}"

    def start_worker(self) -> None:
        options = ["--nthreads", "1", "--nworkers", "1", "--no-dashboard"]
        local = ["--local-directory", str(self.folder)]
        self.workers.append(_begun("worker", self.address, *options, *local))

    def kill_worker(self) -> None:
        """Process and nanny at once, as when a machine is lost."""
        gone = self.workers.pop(0)
        for process in reversed(tree_of(gone.pid)):
            subprocess.run(["kill", "-KILL", str(process)], check=False)  # noqa: S603, S607 - no shell
        gone.wait()

    def look(self) -> None:
        """See how much memory the workers hold."""
        for worker in self.workers:
            self.most = max([self.most, *map(memory, tree_of(worker.pid))])


def _begun(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - no shell
        [str(PROGRAMS / "dask"), *command],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    options = ["--host", HOST, "--port", str(_PORT), "--no-dashboard"]
    cluster = Cluster(folder=folder, scheduler=_begun("scheduler", *options))
    try:
        for _ in range(_WORKERS):
            cluster.start_worker()
        yield cluster
    finally:
        for process in (*cluster.workers, cluster.scheduler):
            end(process)


def _tag(source: Path, output: Path, store: Path, *options: str) -> float:
    """Seconds that a run took."""
    command = [str(PROGRAMS / "newstag"), "tag", str(source), "-o", str(output)]
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - no shell
        [*command, "--store", str(store), *options], env=environment(), check=True
    )
    return time.perf_counter() - began


def _watch(cluster: Cluster, output: Path, parts: int, options: argparse.Namespace) -> None:
    """Kill a worker when half of the parts are there."""
    killed = options.no_kill
    while cluster.scheduler.poll() is None:
        cluster.look()
        if not killed and len(list(output.glob("part-*"))) >= parts / 2:
            killed = True
            cluster.kill_worker()
            cluster.killed_at = len(list(output.glob("part-*")))
            print(f"killed a worker with {cluster.killed_at} parts there")
            if options.again:
                cluster.start_worker()
        time.sleep(_POLL)


def _fault_of_kill(killed_at: int | None, parts: int) -> Sequence[str]:
    """A worker that ended with nothing to do is no trial: each of two has a part where two miss."""
    if killed_at is None:
        return ["no worker was killed"]
    late = f"a worker was killed with {killed_at} of {parts} parts there: give more --articles"
    return [late] if parts - killed_at < _WORKERS else []


def _faults(output: Path, local: Path) -> Sequence[str]:
    """What is not as it must be."""
    whole = b"".join(part.read_bytes() for part in sorted(output.glob("part-*")))
    faults = [] if whole == local.read_bytes() else ["the bytes are not those of the local run"]
    known = {"job.json", "parts", "rejects", "changed"}
    left = {path.name for path in (output / "_newstag").iterdir()} - known
    return [*faults, *(f"left over: {name}" for name in sorted(left))]


def _source(folder: Path, articles: int, parquet: bool) -> Path:
    source = folder / "articles.jsonl"
    write_recombined(source, articles)
    if not parquet:
        return source
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row for _, row in read_rows(str(source), raise_it)]
    packed = source.with_suffix(".parquet")
    pq.write_table(pa.Table.from_pylist(rows), packed, row_group_size=_GROUP)
    return packed


def _measure(folder: Path, options: argparse.Namespace) -> Sequence[str]:
    store: Path = options.store or folder / "store"
    if options.store is None:
        trained_version(store, starter_corpus())
    source = _source(folder, options.articles, options.parquet)
    local, output = folder / "local.jsonl", folder / "tags.jsonl"
    here = _tag(source, local, store, "--jobs", "2", "--quiet")
    parts = max(1, source.stat().st_size >> 20)
    with _cluster(folder / "workers") as cluster:
        time.sleep(5)  # for workers to be there
        threading.Thread(target=_watch, args=(cluster, output, parts, options), daemon=True).start()
        there = _tag(source, output, store, "--dask", cluster.address)
        _tag(source, output, store, "--dask", cluster.address)
    for name, seconds in (("two processes here", here), ("two workers of Dask", there)):
        print(f"{name}: {seconds:.1f} s, {options.articles / seconds:,.0f} articles a second")
    done = len(list(output.glob("part-*")))
    print(f"parts: {done}; a worker at most: {cluster.most:.0f} MiB")
    late = () if options.no_kill else _fault_of_kill(cluster.killed_at, done)
    return [*_faults(output, local), *late]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--parquet", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--no-kill", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    end_when_told()
    with tempfile.TemporaryDirectory() as folder:
        faults = _measure(Path(folder), options)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
