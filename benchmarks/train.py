"""How long training takes and how much memory it needs, by the number of given articles.

    python benchmarks/train.py
    python benchmarks/train.py --sizes 1000 10000 --rounds 1 --json train.json

Articles are those of ``benchmarks/recombined.py``; each training runs in a process of its own, as
``newstag train --no-track`` does, the starter articles included. Memory is the greatest sum over
the processes of a training, a shared page counted once; its peak is looked for ten times a second.
A round trains on each size once, the smallest first, and has a slope of its own. The bars: no
more than 6 GB in any round, and a wall time that grows with the number of articles to the power of
1.1 at most, in the median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.bars import Bar
from benchmarks.recombined import write_recombined
from benchmarks.results import RESULTS, print_table, write_result

_MOST_GB, _STEEPEST = 6.0, 1.1
_EVERY = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One training: wall and CPU seconds, and the peak in GB (10^9 bytes)."""

    seconds: float
    cpu_seconds: float
    peak_gb: float
    version_mb: float


def measured(articles: Path, jobs: int) -> Run:
    """Train in a fresh process."""
    with tempfile.TemporaryDirectory() as store:
        verb = ["train", "--articles", str(articles), "--no-track", "--jobs", str(jobs)]
        command = [sys.executable, "-m", "newstag", "--store", store, *verb]
        before, began = os.times(), time.perf_counter()
        peak = 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:  # noqa: S603 - our own verb
            while running.poll() is None:
                peak = max(peak, sum(map(_resident, _tree(running.pid))))
                time.sleep(_EVERY)
        if running.returncode:
            sys.exit(f"training on {articles.name} failed")
        seconds, after = time.perf_counter() - began, os.times()
        size = sum(file.stat().st_size for file in Path(store).rglob("*") if file.is_file())
    return Run(
        seconds=seconds,
        cpu_seconds=sum(after[2:4]) - sum(before[2:4]),
        peak_gb=peak / 1e9,
        version_mb=size / 1e6,
    )


def _tree(root: int) -> list[int]:
    """The process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # it has ended meanwhile
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += parents.get(process, [])
    return found


def _resident(process: int) -> int:
    """Bytes in memory; what several processes share is divided among them."""
    try:
        rolled = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8")
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in rolled.splitlines() if line[:4] == "Pss:")


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The exponent by which time grows: least squares of its logarithm on that of the size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--json", type=Path, default=RESULTS / "train.json", metavar="FILE")
    return parser.parse_args()


def main() -> None:
    options = _options()
    found: dict[int, list[Run]] = {size: [] for size in options.sizes}
    with tempfile.TemporaryDirectory() as name:
        files = {size: Path(name) / f"{size}.jsonl" for size in options.sizes}
        for size, file in files.items():
            write_recombined(file, size)
        for _ in range(options.rounds):
            for size, file in files.items():
                found[size].append(measured(file, options.jobs))
                print(f"{size}: {found[size][-1]}", file=sys.stderr, flush=True)
    print_table("Training", _HEAD, [_row(size, runs) for size, runs in found.items()])
    # Of each round its own, as a busy machine meets all sizes of a round.
    slopes = [
        slope(options.sizes, [runs[number].seconds for runs in found.values()])
        for number in range(options.rounds)
    ]
    write_result(
        options.json,
        {"made by": "benchmarks/recombined.py", "counts": options.sizes},
        options.rounds,
        _bars(found, slopes),
        jobs=options.jobs,
        **{"every round": {size: [asdict(run) for run in runs] for size, runs in found.items()}},
        slopes=slopes,
    )


_HEAD = ("articles", "wall s (range)", "CPU s", "peak, GB", "version, MB")


def _row(size: int, runs: Sequence[Run]) -> tuple[str, ...]:
    seconds = [run.seconds for run in runs]
    return (
        f"{size:,}",
        f"{median(seconds):.0f} ({min(seconds):.0f} to {max(seconds):.0f})",
        f"{median(run.cpu_seconds for run in runs):.0f}",
        f"{median(run.peak_gb for run in runs):.2f}",
        f"{median(run.version_mb for run in runs):.0f}",
    )


def _bars(found: Mapping[int, Sequence[Run]], slopes: Sequence[float]) -> list[Bar]:
    name = "greatest peak of memory of any round"
    peak = max(run.peak_gb for runs in found.values() for run in runs)
    memory = Bar(name=name, required=_MOST_GB, measured=peak, most=True, unit="GB")
    if len(found) == 1:
        return [memory]
    name = "log-log slope of wall time, median of the rounds"
    return [memory, Bar(name=name, required=_STEEPEST, measured=median(slopes), most=True)]


if __name__ == "__main__":
    main()
