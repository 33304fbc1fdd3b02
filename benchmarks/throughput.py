"""Throughput: requests a second over HTTP, beside MLflow's server and a bare FastAPI route.

    python benchmarks/throughput.py [--articles FILE…] [--rounds N] [--seconds N] [--json FILE]

needs wrk and takes some minutes. It trains the model that it measures; the
articles are the starter's unless others are given, one a request.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar
from benchmarks.commands import serve, serve_bare, serve_logged
from benchmarks.logging_models import Tracking
from benchmarks.needed import need_wrk
from benchmarks.options import parser_of
from benchmarks.processes import Server, end_when_told, server
from benchmarks.results import describe, print_ratios, print_table, write_result
from benchmarks.rivals import fit_plain
from benchmarks.rounds import Ratio, medians, ratio, shuffled
from benchmarks.subject import articles_of, starter_corpus, trained_version
from benchmarks.wrk import Load, LoadError, Wrk
from labels.article import Article
from labels.errors import NewstagError
from labels.scheme import shipped_scheme
from models.version import load_predictor
from serving.keys import NAME, KeyFile

_OURS = "newstag serve"
_KEYED = "newstag serve, with a key"
_SAME = "mlflow models serve, scikit-learn + jieba, the same model"
_PLAIN = "mlflow models serve, scikit-learn + jieba, the plainest"
_LOGGED = "mlflow models serve, newstag's logged version"
_BARE = "bare FastAPI route"
_BARE_LOG = "bare FastAPI route, with uvicorn's access log"
_EXPLAINED = "newstag serve, explain=10"
_CONNECTIONS = (16, 1)

Loads = dict[str, list[Load]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """A server, where it is asked, how it wants an article, and with which API key."""

    command: Sequence[str]
    probe: str
    path: str
    body: Callable[[Article], object]
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A server that answers, and the file of the bodies to send it."""

    server: Server
    path: str
    bodies: Path
    key: str = ""


def main() -> None:
    wrk = need_wrk()
    end_when_told()
    options = _options()
    articles = articles_of(options.articles)
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        folder = Path(name)
        sides = _prepared(folder)
        load = Wrk(wrk, folder)
        targets = dict(_started(started, sides, articles, load, folder))
        _verify(targets, folder / "store", articles[0])
        print(f"timing {len(targets)} sides, {options.rounds} rounds", file=sys.stderr)
        many, one = (_measure(targets, load, n, options) for n in _CONNECTIONS)
    ratios = _ratios(many)
    _print(many, one, ratios)
    figures = {
        "16 connections": {side: _as_json(loads) for side, loads in many.items()},
        "1 connection": {side: _as_json(loads) for side, loads in one.items()},
        "ratios": {name: found.as_json() for name, found in ratios.items()},
        "seconds a round": options.seconds,
    }
    write_result(options.json, describe(articles), options.rounds, _bars(ratios), **figures)


def _options() -> Namespace:
    parser = parser_of(__doc__, "throughput.json", rounds=5)
    parser.add_argument("--seconds", type=float, default=5, metavar="N", help="a side and round")
    return parser.parse_args()


def _prepared(folder: Path) -> dict[str, Side]:
    """A trained version, logged in MLflow together with the rivals, and how each is served."""
    corpus = starter_corpus()
    store = folder / "store"
    version = trained_version(store, corpus)
    print("logging the models", file=sys.stderr)
    tracking = Tracking(folder)
    logged = {
        _SAME: tracking.log_version_as_rival(version),
        _PLAIN: tracking.log_plain(fit_plain(corpus, "jieba")),
        _LOGGED: tracking.log_version(version),
    }
    keyed = Path(shutil.copytree(store, folder / "keyed"))
    key = KeyFile(keyed / NAME).add("benchmark", ["predict"])
    ours = {"probe": "/readyz", "path": "/v1/predict", "body": _article}
    theirs = {"probe": "/ping", "path": "/invocations", "body": _records}
    return {
        _OURS: _side(serve(store), ours),
        _KEYED: _side(serve(keyed), {**ours, "key": key}),
        **{name: _side(serve_logged(model), theirs) for name, model in logged.items()},
        _BARE: _side(serve_bare(), ours),
        _BARE_LOG: _side(serve_bare("log"), ours),
    }


def _side(command: Sequence[str], asked: Mapping[str, Any]) -> Side:
    return Side(command=command, **asked)


def _article(article: Article) -> object:
    return {"id": article.id, "title": article.title, "content": article.content}


def _records(article: Article) -> object:
    return {"dataframe_records": [{"title": article.title, "content": article.content}]}


