"""The subject of a benchmark: a model of the default recipe, and articles to give it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from labels.article import Article
from labels.corpus import Corpus
from labels.joining import Given, read_corpus
from labels.reading import read_articles
from labels.rows import raise_it
from labels.scheme import shipped_scheme
from labels.shipped import starter_samples
from models.store import Store
from training.recipe import Recipe
from training.saving import save
from training.train import train

_OTHERS = 40  # starter articles


def starter_corpus() -> Corpus:
    return read_corpus(Given(scheme=shipped_scheme()), raise_it, lambda _notice: None)


def trained_version(store: Path, corpus: Corpus) -> Path:
    """The directory of a version trained with the default recipe; champion of its new store."""
    print(f"training on {len(corpus)} starter articles", file=sys.stderr)
    trained = train(corpus, Recipe(), "rjieba", -1, lambda _done, _of: None)
    return save(Store(store), trained, datetime.now(UTC))


def subject_of(paths: Sequence[str]) -> tuple[list[Article], list[Article]]:
    """The articles to measure, as ``articles_of`` has them, and 40 others to warm a side with."""
    starter = articles_of([])
    return articles_of(paths) if paths else starter[:-_OTHERS], starter[-_OTHERS:]


def articles_of(paths: Sequence[str]) -> list[Article]:
    """The articles of the files, or the starter articles where no file is given."""
    if paths:
        return list(read_articles(paths, raise_it))
    return [sample.article for sample in starter_samples(shipped_scheme())]
