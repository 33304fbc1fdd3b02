"""From rows to articles or to labels, each checked at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from labels.article import Article, article_from, read_id
from labels.corpus import Labels
from labels.errors import InputError
from labels.rows import Reject, raise_it, read_rows
from labels.scheme import Scheme

Notice = Callable[[str], None]
Filed = tuple[Labels, str]  # labels, and where they stand


def read_articles(paths: Iterable[str], reject: Reject) -> Iterator[Article]:
    """The articles of several files, as a stream; unreadable ones go to ``reject``.

    Raises:
        InputError: a file as a whole cannot be read.
    """
    for path in paths:
        for where, row in read_rows(path, reject):
            try:
                article = article_from(row, where)
            except InputError as error:
                reject(error)
            else:
                yield article


def read_distinct(
    paths: Iterable[str], scheme: Scheme, reject: Reject, notice: Notice
) -> dict[str, Article]:
    """Articles by id; the same article twice is a notice.

    Raises:
        InputError: two texts, or two labellings of one text, under one id.
    """
    found: dict[str, Article] = {}
    for article in read_articles(paths, reject):
        first = found.setdefault(article.id, article)
        if first is not article:
            found[article.id] = _one_of(first, article, scheme)
            notice(f"{article.where}: the same article as {first.where}: taken once")
    return found


def _one_of(first: Article, again: Article, scheme: Scheme) -> Article:
    """The one that has labels."""
    if first.text_digest() != again.text_digest():
        what = f"id '{again.id}' stands at {first.where} with another text"
        raise InputError(again.where, what, "Give each article an id of its own")
    labels = scheme.labels_in(first.extra, first.where)
    others = scheme.labels_in(again.extra, again.where)
    if labels and others and labels != others:
        what = f"'{again.id}' is labelled otherwise at {first.where}"
        raise InputError(again.where, what, "Keep one of the two")
    return first if labels else again


def read_labels(paths: Iterable[str], scheme: Scheme, notice: Notice) -> dict[str, Filed]:
    """Labels by article id; the same label twice is a notice.

    Raises:
        InputError: an unreadable row, an unknown label, two labellings of one id.
    """
    found: dict[str, Filed] = {}
    for path in paths:
        for where, row in read_rows(path, raise_it):
            name, labels = label_row(row, scheme, where)
            if name not in found:
                found[name] = labels, where
                continue
            first, place = found[name]
            if first != labels:
                what = f"'{name}' is labelled otherwise at {place}"
                raise InputError(where, what, "Keep one of the two")
            notice(f"{where}: the same label as {place}: taken once")
    return found


def label_row(row: object, scheme: Scheme, where: str) -> tuple[str, Labels]:
    """The article id and the labels that a row of a labels file gives.

    Raises:
        InputError: not an object, no id, an unknown label or none at all.
    """
    groups = " and ".join(group.id for group in scheme.groups)
    if not isinstance(row, dict):
        raise InputError(where, "not an object", f'Give {{"id": …}} with {groups}')
    name = read_id(row.get("id"), where, "Give the id of the article that the label is for")
    labels = scheme.labels_in(row, where)
    if not labels:
        raise InputError(where, "no label", f"Give {groups}")
    return name, labels
