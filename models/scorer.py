"""The scorer: one linear model over all labels, read straight from an article's terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.features import Block, Text, terms

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What training learnt about the terms of one block.

    ``idf`` has shape (terms,), ``weights`` shape (terms, outputs); both are float32. Outputs
    whose group does not use the block have weight 0.
    """

    block: Block
    vocabulary: dict[str, int]
    idf: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """TF-IDF, each block scaled to length 1, times weights, plus intercepts.

    ``intercepts`` has shape (outputs,).
    """

    blocks: Sequence[Weights]
    intercepts: Scores

    def score(self, text: Text) -> Scores:
        """Linear scores, shape (outputs,), before calibration.

        Terms are added in the order of their columns and in float64, so that the score depends
        on the article alone.
        """
        scores = self.intercepts.copy()
        for block in self.blocks:
            columns, values = tf_idf(text, block)
            if len(columns):
                scores += values @ block.weights[columns].astype(np.float64)
        return scores

    def known_share(self, text: Text) -> float:
        """The share of the article's words that stand in some vocabulary of words, 0 to 1."""
        words = text.words("whole")
        if not words:
            return 0.0
        plain = [b.vocabulary for b in self.blocks if b.block.unit == "word"]
        shaped = [b.vocabulary for b in self.blocks if b.block.unit == "shape"]
        shapes = text.words("whole", "shape") if shaped else words
        known = sum(
            any(word in terms for terms in plain) or any(shape in terms for terms in shaped)
            for word, shape in zip(words, shapes, strict=True)
        )
        return known / len(words)


def tf_idf(text: Text, block: Weights) -> tuple[npt.NDArray[np.intp], Scores]:
    """The columns of the known terms, ascending, and their values, scaled to length 1.

    The value of a term is (1 + ln tf) * idf, or tf * idf in a block that is not sublinear, with
    idf = ln((1 + n) / (1 + df)) + 1 as scikit-learn's ``TfidfTransformer`` has it.
    """
    known = block.vocabulary
    counted = Counter(known[term] for term in terms(text, block.block) if term in known)
    columns = np.array(sorted(counted), np.intp)
    counts = np.array([counted[column] for column in columns.tolist()], np.float64)
    counts = 1 + np.log(counts) if block.block.sublinear else counts
    values = counts * block.idf[columns].astype(np.float64)
    length = float(np.sqrt(values @ values))
    return columns, values / length if length else values
