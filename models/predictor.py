"""The predictor: the one way from articles to predictions, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from labels.article import Article
from labels.scheme import Group
from models.decision import LEAST_CHARACTERS, LEAST_KNOWN, Choice, decide
from models.features import Text, read_text
from models.model import Model
from models.prediction import DECIMALS, Prediction
from models.scorer import Scores
from models.segmentation import SegmenterName, dictionary_words, open_segmenter


class Predictor:
    """A model with its segmenter, ready to answer. Safe to share between threads."""

    def __init__(self, model: Model, version: str, segmenter: SegmenterName = "rjieba") -> None:
        self.model = model
        self.version = version
        self._segmenter = open_segmenter(segmenter, dictionary_words(model.dictionary))

    def predict(self, articles: Iterable[Article]) -> list[Prediction]:
        """One prediction an article, in order; none depends on the others."""
        return [self._predict(article) for article in articles]

    def _predict(self, article: Article) -> Prediction:
        text = read_text(article, self._segmenter)
        linear = self.model.scorer.score(text)
        scheme = self.model.scheme
        given, scores = {}, {}
        reasons: list[str] = []
        for group in scheme.groups:
            likely = self.model.calibrations[group.id](linear[scheme.columns(group)])
            choice = decide(group, self.model.rules[group.id], likely)
            given[group.id] = _likeliest_first(group, choice, likely)
            scores[group.id] = _named(group, likely)
            reasons += choice.reasons
        return Prediction(
            id=article.id,
            scheme=scheme,
            given=given,
            scores=scores,
            reasons=(*reasons, *self._warnings(text)),
            model=self.version,
        )

    def _warnings(self, text: Text) -> list[str]:
        """What makes the text itself hard to judge."""
        little = sum(not character.isspace() for character in text.content) < LEAST_CHARACTERS
        strange = not little and self.model.scorer.known_share(text) < LEAST_KNOWN
        found = {
            "too_little_text": little,
            "truncated": text.truncated,
            "out_of_vocabulary": strange,
        }
        return [reason for reason, holds in found.items() if holds]


def _likeliest_first(group: Group, choice: Choice, likely: Scores) -> tuple[str, ...]:
    return tuple(group.ids[at] for at in sorted(choice.given, key=lambda at: -likely[at]))


def _named(group: Group, likely: Scores) -> dict[str, float]:
    order = np.argsort(-likely, kind="stable")
    return {group.ids[at]: round(float(likely[at]), DECIMALS) for at in order}
