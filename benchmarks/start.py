"""Starting: how long until newstag answers, and what it then takes of memory.

    python benchmarks/start.py [--articles FILE…] [--rounds N] [--json FILE]

takes some minutes. It trains the model that it measures; the articles are the starter's unless
others are given. Files are in the page cache, as every side runs once before the rounds.
"""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path

import joblib

from benchmarks.bars import Bar
from benchmarks.commands import newstag, serve, serve_logged
from benchmarks.logging_models import Tracking
from benchmarks.options import parser_of
from benchmarks.plain import plain_text
from benchmarks.processes import end, end_when_told, environment, memory, server
from benchmarks.results import describe, print_ratios, print_table, write_result
from benchmarks.rivals import fit_plain
from benchmarks.rounds import medians, ratio, shuffled
from benchmarks.subject import articles_of, starter_corpus, trained_version
from labels.article import Article
from labels.errors import NewstagError

_READY = "newstag serve, ready, s"
_MEMORY = "newstag serve, PSS when ready, MB"
_WARM = "newstag serve, PSS after 200 requests, MB"
_TAG = "newstag tag, first line, s"
_HELP = "newstag --help, processor, s"
_MLFLOW = "mlflow models serve of the logged version, ready, s"
_MLFLOW_MEMORY = "mlflow models serve of the logged version, PSS when ready, MB"
_PLAIN = "scikit-learn + jieba, the plainest, first article, s"

_COMPARED = ((_MLFLOW, _READY), (_MLFLOW_MEMORY, _MEMORY), (_PLAIN, _TAG))
_REQUESTS = 200
# jieba's cache lies in the benchmark's folder from the first call on, as its users have one.
_PLAIN_CODE = """
import sys, jieba, joblib
jieba.dt.tmp_dir = "."
print(joblib.load(sys.argv[1]).predict([sys.stdin.read()]))
"""

Figures = dict[str, float]


def main() -> None:
    end_when_told()
    options = parser_of(__doc__, "start.json", rounds=5).parse_args()
    articles = articles_of(options.articles)
    with tempfile.TemporaryDirectory() as name:
        sides = _sides(Path(name), articles)
        for side in sides:
            side()
        print(f"timing {len(sides)} sides, {options.rounds} rounds", file=sys.stderr)
        found: dict[str, list[float]] = {}
        for number in range(options.rounds):
            for side in shuffled(sides, number):
                for figure, value in side().items():
                    found.setdefault(figure, []).append(value)
    middle = medians(found)
    rows = [
        (name, f"{middle[name]:.3g}", f"{min(found[name]):.3g} to {max(found[name]):.3g}")
        for name in found
    ]
    print_table("Starting", ("what", "median", "range"), rows)
    ratios = {f"{name} / {to}": ratio(found, name, to) for name, to in _COMPARED}
    print_ratios(ratios)
    figures = {
        "medians": middle,
        "every round": found,
        "ratios": {name: one.as_json() for name, one in ratios.items()},
    }
    write_result(options.json, describe(articles), options.rounds, _bars(middle), **figures)


def _sides(folder: Path, articles: Sequence[Article]) -> list[Callable[[], Figures]]:
    corpus = starter_corpus()
    store = folder / "store"
    version = trained_version(store, corpus)
    logged = Tracking(folder).log_version(version)
    joblib.dump(fit_plain(corpus, "jieba"), folder / "plain.joblib")
    bodies = [_body(one) for one in articles]
    (folder / "articles.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    return [
        lambda: _serve(store, bodies, folder),
        lambda: _tag(store, folder),
        lambda: _help(folder),
        lambda: _serve_logged(logged, folder),
        lambda: _first_of_plain(folder, articles[0]),
    ]


def _body(article: Article) -> bytes:
    row = {"id": article.id, "title": article.title, "content": article.content}
    return json.dumps(row, ensure_ascii=False).encode()


def _serve(store: Path, bodies: Sequence[bytes], folder: Path) -> Figures:
    with server(serve(store), "/readyz", folder) as one:
        ready = one.wait()
        before = memory(one.process.pid)
        for body in islice(cycle(bodies), _REQUESTS):
            status, _ = one.post("/v1/predict", body)
            if status != 200:
                sys.exit(f"newstag serve: status {status}. Give --articles that it takes.")
        return {_READY: ready, _MEMORY: before, _WARM: memory(one.process.pid)}


def _serve_logged(model: str, folder: Path) -> Figures:
    with server(serve_logged(model), "/ping", folder) as one:
        return {_MLFLOW: one.wait(), _MLFLOW_MEMORY: memory(one.process.pid)}


def _tag(store: Path, folder: Path) -> Figures:
    """Until the first line stands on a terminal; a pipe would be filled by the block."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - no shell, and the command is ours
        newstag("tag", "articles.jsonl", "--quiet", "--store", str(store)),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        cwd=folder,
        env=environment(),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        line = _first_line(ours)
        seconds = time.perf_counter() - began
    finally:
        end(process)
        os.close(ours)
    if not {"type", "domains"} <= json.loads(line).keys():
        sys.exit("newstag tag: the first line is no prediction. Mend the benchmark.")
    return {_TAG: seconds}


def _first_line(terminal: int) -> bytes:
    said = b""
    while b"\n" not in said:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # Linux's word for a terminal that nobody writes to any more
            sys.exit("newstag tag: ended without a line")
    return said.split(b"\n")[0]


def _help(folder: Path) -> Figures:
    before = _used()
    subprocess.run(  # noqa: S603 - no shell, and the command is ours
        newstag("--help"), cwd=folder, env=environment(), capture_output=True, check=True
    )
    return {_HELP: _used() - before}


def _used() -> float:
    """Seconds of processor that ended children have had."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _first_of_plain(folder: Path, article: Article) -> Figures:
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - no shell, and the command is ours
        [sys.executable, "-c", _PLAIN_CODE, "plain.joblib"],
        input=plain_text(article.title, article.content).encode(),
        cwd=folder,
        env={**environment(), "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    return {_PLAIN: time.perf_counter() - began}


def _bars(middle: Mapping[str, float]) -> list[Bar]:
    required = {_READY: 1.5, _MEMORY: 140.0, _WARM: 140.0, _TAG: 1.0, _HELP: 0.15}
    return [
        Bar(name=name, required=most, measured=middle[name], most=True)
        for name, most in required.items()
    ]


if __name__ == "__main__":
    try:
        main()
    except NewstagError as error:
        sys.exit(str(error))
