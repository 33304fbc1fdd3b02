"""Predicting in process: newstag beside scikit-learn, fastText and bare segmentation.

    python benchmarks/predict.py [--articles FILE…] [--rounds N] [--json FILE]

needs newstag[bench] and takes some minutes. It trains the model that it measures; the articles
are the starter's unless others are given. Before each of its turns a side goes over 40 starter
articles, which are none of those that are timed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.needed import need_bench
from benchmarks.options import parser_of
from benchmarks.plain import Engine
from benchmarks.results import describe, print_ratios, print_table, write_result
from benchmarks.rivals import FastText, PlainRival, Rival, SameModel, fit_plain
from benchmarks.rounds import Ratio, Rounds, Side, medians, ratio, scaled, time_rounds
from benchmarks.sides import Tag, one_by_one, segment
from benchmarks.subject import starter_corpus, subject_of, trained_version
from labels.article import Article
from labels.errors import NewstagError
from models.predictor import Predictor
from models.version import load_predictor

_BATCH, _ONE, _EXPLAINED = (
    "newstag, batch",
    "newstag, one by one",
    "newstag, one by one, explain=10",
)
_RAW = "raw segmentation"
_ENGINES: tuple[Engine, ...] = ("jieba", "rjieba")
_SAME, _PLAIN = "scikit-learn + {}, the same model", "scikit-learn + {}, the plainest"

Sides = dict[str, Tag]


def main() -> None:
    need_bench()
    options = parser_of(__doc__, "predict.json", rounds=15).parse_args()
    articles, others = subject_of(options.articles)
    with tempfile.TemporaryDirectory() as store:
        sides = _sides(Path(store), articles)
        print(f"timing {len(sides)} sides, {options.rounds} rounds", file=sys.stderr)
        seconds = time_rounds(_on(articles, sides), options.rounds, _on(others, sides))
    each = scaled(seconds, 1e6 / len(articles))
    ratios = _ratios(each)
    _print(each, ratios)
    figures = {
        "microseconds an article": medians(each),
        "every round": each,
        "ratios": {name: found.as_json() for name, found in ratios.items()},
    }
    write_result(options.json, describe(articles), options.rounds, bars(ratios), **figures)


def _sides(store: Path, articles: Sequence[Article]) -> Sides:
    corpus = starter_corpus()
    version = trained_version(store, corpus)
    predictor = load_predictor(version)
    rivals: dict[str, Rival] = {}
    for engine in _ENGINES:
        rivals[_SAME.format(engine)] = SameModel(version, engine)
        rivals[_PLAIN.format(engine)] = PlainRival(fit_plain(corpus, engine))
    for engine in _ENGINES:
        _require_equal(predictor, rivals[_SAME.format(engine)], articles)
    rivals["fastText + rjieba"] = FastText(corpus)
    sides = _ours(predictor)
    for name, rival in rivals.items():
        sides |= {f"{name}, batch": rival.tag, f"{name}, one by one": one_by_one(rival.tag)}
    return sides


def _on(articles: Sequence[Article], sides: Sides) -> dict[str, Side]:
    return {name: partial(side, articles) for name, side in sides.items()}


def _require_equal(predictor: Predictor, rival: Rival, articles: Sequence[Article]) -> None:
    """What is called the same model must give the same types, or its time says nothing."""
    ours = [one.given["type"][0] for one in predictor.predict(articles)]
    theirs = [kind for kind, _ in rival.tag(articles)]
    if ours != theirs:
        sys.exit("the same model in scikit-learn gives other types. Mend the benchmark.")


def _ours(predictor: Predictor) -> Sides:
    predict = predictor.predict
    return {
        _RAW: segment,
        _BATCH: predict,
        _ONE: one_by_one(predict),
        _EXPLAINED: one_by_one(partial(predict, explain=10)),
    }


def _ratios(rounds: Rounds) -> dict[str, Ratio]:
    """Ours to raw segmentation, every other side to ours of its kind, and explaining to not."""
    found = {f"{name} / {_RAW}": ratio(rounds, name, _RAW) for name in (_BATCH, _ONE)}
    found[f"{_EXPLAINED} / {_ONE}"] = ratio(rounds, _EXPLAINED, _ONE)
    for name in rounds:
        if name not in {_BATCH, _ONE, _EXPLAINED, _RAW}:
            ours = _BATCH if name.endswith(", batch") else _ONE
            found[f"{name} / {ours}"] = ratio(rounds, name, ours)
    return found


def bars(ratios: Mapping[str, Ratio]) -> list[Bar]:
    """What newstag promises, against either scikit-learn pipeline."""
    found = [_bar(ratios, f"{_ONE} / {_RAW}", 2.5, most=True)]
    for form in (_SAME, _PLAIN):
        rival = form.format("jieba")
        found.append(_bar(ratios, f"{rival}, batch / {_BATCH}", 10))
        found.append(_bar(ratios, f"{rival}, one by one / {_ONE}", 25))
    found.append(_bar(ratios, f"{_EXPLAINED} / {_ONE}", 1.5, most=True))
    return found


def _bar(ratios: Mapping[str, Ratio], name: str, required: float, *, most: bool = False) -> Bar:
    return Bar(name=name, required=required, measured=ratios[name].median, most=most)


def _print(each: Rounds, ratios: Mapping[str, Ratio]) -> None:
    rows = [
        (name, f"{middle:.0f}", f"{min(each[name]):.0f} to {max(each[name]):.0f}")
        for name, middle in medians(each).items()
    ]
    print_table("Predicting", ("side", "µs an article, median", "range"), rows)
    print_ratios(ratios)


if __name__ == "__main__":
    try:
        main()
    except NewstagError as error:
        sys.exit(str(error))
