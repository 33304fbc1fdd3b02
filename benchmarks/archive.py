"""How fast ``newstag tag`` labels an archive anew, how much memory it takes, and how that grows.

    python -m benchmarks.archive [--articles 1000000] [--folder D] [--kinds jsonl parquet]

The articles are recombined starter articles (``benchmarks/recombined.py``) with ids of their own;
with ``--folder`` their files are kept and used again. Rates in process and of the command are taken
in turn, on the same articles, and the command's without its start: the difference of two sizes.
Runs over the whole file are watched every second: memory is PSS, summed over all processes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.many import rows_of, write_many, write_rows
from benchmarks.processes import end_when_told
from benchmarks.results import RESULTS, describe, print_ratios, print_table, write_result
from benchmarks.rounds import Ratio, ratio, shuffled
from benchmarks.subject import starter_corpus, trained_version
from benchmarks.tagging import Tagging
from benchmarks.watched import HEAD, Watched, watch
from labels.article import Article, article_from
from models.files import sha256
from models.store import Store
from models.version import load_predictor

_MOST_MB = {"jsonl": 300.0, "parquet": 450.0}
_LEAST_OF_PROCESS, _LEAST_OF_TWO = 0.75, 1.7
_DESCRIBED = 10_000  # articles
_MOST_GROWTH = 10.0  # MB from the end of the first tenth to the end


class Bench:
    """A folder with the archive in each kind, and a store to tag it from."""

    def __init__(self, folder: Path, store: Path, articles: int) -> None:
        self._folder = folder
        self._store = store
        self._articles = articles

    def archive(self, kind: str = "jsonl") -> Path:
        path = self._folder / f"archive-{self._articles}.{kind}"
        if path.exists():
            return path
        began = time.perf_counter()
        if kind == "jsonl":
            write_many(path, self._articles)
        else:
            beside = path.with_name(f"part.{kind}")
            write_rows(beside, rows_of(self.archive()))
            beside.replace(path)
        _say(f"made {path.name} in {time.perf_counter() - began:.0f} s")
        return path

    def first(self, count: int) -> Path:
        """A file of the first articles of the archive."""
        path = self._folder / f"first-{count}.jsonl"
        if not path.exists():
            with self.archive().open("rb") as file:
                path.write_bytes(b"".join(islice(file, count)))
        return path

    def tagging(self, path: Path, kind: str, jobs: int) -> Tagging:
        output = self._folder / f"out-{jobs}.{kind}"
        words = ["--overwrite", "--jobs", str(jobs)]
        return Tagging(inputs=[path], output=output, store=self._store, words=words)

    def seconds(self, count: int, jobs: int) -> float:
        tagging = self.tagging(self.first(count), "jsonl", jobs)
        began = time.perf_counter()
        tagging.must()
        seconds = time.perf_counter() - began
        tagging.forget()
        return seconds

    def articles(self, count: int) -> list[Article]:
        rows = enumerate(islice(rows_of(self.archive()), count), start=1)
        return [article_from(row, f"{number}") for number, row in rows]

    def predict(self) -> Callable[[list[Article]], object]:
        model = self._store / str(Store(self._store).champion())
        return load_predictor(model).predict


def beside_process(bench: Bench, count: int, rounds: int) -> dict[str, list[float]]:
    """Articles a second of one process: ``predict`` with a list, and the command, round by round.

    Both over the same ``count`` articles. A tenth as many come before them: they warm the former,
    and with them alone the latter shows what its start takes.
    """
    few = max(count // 10, 1)
    articles, predict = bench.articles(few + count), bench.predict()
    predict(articles[:few])
    sides: Mapping[str, Callable[[], float]] = {
        "in process": lambda: _seconds(lambda: predict(articles[few:])),
        "command": lambda: bench.seconds(few + count, 1) - bench.seconds(few, 1),
    }
    rates = _rounds(sides, rounds, count)
    _tell_rounds(f"One process, {count:,} articles, without the start", rates)
    return rates


def of_two(bench: Bench, count: int, rounds: int) -> dict[str, list[float]]:
    """Articles a second of whole runs with one and two processes, round by round."""
    bench.first(count)
    sides: Mapping[str, Callable[[], float]] = {
        "1 job": lambda: bench.seconds(count, 1),
        "2 jobs": lambda: bench.seconds(count, 2),
    }
    rates = _rounds(sides, rounds, count)
    _tell_rounds(f"Whole runs, {count:,} articles", rates)
    return rates


def _rounds(
    sides: Mapping[str, Callable[[], float]], rounds: int, count: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in shuffled(sides, number):
            found[name].append(count / sides[name]())
            _say(f"round {number + 1}, {name}: {found[name][-1]:,.0f} articles/s")
    return found


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def whole_runs(bench: Bench, kind: str) -> tuple[dict[str, Watched], int]:
    """The archive from ``kind`` to ``kind`` with one job and two; 1 where their outputs differ."""
    path, found, sums = bench.archive(kind), dict[str, Watched](), set[str]()
    for jobs in (1, 2):
        tagging = bench.tagging(path, kind, jobs)
        found[f"{kind}, {jobs} job{'s' * (jobs > 1)}"] = run = watch(tagging)
        told = f"{run.seconds:.1f} s, {run.rate:,.0f} articles/s, {run.most:.0f} MB"
        _say(f"{path.name}, {jobs} jobs: {told}")
        sums.add(sha256(tagging.output))
        tagging.forget()
    return found, len(sums) - 1


def _tell_rounds(title: str, rates: Mapping[str, list[float]]) -> None:
    rows = [(name, " ".join(f"{one:,.0f}" for one in each)) for name, each in rates.items()]
    print_table(title, ("side", "articles/s by round"), rows)


def _bars(
    one: Ratio, two: Ratio, runs: Mapping[str, Watched], unequal: Mapping[str, int]
) -> Iterator[Bar]:
    yield Bar(
        name="command, one process / predict in process, articles/s",
        required=_LEAST_OF_PROCESS,
        measured=one.median,
    )
    yield Bar(name="2 jobs / 1 job, articles/s", required=_LEAST_OF_TWO, measured=two.median)
    for name, run in runs.items():
        most = _MOST_MB[name.partition(",")[0]]
        yield Bar(name=f"{name}, memory", required=most, measured=run.most, most=True, unit="MB")
        yield Bar(
            name=f"{name}, growth of memory after the first tenth",
            required=_MOST_GROWTH,
            measured=run.growth,
            most=True,
            unit="MB",
        )
    for kind, count in unequal.items():
        name = f"{kind}, outputs of 1 and 2 jobs that differ"
        yield Bar(name=name, required=0, measured=count, most=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    end_when_told()
    options = _options()
    with _folder(options.folder) as folder:
        store = options.store or folder / "store"
        if not options.store and not store.exists():
            trained_version(store, starter_corpus())
        bench = Bench(folder, store, options.articles)
        # A tenth as many come before them.
        few = min(options.in_process, options.articles * 10 // 11)
        inner = beside_process(bench, few, options.rounds)
        outer = of_two(bench, min(options.sample, options.articles), options.rounds)
        runs: dict[str, Watched] = {}
        unequal: dict[str, int] = {}
        for kind in options.kinds:
            found, unequal[kind] = whole_runs(bench, kind)
            runs |= found
        print_table("The archive", HEAD, [(name, *run.cells()) for name, run in runs.items()])
        one, two = ratio(inner, "command", "in process"), ratio(outer, "2 jobs", "1 job")
        print_ratios({"command / in process": one, "2 jobs / 1 job": two})
        write_result(
            options.json,
            {"made by": "benchmarks/many.py", **describe(bench.articles(_DESCRIBED))},
            options.rounds,
            list(_bars(one, two, runs, unequal)),
            rates={**inner, **outer},
            ratios={"command / in process": one.as_json(), "2 jobs / 1 job": two.as_json()},
            archive={"articles": options.articles},
            runs={name: run.as_json() for name, run in runs.items()},
        )


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        yield Path(temporary)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tag an archive.")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--in-process", type=int, default=10_000, metavar="N")
    parser.add_argument("--sample", type=int, default=100_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--kinds", nargs="+", choices=_MOST_MB, default=["jsonl", "parquet"])
    parser.add_argument("--folder", type=Path, help="where files are kept; temporary without")
    parser.add_argument("--store", type=Path, help="of versions; one is trained without")
    parser.add_argument("--json", type=Path, default=RESULTS / "archive.json", metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
