"""Columns: segmented texts as scikit-learn's vectorisers take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.features import Block, Column
from models.text import Text


def vectoriser_settings(block: Block) -> dict[str, object]:
    """What scikit-learn's vectorisers need to find the terms of ``models.text.terms``.

    Texts arrive segmented, so that no function of ours is named inside a pickle.
    """
    return {
        "analyzer": "char" if block.unit == "character" else "word",
        "token_pattern": None if block.unit == "character" else r"\S+",
        "ngram_range": (block.low, block.high),
        "lowercase": False,
    }


def columns_of(blocks: Sequence[Block]) -> tuple[Column, ...]:
    """The fields and units that the blocks read, each once, in a fixed order."""
    return tuple(dict.fromkeys((block.field, block.unit) for block in blocks))


def text_matrix(texts: Sequence[Text], columns: Sequence[Column]) -> npt.NDArray[np.object_]:
    """Texts as a pipeline takes them, shape (n, columns)."""
    rows = [[text.column(field, unit) for field, unit in columns] for text in texts]
    return np.array(rows, object).reshape(len(rows), len(columns))
