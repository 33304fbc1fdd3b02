"""Counts: the terms of a corpus counted once, from which every fold's features are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from models.features import Block, Column
from models.text import Text

Rows = npt.NDArray[np.intp]
Matrix = Any  # scipy's sparse matrices have no types

_FLOAT32_FROM = 20_000  # articles; below, float64 costs nothing


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Term counts of every article, a CSR matrix of shape (n, terms) a block."""

    matrices: dict[Block, Matrix]

    def features(self, blocks: Sequence[Block], train: Rows) -> Matrix:
        """TF-IDF features of all n articles, with vocabulary and idf of the ``train`` rows alone.

        The same numbers that ``training.pipelines`` gives when fitted on these rows.
        """
        usable = [self._block(block, train) for block in self.usable(blocks)]
        if not usable:
            return sparse.csr_array((next(iter(self.matrices.values())).shape[0], 0))
        return sparse.hstack(usable, format="csr")

    def usable(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Those of the blocks that have terms at all."""
        return tuple(block for block in blocks if block in self.matrices)

    def _block(self, block: Block, train: Rows) -> Matrix:
        counts = self.matrices[block]
        seen = np.bincount(counts[train].indices, minlength=counts.shape[1]) >= block.min_df
        kept = counts[:, np.flatnonzero(seen)]
        if not kept.shape[1]:
            return kept
        return TfidfTransformer(sublinear_tf=block.sublinear).fit(kept[train]).transform(kept)


def count(texts: Sequence[Text], blocks: Sequence[Block]) -> Counts:
    """Count the terms of each block in each text.

    A block is left out where none of its terms stands in enough texts, as that of titles is
    when no article has one.
    """
    found = {block: _count(texts, block) for block in blocks}
    return Counts(matrices={block: matrix for block, matrix in found.items() if matrix is not None})


def _count(texts: Sequence[Text], block: Block) -> Matrix | None:
    vectoriser = CountVectorizer(**vectoriser_settings(block), dtype=dtype_for(len(texts)))
    try:
        matrix = vectoriser.fit_transform([t.column(block.field, block.unit) for t in texts])
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return None
    return matrix if np.bincount(matrix.indices).max() >= block.min_df else None


def dtype_for(articles: int) -> type[np.floating[Any]]:
    """The type of features: float32 above 20,000 articles, to halve memory."""
    return np.float32 if articles > _FLOAT32_FROM else np.float64


def vectoriser_settings(block: Block) -> dict[str, object]:
    """What scikit-learn's vectorisers need to find the terms of ``models.features.terms``.

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
