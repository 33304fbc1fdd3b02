"""Evidence: what a version remembers of the articles that it was trained on, without their text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from labels.article import Article
from labels.corpus import Labels, Source
from labels.duplicates import SIMILAR, SKETCH_SIZE, sketch
from labels.errors import VersionError
from labels.scheme import Scheme

Why = Literal["same text", "near-duplicate", "same id"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The articles of a training corpus: ids, digests of their texts, sketches of shape (n, 64)."""

    ids: frozenset[str]
    texts: frozenset[str]
    sketches: npt.NDArray[np.uint32]

    def why(self, article: Article) -> Why | None:
        """Why the article counts as trained on; None where it was not.

        An article of a known id may have been edited since, so that the id alone is enough.
        """
        if article.text_digest() in self.texts:
            return "same text"
        alike = (self.sketches == sketch(article)).mean(axis=1)
        if (alike >= SIMILAR).any():
            return "near-duplicate"
        return "same id" if article.id in self.ids else None


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """The same, row for row: ids, digests of their texts, sketches of shape (n, 64)."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    sketches: npt.NDArray[np.uint32]


def read_seen(folder: Path) -> Seen:
    """What ``corpus.jsonl`` of a version holds, to look articles up in.

    Raises:
        VersionError: it is missing or damaged.
    """
    held = read_remembered(folder)
    return Seen(ids=frozenset(held.ids), texts=frozenset(held.texts), sketches=held.sketches)


def read_remembered(folder: Path) -> Remembered:
    """What ``corpus.jsonl`` of a version holds.

    Raises:
        VersionError: it is missing or damaged.
    """
    rows = _rows(folder / "corpus.jsonl")
    try:
        flat = b"".join(bytes.fromhex(row["sketch"]) for row in rows)
        return Remembered(
            ids=tuple(_text(row["id"]) for row in rows),
            texts=tuple(_text(row["text"]) for row in rows),
            sketches=np.frombuffer(flat, ">u4").reshape(len(rows), SKETCH_SIZE).astype(np.uint32),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder / "corpus.jsonl") from error


@dataclass(frozen=True, kw_only=True)
class OutOfFold:
    """What models that had not seen an article said of it; row for row.

    ``likely`` has shape (n, outputs) and NaN where no model had learnt the label.
    """

    ids: tuple[str, ...]
    sources: tuple[Source, ...]
    labels: tuple[Labels, ...]
    likely: npt.NDArray[np.float64]


def read_out_of_fold(folder: Path, scheme: Scheme) -> OutOfFold:
    """What ``oof.jsonl`` of a version holds.

    Raises:
        VersionError: it is missing or damaged.
    """
    rows = _rows(folder / "oof.jsonl")
    try:
        return OutOfFold(
            ids=tuple(_text(row["id"]) for row in rows),
            sources=tuple(row["source"] for row in rows),
            labels=tuple(
                {group: frozenset(names) for group, names in row["gold"].items()} for row in rows
            ),
            likely=np.array([_likely(row["scores"], scheme) for row in rows], np.float64).reshape(
                len(rows), len(scheme.outputs)
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder / "oof.jsonl") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where a text should be")
    return value


def _likely(scores: Mapping[str, Mapping[str, float | None]], scheme: Scheme) -> list[float]:
    found = (scores[group][label] for group, label in scheme.outputs)
    return [float("nan") if score is None else score for score in found]


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    except (OSError, ValueError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> VersionError:
    return VersionError(str(path), "missing or damaged", "Train again")
