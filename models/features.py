"""Features: the terms of an article, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from labels.article import Article
from labels.normalise import normalise
from models.segmentation import Segmenter

# ``markers`` are the words that a title sets in brackets, as in 【通知】, each as one term;
# ``dictionary`` the words of title and content that stand in the model's own dictionary.
Field = Literal["title", "lead", "body", "last", "whole", "markers", "dictionary"]
# ``shape`` are words with every digit written as 0, so that all dates and sums look alike.
Unit = Literal["word", "character", "shape"]

LONGEST = 20_000  # characters of a content as given; what follows is not read
_LEAD = 300  # characters of the normalised content
_LAST = 200  # characters of the normalised content, blanks aside

Column = tuple[Field, Unit]

# Fields that are words and no running text have neither characters nor shapes.
COLUMNS: tuple[Column, ...] = tuple(
    (field, unit)
    for field in get_args(Field)
    for unit in get_args(Unit)
    if unit == "word" or field not in ("markers", "dictionary")
)

_MARKER = re.compile(r"[【\[「《<]([^】\]」》>]{1,12})[】\]」》>]")
_SHAPE = str.maketrans("123456789", "000000000")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The n-grams, from ``low`` to ``high`` units long, of one field of an article.

    ``min_df`` is the number of training articles in which a term must stand. With ``sublinear``
    a term counts 1 + ln(tf), otherwise tf, the number of times that it occurs.
    """

    field: Field
    unit: Unit = "word"
    low: int = 1
    high: int = 1
    min_df: int = 2
    sublinear: bool = True

    @property
    def name(self) -> str:
        """For people and pipelines; what is usual is left out."""
        rare = f" min_df {self.min_df}" if self.min_df != 2 else ""
        plain = "" if self.sublinear else " plain tf"
        return f"{self.field} {self.unit} {self.low}-{self.high}{rare}{plain}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """An article read once: normalised, and cut into words that are no blanks.

    ``dictionary`` holds the words of the model's own dictionary.
    """

    title: str
    content: str
    title_words: tuple[str, ...]
    lead_words: tuple[str, ...]
    body_words: tuple[str, ...]
    truncated: bool
    dictionary: frozenset[str] = frozenset()

    def words(self, field: Field, unit: Unit = "word") -> tuple[str, ...]:
        """The field's words, or their shapes."""
        words = self._words(field)
        return tuple(word.translate(_SHAPE) for word in words) if unit == "shape" else words

    def _words(self, field: Field) -> tuple[str, ...]:
        match field:
            case "title" | "lead" | "body":
                words: tuple[str, ...] = getattr(self, f"{field}_words")
            case "last":
                words = self.body_words[_first_of_last(self.body_words) :]
            case "whole":
                words = self.title_words + self.body_words
            case "markers":
                found = ("".join(one.split()) for one in _MARKER.findall(self.title))
                words = tuple(filter(None, found))
            case "dictionary":
                words = tuple(word for word in self._words("whole") if word in self.dictionary)
        return words

    def characters(self, field: Field) -> str:
        """The field's text on one line."""
        return self._text(field).replace("\n", " ")

    def _text(self, field: Field) -> str:
        match field:
            case "title":
                return self.title
            case "lead":
                return self.content[:_LEAD]
            case "body":
                return self.content
            case "last":
                return self.content[-_LAST:]
            case _:
                return f"{self.title}\n{self.content}"

    def column(self, field: Field, unit: Unit) -> str:
        """What a vectoriser is fed: words with blanks between them, or the characters."""
        if unit == "character":
            return self.characters(field)
        return " ".join(self.words(field, unit))


def read_text(article: Article, segmenter: Segmenter) -> Text:
    """Normalise and segment an article; content beyond 20,000 characters is left out."""
    title = normalise(article.title[:LONGEST], furniture=True).text
    content = normalise(article.content[:LONGEST]).text
    body, lead = _cut_content(content, segmenter)
    return Text(
        title=title,
        content=content,
        title_words=tuple(word for word in segmenter.cut(title) if not word.isspace()),
        lead_words=lead,
        body_words=body,
        truncated=max(len(article.content), len(article.title)) > LONGEST,
        dictionary=segmenter.words,
    )


def _cut_content(content: str, segmenter: Segmenter) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the content, and those of them that begin in the lead."""
    cut = segmenter.cut(content)
    at = 0
    in_lead = len(cut)
    for index, word in enumerate(cut):
        if at >= _LEAD:
            in_lead = index
            break
        at += len(word)
    body = tuple(word for word in cut if not word.isspace())
    return body, tuple(word for word in cut[:in_lead] if not word.isspace())


def _first_of_last(words: tuple[str, ...]) -> int:
    """Where those words begin that together make up the last 200 characters at most."""
    room = _LAST
    for at in range(len(words) - 1, -1, -1):
        room -= len(words[at])
        if room < 0:
            return at + 1
    return 0


def terms(text: Text, block: Block) -> Iterator[str]:
    """Every n-gram of the block, as often as it occurs.

    The same terms that scikit-learn's ``CountVectorizer`` makes of ``text.column(…)``.
    """
    if block.unit == "character":
        characters = text.characters(block.field)
        # An n beyond the text gives nothing, as a slice of the right length does not exist.
        for n in range(block.low, min(block.high, len(characters)) + 1):
            for at in range(len(characters) - n + 1):
                yield characters[at : at + n]
        return
    words = text.words(block.field, block.unit)
    for n in range(block.low, block.high + 1):
        for at in range(len(words) - n + 1):
            yield words[at] if n == 1 else " ".join(words[at : at + n])
