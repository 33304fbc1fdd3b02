"""The dictionary of a version: the shipped words, and beside them those of a newsroom."""

from __future__ import annotations

from collections.abc import Sequence

from models.segmentation import (
    SegmenterName,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)

_SHOWN = 5  # words that are cut apart


def dictionary_with(words: Sequence[str]) -> str:
    """The text of the shipped dictionary, with the words that it lacks at its end."""
    shipped = shipped_dictionary()
    known = set(dictionary_words(shipped))
    lacking = "".join(f"{word}\n" for word in words if word not in known)
    return f"{shipped}\n# Given to this version\n{lacking}" if lacking else shipped


def gained_line(words: Sequence[str], segmenter: SegmenterName) -> str:
    """How many words were given, and which of them are cut apart where they are not."""
    cut = open_segmenter(segmenter, dictionary_words(shipped_dictionary())).cut
    apart = ["/".join(cut(word)) for word in words if cut(word) != [word]]
    shown = f" ({', '.join(apart[:_SHOWN])}{', …' if apart[_SHOWN:] else ''})" if apart else ""
    told = f"words of your own: {len(words):,}; cut apart without the dictionary: {len(apart):,}"
    return told + shown
