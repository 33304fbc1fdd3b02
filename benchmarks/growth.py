"""Growth: how the time of a prediction grows with the length of the article.

    python benchmarks/growth.py [--rounds N] [--json FILE]

takes some minutes. It trains the model that it measures. The articles are starter articles,
one after the other, cut at 200 to 20,000 characters.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.plain import rjieba_words
from benchmarks.results import RESULTS, print_table, write_result
from benchmarks.rounds import medians, ratio, scaled, time_rounds
from benchmarks.subject import articles_of, starter_corpus, trained_version
from labels.article import Article
from labels.errors import NewstagError
from models.predictor import Predictor
from models.version import load_predictor

_LENGTHS = (200, 1_000, 2_000, 5_000, 20_000)
_CHARACTERS = 100_000  # of all articles of one length together


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as store:
        predictor = load_predictor(trained_version(Path(store), starter_corpus()))
        of_length = {length: list(_articles(length)) for length in _LENGTHS}
        sides = {k: v for n, some in of_length.items() for k, v in _sides(predictor, n, some)}
        seconds = time_rounds(sides, options.rounds)
    figures: dict[str, object] = {}
    rows = []
    for length, articles in of_length.items():
        ours, raw = _names(length)
        each = medians(scaled(seconds, 1e6 / len(articles)))
        found = ratio(seconds, ours, raw)
        rows.append((f"{length:,}", f"{each[ours]:.0f}", f"{each[raw]:.0f}", str(found)))
        figures[str(length)] = {
            "microseconds an article": each[ours],
            "microseconds of raw segmentation": each[raw],
            "ratio": found.as_json(),
        }
    head = ("characters", "µs an article", "raw segmentation", "ratio (range)")
    print_table("By length of the article", head, rows)
    every = [article for articles in of_length.values() for article in articles]
    no_bars: list[Bar] = []
    write_result(options.json, every, options.rounds, no_bars, by_length=figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--json", type=Path, default=RESULTS / "growth.json", metavar="FILE")
    return parser.parse_args()


def _articles(length: int) -> Iterator[Article]:
    """Different ones, so that no length has its words in the processor's cache already."""
    starter = articles_of([])
    text = "\n".join(article.content for article in starter)
    for at in range(max(3, min(100, _CHARACTERS // length))):
        begin = at * length % (len(text) - length)
        title = starter[at].title
        yield Article(id=str(at), title=title, content=text[begin : begin + length])


def _names(length: int) -> tuple[str, str]:
    return f"newstag, {length}", f"raw, {length}"


def _sides(
    predictor: Predictor, length: int, articles: Sequence[Article]
) -> Iterator[tuple[str, Callable[[], object]]]:
    ours, raw = _names(length)
    yield ours, lambda: [predictor.predict([one]) for one in articles]
    yield raw, lambda: [(rjieba_words(one.title), rjieba_words(one.content)) for one in articles]


if __name__ == "__main__":
    try:
        main()
    except NewstagError as error:
        sys.exit(str(error))
