"""Golden texts: short texts with their scores, replayed whenever a version is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from labels.article import Article
from labels.errors import VersionError
from labels.scheme import Scheme
from models.predictor import Predictor
from models.segmentation import dictionary_words

NAME = "golden.jsonl"
_MOST = 16
_TOLERANCE = 1e-5


def golden_articles(scheme: Scheme, dictionary: str) -> list[Article]:
    """At most 16 texts made of label names and dictionary words, never of articles.

    Each label has its share of the words, the last of it: what was given to a version ends them.
    """
    labels = [label for group in scheme.groups for label in group.labels][:_MOST]
    words = dictionary_words(dictionary) or tuple(label.zh for label in labels)
    shares = np.array_split(np.array(words), len(labels))
    return [
        Article(
            id=f"golden-{at}",
            title=f"{label.zh} {label.en}",
            content=" ".join((label.zh, *share[-20:])),
        )
        for at, (label, share) in enumerate(zip(labels, shares, strict=True))
    ]


def write_golden(folder: Path, predictor: Predictor) -> None:
    """Record what the predictor says of the golden texts."""
    articles = golden_articles(predictor.model.scheme, predictor.model.dictionary)
    lines = [
        json.dumps(
            {"id": a.id, "title": a.title, "content": a.content, "scores": p.scores},
            ensure_ascii=False,
        )
        for a, p in zip(articles, predictor.predict(articles), strict=True)
    ]
    (folder / NAME).write_text("\n".join(lines) + "\n", "utf-8")


def replay_golden(folder: Path, predictor: Predictor) -> None:
    """Refuse a version that does not say what it said when it was made.

    Raises:
        VersionError: names the first golden text whose scores moved, and how far.
    """
    path = folder / NAME
    rows, articles = _read(path)
    for row, prediction in zip(rows, predictor.predict(articles), strict=True):
        moved = np.max(
            [
                abs(score - row["scores"][group][label])
                for group, scores in prediction.scores.items()
                for label, score in scores.items()
            ]
        )
        if not moved <= _TOLERANCE:  # so that NaN is refused too
            what = f"golden text {row['id']} scores otherwise, by {moved:.6f}"
            raise VersionError(
                str(path), what, "Install the libraries of its manifest, or train again"
            )


def _read(path: Path) -> tuple[list[dict[str, Any]], list[Article]]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
        articles = [Article(id=r["id"], title=r["title"], content=r["content"]) for r in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VersionError(str(path), "missing or not golden texts", "Train again") from error
    if not rows:
        raise VersionError(str(path), "no golden texts", "Train again")
    return rows, articles
