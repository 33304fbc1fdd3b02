"""The predictor: the one way from articles to predictions, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, repeat

from labels.article import Article
from labels.scheme import Group
from models.decision import LEAST_CHARACTERS, LEAST_KNOWN, Choice, decide
from models.explanation import Scored
from models.explanation import explain as explain_
from models.model import Model
from models.prediction import DECIMALS, Prediction
from models.segmentation import SegmenterName, dictionary_words, open_segmenter
from models.text import Read, Text, read_article

_AT_ONCE = 16  # articles that are read before they are scored


class Predictor:
    """A model with its segmenter, ready to answer. Safe to share between threads."""

    def __init__(self, model: Model, version: str, segmenter: SegmenterName = "rjieba") -> None:
        self.model = model
        self.version = version
        self._segmenter = open_segmenter(segmenter, dictionary_words(model.dictionary))

    def predict(self, articles: Iterable[Article], explain: int = 0) -> list[Prediction]:
        """One prediction an article, in order; none depends on the others.

        With ``explain`` each says for every label which words spoke most for or against it, at
        most so many.
        """
        found: list[Prediction] = []
        rest = iter(articles)
        while part := list(islice(rest, _AT_ONCE)):
            # Segmenting and scoring push each other's tables out of the processor's caches.
            read = [read_article(article) for article in part]
            texts = [one.cut(self._segmenter) for one in read]
            found += map(self._predict, part, read, texts, repeat(explain))
        return found

    def _predict(self, article: Article, read: Read, text: Text, most: int) -> Prediction:
        scorer, scheme = self.model.scorer, self.model.scheme
        terms = scorer.terms(text)
        rows = scorer.known_rows(terms)
        values = scorer.values(rows)
        linear = scorer.weigh(values)
        explained = None
        if most:
            scored = Scored(read, text, terms, rows, values, linear)
            explained = explain_(scheme, scorer, scored, most)
        known, words = scorer.count_known(text, terms)
        given, scores = {}, {}
        reasons: list[str] = []
        numbers = linear.tolist()
        for group in scheme.groups:
            likely = self.model.calibrations[group.id].likely(numbers[scheme.columns(group)])
            choice = decide(group, self.model.rules[group.id], likely)
            given[group.id], scores[group.id] = _likeliest_first(group, choice, likely)
            reasons += choice.reasons
        return Prediction(
            id=article.id,
            scheme=scheme,
            given=given,
            scores=scores,
            reasons=(*reasons, *_warnings(text, known, words)),
            model=self.version,
            words=words,
            unknown=words - known,
            explain=explained,
        )


def _warnings(text: Text, known: int, words: int) -> list[str]:
    """What makes the text itself hard to judge."""
    little = text.count_characters(LEAST_CHARACTERS) < LEAST_CHARACTERS
    found = {
        "too_little_text": little,
        "truncated": text.truncated,
        "out_of_vocabulary": not little and known < LEAST_KNOWN * max(words, 1),
    }
    return [reason for reason, holds in found.items() if holds]


def _likeliest_first(
    group: Group, choice: Choice, likely: Sequence[float]
) -> tuple[tuple[str, ...], dict[str, float]]:
    """The labels given, and the probabilities of all labels."""
    order = sorted(range(len(likely)), key=likely.__getitem__, reverse=True)
    given = tuple(group.ids[at] for at in order if at in choice.given)
    return given, {group.ids[at]: round(likely[at], DECIMALS) for at in order}
