"""How long training takes and how much memory it needs, by the number of given articles.

    python benchmarks/train.py
    python benchmarks/train.py --sizes 10000 30000 --rounds 3 --json benchmarks/results/train.json

Articles are those of ``benchmarks/recombined.py``; each training runs in a process of its own, as
``newstag train --no-track`` does, the starter articles included. Memory is the greatest sum over
the processes of a training, a shared page counted once; its peak is looked for ten times a second.
The bars: no more than 6 GB, and a time that grows with the number of articles to the power of 1.1
at most.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import machine, versions
from benchmarks.recombined import write_recombined

_MOST_GB, _STEEPEST = 6.0, 1.1
_EVERY = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One training of ``articles``: wall and CPU seconds, and the peak in GB (10^9 bytes)."""

    articles: int
    seconds: float
    cpu_seconds: float
    peak_gb: float
    version_mb: float


def measured(articles: Path, count: int, jobs: int) -> Run:
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
            sys.exit(f"training on {count} articles failed")
        seconds, after = time.perf_counter() - began, os.times()
        size = sum(file.stat().st_size for file in Path(store).rglob("*") if file.is_file())
    return Run(
        articles=count,
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


def _median(runs: Sequence[Run]) -> Run:
    names = asdict(runs[0])
    return Run(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def _lines(runs: Sequence[Run]) -> list[str]:
    head = f"{'articles':>9} {'seconds':>8} {'CPU':>8} {'peak, GB':>9} {'version, MB':>12}"
    rows = [
        f"{run.articles:9} {run.seconds:8.0f} {run.cpu_seconds:8.0f} {run.peak_gb:9.2f} "
        f"{run.version_mb:12.0f}"
        for run in runs
    ]
    peak = max(run.peak_gb for run in runs)
    held = [f"peak {peak:.2f} GB, {_verdict(peak <= _MOST_GB)}: {_MOST_GB:.0f} GB at most"]
    if len(runs) > 1:
        steep = _slope(runs)
        held.append(f"slope {steep:.2f}, {_verdict(steep <= _STEEPEST)}: {_STEEPEST} at most")
    return [head, *rows, "", *held]


def _verdict(held: bool) -> str:
    return "held" if held else "NOT held"


def _slope(runs: Sequence[Run]) -> float:
    return slope([run.articles for run in runs], [run.seconds for run in runs])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--rounds", type=int, default=1, help="medians are told of several")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    medians = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            articles = Path(name) / "articles.jsonl"
            write_recombined(articles, size)
            runs = [measured(articles, size, options.jobs) for _ in range(options.rounds)]
        medians.append(_median(runs))
        print(_lines(medians)[len(medians)], flush=True)
    print("\n".join(["", *_lines(medians)]))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "machine": machine(),
            "versions": versions(),
            "rounds": options.rounds,
            "jobs": options.jobs,
            "runs": [asdict(run) for run in medians],
            "slope": _slope(medians) if len(medians) > 1 else None,
            "bars": {"peak_gb": _MOST_GB, "slope": _STEEPEST},
        }
        options.json.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
