"""The strongest words of a version, read from its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labels.errors import VersionError
from labels.scheme import Scheme
from models.arrays import read_scorer
from models.features import Block
from models.manifest import read_manifest
from models.scorer import Scorer
from models.words import MOST, Word, words_of


def strongest_words(version: Path, scheme: Scheme, most: int = MOST) -> Iterator[Word]:
    """At most so many words for each label and as many against it.

    Raises:
        VersionError: the version's arrays are missing or damaged.
    """
    return words_of(_read_scorer(version, scheme), scheme, most)


def _read_scorer(version: Path, scheme: Scheme) -> Scorer:
    manifest = read_manifest(version)
    try:
        raw: list[dict[str, Any]] = [dict(block) for block in manifest.blocks]
        blocks = tuple(Block(**block) for block in raw)
        return read_scorer(version, blocks, manifest.intercepts, len(scheme.outputs))
    except (OSError, TypeError, ValueError) as error:
        raise VersionError(str(version), "weights that cannot be read", "Train again") from error
