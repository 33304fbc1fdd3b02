"""What ships with newstag: the starter articles with their labels, and the gold labels by id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labels.article import Article
from labels.corpus import Labels, Sample
from labels.reading import label_row, read_articles
from labels.rows import raise_it, read_rows
from labels.scheme import Scheme

_HERE = Path(__file__).parent


def starter_samples(scheme: Scheme) -> Iterator[Sample]:
    """The starter articles, theme by theme; their rows carry their labels."""
    for path in _files("starter"):
        for article in read_articles([str(path)], raise_it):
            labels = scheme.labels_in(article.extra, article.where)
            yield Sample(
                article=article,
                labels=labels,
                source="starter",
                labelled_by="article row",
                theme=path.stem,
            )


def starter_article(name: str) -> Article:
    """One starter article, of an id such as ``s1-025``, which begins with its file's name.

    Raises:
        LookupError: there is none of that id.
    """
    path = _HERE / "starter" / f"{name.partition('-')[0]}.jsonl"
    return next(article for article in read_articles([str(path)], raise_it) if article.id == name)


def gold_labels(scheme: Scheme) -> dict[str, Labels]:
    """The gold labels of real posts by article id; the posts themselves do not ship."""
    rows = [row for path in _files("gold") for row in read_rows(str(path), raise_it)]
    return dict(label_row(row, scheme, where) for where, row in rows)


def shipped_readings() -> list[Path]:
    """The files whose rows carry two readings of an article."""
    return [*_files("gold"), *_files("starter")]


def _files(folder: str) -> list[Path]:
    """In the order of their numbers: s2 before s10."""
    return sorted((_HERE / folder).glob("*.jsonl"), key=lambda path: (len(path.stem), path.stem))
