"""Pipelines: the scikit-learn form of a model, fitted on a whole corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from labels.scheme import Kind, Scheme
from models.features import Block
from models.scorer import Scorer, Weights, fuse
from models.text import Text
from training.columns import columns_of, text_matrix, vectoriser_settings
from training.counts import Matrix, dtype_for, idf_of
from training.linear import Linear
from training.problem import Problem

_NOTHING = Text(cut="\0", title="", content="")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What was learnt from all ``articles``: a linear model for each group by its id.

    ``blocks`` are those of each kind of group; ``terms`` and ``idf``, by block, both have shape
    (terms,), in the order of the features.
    """

    scheme: Scheme
    articles: int
    blocks: Mapping[Kind, tuple[Block, ...]]
    terms: Mapping[Block, npt.NDArray[np.object_]]
    idf: Mapping[Block, Floats]
    linears: Mapping[str, Linear]

    def as_pipelines(self) -> dict[str, dict[str, Any]]:
        """For notebooks: by group id, a pipeline over segmented texts and the labels it scores.

        Nothing of ours is named inside; a pipeline reads rows of ``text_matrix`` with the
        ``columns`` named beside it.
        """
        vectorisers = {kind: self._vectoriser(blocks) for kind, blocks in self.blocks.items()}
        return {
            group.id: {
                "labels": [x for x, t in zip(group.ids, linear.trained, strict=True) if t],
                "columns": columns_of(self.blocks[group.kind]),
                "pipeline": Pipeline(
                    [("features", vectorisers[group.kind]), ("classifier", linear.classifier)]
                ),
            }
            for group in self.scheme.groups
            if (linear := self.linears[group.id]).classifier is not None
        }

    def _vectoriser(self, blocks: Sequence[Block]) -> ColumnTransformer:
        """As fitted on all texts, but made of what the counts have told already."""
        found = vectoriser(blocks, self.articles, self.terms)
        found.fit(text_matrix([_NOTHING], columns_of(blocks)))
        for block in blocks:
            found.named_transformers_[block.name].idf_ = self.idf[block]
        return found

    def as_scorer(self) -> Scorer:
        """All groups as one scorer: a matrix with a column for every output."""
        every = dict.fromkeys(block for blocks in self.blocks.values() for block in blocks)
        intercepts = np.concatenate([self.linears[g.id].intercepts for g in self.scheme.groups])
        return fuse([self._weights(block) for block in every], intercepts)

    def _weights(self, block: Block) -> Weights:
        terms = self.terms[block].tolist()
        weights = np.zeros((len(terms), len(self.scheme.outputs)))
        for group in self.scheme.groups:
            first = 0
            for one in self.blocks[group.kind]:
                rows = slice(first, first := first + len(self.terms[one]))
                if one == block:
                    weights[:, self.scheme.columns(group)] = self.linears[group.id].weights[rows]
        return Weights(block=block, terms=terms, idf=self.idf[block], weights=weights)


def vectoriser(
    blocks: Sequence[Block],
    articles: int,
    terms: Mapping[Block, npt.NDArray[np.object_]] | None = None,
) -> ColumnTransformer:
    """TF-IDF of each block, side by side, over rows of ``text_matrix``, of known ``terms``."""
    columns = columns_of(blocks)
    return ColumnTransformer(
        [
            (
                block.name,
                TfidfVectorizer(
                    **vectoriser_settings(block),
                    min_df=block.min_df if terms is None else 1,
                    sublinear_tf=block.sublinear,
                    dtype=dtype_for(articles),
                    vocabulary=None if terms is None else terms[block],
                ),
                columns.index((block.field, block.unit)),
            )
            for block in blocks
        ]
    )


def fit_pipelines(problem: Problem, blocks: Mapping[Kind, tuple[Block, ...]]) -> Fitted:
    """Fit on all articles; a group learns from those whose labels of it are known."""
    counts = problem.counts
    every = np.arange(len(problem.targets))
    features: dict[str, Matrix] = {
        kind: counts.features(mine, every) for kind, mine in blocks.items()
    }
    used = dict.fromkeys(block for mine in blocks.values() for block in mine)
    linears = {
        group.id: problem.fit(at, features, every) for at, group in enumerate(problem.scheme.groups)
    }
    return Fitted(
        scheme=problem.scheme,
        articles=len(every),
        blocks=blocks,
        terms={block: counts.names[block] for block in used},
        idf={block: _idf(counts.matrices[block]) for block in used},
        linears=linears,
    )


def _idf(counts: Matrix) -> Floats:
    df = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(idf_of(df, counts.shape[0], np.float64), np.float64)
