"""Pipelines: the scikit-learn form of a model, fitted on a whole corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from labels.scheme import Kind, Scheme
from models.features import Block
from models.scorer import Scorer, Weights, fuse
from models.text import Text
from training.counts import Matrix, columns_of, dtype_for, text_matrix, vectoriser_settings
from training.linear import Linear
from training.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A vectoriser for each kind of group, and a linear model for each group by its id."""

    scheme: Scheme
    vectorisers: Mapping[Kind, ColumnTransformer]
    blocks: Mapping[Kind, tuple[Block, ...]]
    linears: Mapping[str, Linear]

    def as_pipelines(self) -> dict[str, dict[str, Any]]:
        """For notebooks: by group id, a pipeline over segmented texts and the labels it scores.

        Nothing of ours is named inside; a pipeline reads rows of ``text_matrix`` with the
        ``columns`` named beside it.
        """
        return {
            group.id: {
                "labels": [x for x, t in zip(group.ids, linear.trained, strict=True) if t],
                "columns": columns_of(self.blocks[group.kind]),
                "pipeline": Pipeline(
                    [("features", self.vectorisers[group.kind]), ("classifier", linear.classifier)]
                ),
            }
            for group in self.scheme.groups
            if (linear := self.linears[group.id]).classifier is not None
        }

    def as_scorer(self) -> Scorer:
        """All groups as one scorer: a matrix a block, with a column for every output."""
        every = dict.fromkeys(block for blocks in self.blocks.values() for block in blocks)
        intercepts = np.concatenate([self.linears[g.id].intercepts for g in self.scheme.groups])
        return fuse([self._weights(block) for block in every], intercepts)

    def _weights(self, block: Block) -> Weights:
        kind = next(kind for kind, blocks in self.blocks.items() if block in blocks)
        vectoriser = self.vectorisers[kind].named_transformers_[block.name]
        weights = np.zeros((len(vectoriser.idf_), len(self.scheme.outputs)))
        for group in self.scheme.groups:
            if block in self.blocks[group.kind]:
                rows = self.vectorisers[group.kind].output_indices_[block.name]
                weights[:, self.scheme.columns(group)] = self.linears[group.id].weights[rows]
        return Weights(
            block=block,
            terms=vectoriser.get_feature_names_out().tolist(),
            idf=vectoriser.idf_,
            weights=weights,
        )


def vectoriser(blocks: Sequence[Block], articles: int) -> ColumnTransformer:
    """TF-IDF of each block, side by side, over rows of ``text_matrix``."""
    columns = columns_of(blocks)
    dtype = dtype_for(articles)
    return ColumnTransformer(
        [
            (
                block.name,
                TfidfVectorizer(
                    **vectoriser_settings(block),
                    min_df=block.min_df,
                    sublinear_tf=block.sublinear,
                    dtype=dtype,
                ),
                columns.index((block.field, block.unit)),
            )
            for block in blocks
        ]
    )


def _fit_transform(vectoriser: ColumnTransformer, columns: npt.NDArray[np.object_]) -> Matrix:
    """Sparse whatever the density: a ColumnTransformer makes dense features of small corpora."""
    return sparse.csr_array(vectoriser.fit_transform(columns))


def fit_pipelines(
    problem: Problem, blocks: Mapping[Kind, tuple[Block, ...]], texts: Sequence[Text]
) -> Fitted:
    """Fit on all texts; a group learns from those whose labels of it are known."""
    fitters = {kind: vectoriser(mine, len(texts)) for kind, mine in blocks.items()}
    features: dict[str, Matrix] = {
        kind: _fit_transform(one, text_matrix(texts, columns_of(blocks[kind])))
        for kind, one in fitters.items()
    }
    every = np.arange(len(texts))
    linears = {
        group.id: problem.fit(at, features, every) for at, group in enumerate(problem.scheme.groups)
    }
    return Fitted(scheme=problem.scheme, vectorisers=fitters, blocks=blocks, linears=linears)
