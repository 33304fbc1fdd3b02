"""Growth: how the time of a prediction grows with the article, the labels and the vocabulary.

    python benchmarks/growth.py [--articles FILE…] [--rounds N] [--json FILE]

takes some minutes. It trains the model that it measures. Articles of one length are starter
articles, one after the other, cut at 200 to 20,000 characters; for labels and vocabulary they
are the starter's unless others are given. Before each of its turns a side goes over 40 starter
articles.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.enlarged import with_labels, with_terms
from benchmarks.options import parser_of
from benchmarks.results import describe, print_table, write_result
from benchmarks.rounds import Side, medians, ratio, scaled, time_rounds
from benchmarks.sides import one_by_one, segment
from benchmarks.subject import articles_of, starter_corpus, subject_of, trained_version
from labels.article import Article
from labels.errors import NewstagError
from models.predictor import Predictor
from models.version import load_predictor

_LENGTHS = (200, 1_000, 2_000, 5_000, 20_000)
_LABELS = (8, 100, 1_000)
_TERMS = (100_000, 300_000, 1_000_000)
_CHARACTERS = 100_000  # of all articles of one length together

Cases = Mapping[str, tuple[Predictor, Sequence[Article]]]


def main() -> None:
    options = parser_of(__doc__, "growth.json", rounds=7).parse_args()
    articles, others = subject_of(options.articles)
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as store:
        predictor = load_predictor(trained_version(Path(store), starter_corpus()))
        for name, cases in _tables(predictor, articles):
            figures[name] = _measured(name, cases, others, options.rounds)
    no_bars: list[Bar] = []
    write_result(options.json, describe(articles), options.rounds, no_bars, **figures)


def _tables(predictor: Predictor, articles: Sequence[Article]) -> Iterator[tuple[str, Cases]]:
    yield "characters", {f"{n:,}": (predictor, list(_of_length(n))) for n in _LENGTHS}
    model = predictor.model
    yield "labels", {f"{n:,}": (Predictor(with_labels(model, n), "v"), articles) for n in _LABELS}
    usual = len(model.scorer.vocabulary.terms)
    larger = {f"{n:,}": (Predictor(with_terms(model, n), "v"), articles) for n in _TERMS}
    yield "terms", {f"{usual:,}": (predictor, articles), **larger}


def _measured(name: str, cases: Cases, others: Sequence[Article], rounds: int) -> dict[str, object]:
    sides: dict[str, Side] = {}
    warm: dict[str, Side] = {}
    for case, (predictor, articles) in cases.items():
        sides |= _sides(case, predictor, articles)
        warm |= _sides(case, predictor, others)
    seconds = time_rounds(sides, rounds, warm)
    figures: dict[str, object] = {}
    rows = []
    for case, (_, articles) in cases.items():
        ours, raw = f"newstag, {case}", f"raw, {case}"
        each = medians(scaled(seconds, 1e6 / len(articles)))
        found = ratio(seconds, ours, raw)
        rows.append((case, f"{each[ours]:.0f}", f"{each[raw]:.0f}", str(found)))
        figures[case] = {
            "microseconds an article": each[ours],
            "microseconds of raw segmentation": each[raw],
            "ratio": found.as_json(),
        }
    head = (name, "µs an article", "raw segmentation", "ratio (range)")
    print_table(f"By number of {name}", head, rows)
    return figures


def _of_length(length: int) -> Iterator[Article]:
    """Different ones, so that no length has its words in the processor's cache already."""
    starter = articles_of([])
    text = "\n".join(article.content for article in starter)
    for at in range(max(3, min(100, _CHARACTERS // length))):
        begin = at * length % (len(text) - length)
        title = starter[at].title
        yield Article(id=str(at), title=title, content=text[begin : begin + length])


def _sides(case: str, predictor: Predictor, articles: Sequence[Article]) -> dict[str, Side]:
    return {
        f"newstag, {case}": partial(one_by_one(predictor.predict), articles),
        f"raw, {case}": partial(segment, articles),
    }


if __name__ == "__main__":
    try:
        main()
    except NewstagError as error:
        sys.exit(str(error))