def _started(
    stack: ExitStack,
    sides: Mapping[str, Side],
    articles: Sequence[Article],
    load: Wrk,
    folder: Path,
) -> Iterator[tuple[str, Target]]:
    """All servers, every one ready before the first is measured."""
    servers = {
        name: stack.enter_context(server(side.command, side.probe, folder))
        for name, side in sides.items()
    }
    for number, (name, side) in enumerate(sides.items()):
        servers[name].wait()
        bodies = [json.dumps(side.body(one), ensure_ascii=False).encode() for one in articles]
        written = load.bodies(f"bodies-{number}", bodies)
        yield name, Target(server=servers[name], path=side.path, bodies=written, key=side.key)
        if name == _OURS:
            path = f"{side.path}?explain=10"
            yield _EXPLAINED, Target(server=servers[name], path=path, bodies=written)


def _verify(targets: Mapping[str, Target], store: Path, article: Article) -> None:
    """Every server gives the first article a label, those of the same model the right one."""
    version = next(path.parent for path in store.glob("*/manifest.json"))
    (expected,) = load_predictor(version).predict([article])
    known, same = set(shipped_scheme().groups[0].ids), {_OURS, _KEYED, _EXPLAINED, _SAME, _LOGGED}
    for name, target in targets.items():
        body = target.bodies.read_bytes().split(b"\n")[0]
        status, answer = target.server.post(target.path, body, target.key)
        label = _label(json.loads(answer)) if status == 200 else None
        right = {*expected.given["type"]} if name in same else known
        if label not in right:
            sys.exit(f"{name}: a wrong answer, status {status}. Mend the benchmark.")


def _label(answer: Any) -> str:
    """The type, in whatever shape a server gives it."""
    found = answer["predictions"][0] if "predictions" in answer else answer
    kind = found["type"]
    return str(kind["label"] if isinstance(kind, dict) else kind)


def _measure(
    targets: Mapping[str, Target], load: Wrk, connections: int, options: Namespace
) -> Loads:
    """Every side in each round, after a second that is not counted."""
    found: Loads = {name: [] for name in targets}
    for number in range(options.rounds):
        for name in shuffled(targets, number):
            target = targets[name]
            sent = (target.server.url(target.path), target.bodies, connections)
            load.run(*sent, 1, target.key)
            found[name].append(load.run(*sent, options.seconds, target.key))
    return found


def _ratios(loads: Loads) -> dict[str, Ratio]:
    rates = {name: [one.rate for one in some] for name, some in loads.items()}
    found = {f"{_OURS} / {name}": ratio(rates, _OURS, name) for name in rates if name != _OURS}
    tail = {"p99": [one.p99 for one in loads[_OURS]], "p50": [one.p50 for one in loads[_OURS]]}
    return {**found, f"{_OURS}, p99 / p50": ratio(tail, "p99", "p50")}


def _bars(ratios: Mapping[str, Ratio]) -> list[Bar]:
    def bar(name: str, required: float, aim: float | None, *, most: bool = False) -> Bar:
        measured = ratios[name].median
        return Bar(name=name, required=required, aim=aim, measured=measured, most=most)

    return [
        bar(f"{_OURS} / {_SAME}", 8, 12),
        bar(f"{_OURS} / {_PLAIN}", 8, 12),
        bar(f"{_OURS} / {_LOGGED}", 3, 5),
        bar(f"{_OURS} / {_BARE}", 0.25, 0.4),
        bar(f"{_OURS}, p99 / p50", 3, None, most=True),
        bar(f"{_OURS} / {_EXPLAINED}", 1.5, None, most=True),
    ]


def _columns(loads: Sequence[Load]) -> dict[str, list[float]]:
    return {part: [getattr(one, part) for one in loads] for part in ("rate", "p50", "p99")}


def _as_json(loads: Sequence[Load]) -> dict[str, object]:
    return {"medians": medians(_columns(loads)), "every round": _columns(loads)}


def _print(many: Loads, one: Loads, ratios: Mapping[str, Ratio]) -> None:
    head = ("side", "requests/s", "p50 ms", "p99 ms")
    for title, loads in (("16 connections", many), ("1 connection", one)):
        rows = []
        for name, some in loads.items():
            middle = medians(_columns(some))
            rows.append((name, f"{middle['rate']:.0f}", _ms(middle["p50"]), _ms(middle["p99"])))
        print_table(title, head, rows)
    print_ratios(ratios)


def _ms(value: float) -> str:
    return f"{value:.1f}"


if __name__ == "__main__":
    try:
        main()
    except (NewstagError, LoadError) as error:
        sys.exit(str(error))
