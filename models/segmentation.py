"""Segmentation: from Chinese text to words."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from labels.normalise import fold

SegmenterName = Literal["rjieba", "jieba"]

_DICTIONARY = Path(__file__).parents[1] / "labels" / "dictionary.txt"


class Segmenter(Protocol):
    """Cuts normalised text into words that, joined, give the text again.

    ``words`` are those that it was given beside its own dictionary.
    """

    @property
    def words(self) -> frozenset[str]: ...

    def cut(self, text: str) -> list[str]: ...


class _Rjieba:
    def __init__(self, words: Sequence[str]) -> None:
        self.words = frozenset(words)
        import rjieba  # reads its dictionary: 0.15 s

        self._engine = rjieba.Jieba()
        for word in _missing(words, self.cut):
            self._engine.add_word(word, self._engine.suggest_freq(word), "")

    def cut(self, text: str) -> list[str]:
        cut: list[str] = self._engine.cut(text, hmm=False)
        return cut


class _Jieba:
    """The reference implementation: the same words, much slower."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = frozenset(words)
        with warnings.catch_warnings():
            # Its escapes and its pkg_resources are of another time; there is no newer release.
            warnings.simplefilter("ignore")
            import jieba  # only where asked for: 1 s and 60 MB

        jieba.setLogLevel(logging.WARNING)
        self._engine = jieba.Tokenizer()
        # It would unmarshal a cache from the shared temporary directory, whoever wrote it.
        with tempfile.TemporaryDirectory() as private:
            self._engine.tmp_dir = private
            self._engine.initialize()
        for word in _missing(words, self.cut):
            self._engine.add_word(word)

    def cut(self, text: str) -> list[str]:
        return list(self._engine.cut(text, HMM=False))


def _missing(words: Sequence[str], cut: Callable[[str], list[str]]) -> Iterator[str]:
    """The words that do not come out whole as it is.

    Adding a word that the engine knows changes its frequency, in either engine to another one.
    """
    return (word for word in words if cut(word) != [word])


@cache
def open_segmenter(name: SegmenterName, words: tuple[str, ...]) -> Segmenter:
    """The segmenter with the given words beside its own dictionary; opened once a process.

    Hidden Markov models for unknown words are off: both engines then give the same words. Only
    where words of one's own make two cuts exactly as likely (of 甲乙 and 乙甲 in 甲乙甲) each
    takes its own. Without an installed rjieba, jieba takes its place.
    """
    if name == "rjieba":
        try:
            return _Rjieba(words)
        except ImportError:  # no wheel for this machine; the words are the same
            return _Jieba(words)
    return _Jieba(words)


def shipped_dictionary() -> str:
    """The text of ``labels/dictionary.txt``."""
    return _DICTIONARY.read_text("utf-8")


def dictionary_words(text: str) -> tuple[str, ...]:
    """The words of a dictionary file, folded as texts are; comments and blank lines left out."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(fold(line) for line in lines if line and not line.startswith("#")))
