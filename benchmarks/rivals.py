"""The rivals: other ways to tag the same articles, learnt from the same corpus."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import joblib

from benchmarks.plain import Engine, Plain, Tags, plain_text, rjieba_words
from labels.article import Article
from labels.corpus import Corpus
from labels.scheme import read_scheme
from models.segmentation import dictionary_words, open_segmenter
from models.text import read_text
from training.columns import text_matrix

_PREFIX = "__label__"


class Rival(Protocol):
    """Tags articles, however many at once."""

    def tag(self, articles: Sequence[Article]) -> list[Tags]: ...


class SameModel:
    """A version's model as scikit-learn has it: its ``pipeline.joblib`` behind a segmenter."""

    def __init__(self, version: Path, engine: Engine) -> None:
        groups = {group.id: group for group in read_scheme(version / "scheme.toml").groups}
        self._pipelines = joblib.load(version / "pipeline.joblib")  # the benchmark's own version
        if groups.keys() != {"type", "domains"} or not groups["type"].exclusive:
            raise ValueError("a rival knows our own scheme only")
        dictionary = (version / "dictionary.txt").read_text("utf-8")
        self._segmenter = open_segmenter(engine, dictionary_words(dictionary))

    def tag(self, articles: Sequence[Article]) -> list[Tags]:
        texts = [read_text(article, self._segmenter) for article in articles]
        kinds, types = self._scores("type", texts)
        names, domains = self._scores("domains", texts)
        return [
            (kinds[row.argmax()], frozenset(n for n, s in zip(names, some, strict=True) if s > 0))
            for row, some in zip(types, domains, strict=True)
        ]

    def _scores(self, group: str, texts: Sequence[Any]) -> tuple[list[str], Any]:
        held = self._pipelines[group]
        scores = held["pipeline"].decision_function(text_matrix(texts, held["columns"]))
        return held["labels"], scores


class PlainRival:
    """The plainest pipeline over title and content."""

    def __init__(self, plain: Plain) -> None:
        self._plain = plain

    def tag(self, articles: Sequence[Article]) -> list[Tags]:
        return self._plain.predict([plain_text(one.title, one.content) for one in articles])


class FastText:
    """Two fastText models over rjieba's words: one of types, one of domains."""

    def __init__(self, corpus: Corpus) -> None:
        tags = list(corpus_tags(corpus))
        texts = [_line(sample.article) for sample in corpus.samples]
        self._types = _fit_fasttext(texts, [[kind] for kind, _ in tags], "softmax")
        self._domains = _fit_fasttext(texts, [sorted(some) for _, some in tags], "ova")

    def tag(self, articles: Sequence[Article]) -> list[Tags]:
        texts = [_line(article) for article in articles]
        # Lists only: for a single text it asks numpy for what numpy 2 refuses.
        kinds, _ = self._types.predict(texts)
        domains, _ = self._domains.predict(texts, k=-1, threshold=0.5)
        return [
            (kind[0].removeprefix(_PREFIX), frozenset(one.removeprefix(_PREFIX) for one in some))
            for kind, some in zip(kinds, domains, strict=True)
        ]


def corpus_tags(corpus: Corpus) -> Iterator[Tags]:
    """The labels of our own scheme as rivals learn them."""
    for sample in corpus.samples:
        (kind,) = sample.labels["type"]
        yield kind, frozenset(sample.labels["domains"])


def fit_plain(corpus: Corpus, engine: Engine) -> Plain:
    texts = [plain_text(one.article.title, one.article.content) for one in corpus.samples]
    return Plain(engine).fit(texts, list(corpus_tags(corpus)))


def _line(article: Article) -> str:
    words = rjieba_words(plain_text(article.title, article.content))
    return " ".join(" ".join(words).split())  # a line feed would end the text


def _fit_fasttext(texts: Sequence[str], labels: Sequence[Sequence[str]], loss: str) -> Any:
    import fasttext

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        for text, some in zip(texts, labels, strict=True):
            named = " ".join(f"{_PREFIX}{label}" for label in some)
            file.write(f"{named} {text}\n".lstrip())
        file.flush()
        # A table of n-grams that suits some hundred articles: the usual one takes 800 MB.
        return fasttext.train_supervised(
            file.name, wordNgrams=2, loss=loss, epoch=25, lr=0.5, bucket=200_000, verbose=0
        )
