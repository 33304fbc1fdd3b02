"""The plainest tagger: what one writes in ten lines of scikit-learn and jieba."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

Engine = Literal["jieba", "rjieba"]
Tags = tuple[str, frozenset[str]]  # the type and the domains


@cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its escapes are of another time
        import jieba

    jieba.setLogLevel(logging.WARNING)
    if jieba.dt.tmp_dir is None:
        # Not the cache that lies in the shared temporary directory, whoever wrote it.
        with tempfile.TemporaryDirectory() as private:
            jieba.dt.tmp_dir = private
            jieba.initialize()
    return jieba


def jieba_words(text: str) -> list[str]:
    words: list[str] = _jieba().lcut(text, HMM=False)
    return words


def rjieba_words(text: str) -> list[str]:
    import rjieba

    words: list[str] = rjieba.cut(text, hmm=False)
    return words


_CUTTERS: dict[Engine, Callable[[str], list[str]]] = {
    "jieba": jieba_words,
    "rjieba": rjieba_words,
}


class Plain:
    """TF-IDF of the words of title and content, and linear support vector machines on it.

    Without a model of unknown words (HMM), as newstag cuts, too: with it, which is how both
    engines come, jieba takes a third longer.
    """

    def __init__(self, engine: Engine) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.preprocessing import MultiLabelBinarizer
        from sklearn.svm import LinearSVC

        self.vectoriser = TfidfVectorizer(
            tokenizer=_CUTTERS[engine], token_pattern=None, lowercase=False
        )
        self.types = LinearSVC()
        self.domains = OneVsRestClassifier(LinearSVC())
        self.names = MultiLabelBinarizer()

    def fit(self, texts: Sequence[str], tags: Sequence[Tags]) -> Plain:
        features = self.vectoriser.fit_transform(texts)
        self.types.fit(features, [kind for kind, _ in tags])
        self.domains.fit(features, self.names.fit_transform([sorted(some) for _, some in tags]))
        return self

    def predict(self, texts: Sequence[str]) -> list[Tags]:
        features = self.vectoriser.transform(texts)
        domains = self.names.inverse_transform(self.domains.predict(features))
        kinds = self.types.predict(features).tolist()
        return [(kind, frozenset(some)) for kind, some in zip(kinds, domains, strict=True)]


def plain_text(title: str, content: str) -> str:
    return f"{title}\n{content}"
