"""Sides of a benchmark: ways to go over articles, each answer let go before the next question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.plain import rjieba_words
from labels.article import Article

Tag = Callable[[Sequence[Article]], object]


def one_by_one(tag: Tag) -> Tag:
    """The same for each article by itself, as services get them."""

    def each(articles: Sequence[Article]) -> None:
        for one in articles:
            tag([one])

    return each


def segment(articles: Sequence[Article]) -> None:
    """Raw segmentation and nothing else: the floor."""
    for one in articles:
        rjieba_words(one.title)
        rjieba_words(one.content)
