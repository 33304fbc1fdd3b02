"""A difference: how an article is called now, and how it was called before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labels.article import Article
from labels.errors import InputError
from labels.scheme import Group, Scheme
from models.prediction import Prediction


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """The labels of an article by group, as another version or its own row has them.

    A group that is not there is not compared; ``review`` is None where labels came from the row.
    """

    labels: Mapping[str, frozenset[str]]
    review: bool | None


def predicted(prediction: Prediction) -> Before:
    """What another version said."""
    labels = {group: frozenset(given) for group, given in prediction.given.items()}
    return Before(labels=labels, review=prediction.review)


def labelled(scheme: Scheme, article: Article) -> Before | InputError:
    """What the article's own row says; a label that the scheme has not is an error."""
    try:
        return Before(labels=scheme.labels_in(article.extra, article.where), review=None)
    except InputError as error:
        return error


def is_changed(now: Prediction, before: Before) -> bool:
    """Whether any group that both know has other labels."""
    return any(was != is_ for _, was, is_ in _groups(now, before))


def _groups(
    now: Prediction, before: Before
) -> Iterator[tuple[Group, frozenset[str], frozenset[str]]]:
    for group in now.scheme.groups:
        if group.id in before.labels:
            yield group, before.labels[group.id], frozenset(now.given[group.id])


def change_row(now: Prediction, before: Before) -> str:
    """A line of the file of changed articles."""
    changed = {
        group.id: {"before": _shown(group, was), "after": _shown(group, is_)}
        for group, was, is_ in _groups(now, before)
        if was != is_
    }
    review = {"before": before.review, "after": now.review}
    if before.review is None:
        del review["before"]
    row = {"id": now.id, "changed": changed, "review": review, "model": now.model}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _shown(group: Group, labels: frozenset[str]) -> str | list[str]:
    """As a row of labels has them."""
    names = sorted(labels)
    return names[0] if group.exclusive and len(names) == 1 else names


def count(now: Prediction, before: Before) -> Counter[str]:
    """One article, as counts under names that a summary takes apart."""
    found = Counter[str]()
    changed = False
    for group, was, is_ in _groups(now, before):
        changed |= was != is_
        found[f"{group.id}:compared"] = 1
        for label in was | is_:
            part = "gained" if label not in was else "lost" if label not in is_ else "kept"
            found[f"{group.id}:{label}:{part}"] = 1
            if label in is_ and now.review:
                found[f"{group.id}:{label}:review"] = 1
            if label in was and before.review:
                found[f"{group.id}:{label}:review_before"] = 1
        if group.exclusive and was != is_:
            found[f"{group.id}:{'|'.join(sorted(was))}>{'|'.join(sorted(is_))}:moved"] = 1
    found["compared"] = int(any(True for _ in _groups(now, before)))
    found["changed"] = int(changed)
    found["review_before"] = int(bool(before.review))
    return found
