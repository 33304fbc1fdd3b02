"""Features: the terms of an article, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from labels.article import Article
from labels.normalise import normalise
from models.segmentation import Segmenter

Field = Literal["title", "lead", "body", "whole"]
Unit = Literal["word", "character"]

LONGEST = 20_000  # characters of a content as given; what follows is not read
_LEAD = 300  # characters of the normalised content

# What a vectoriser is fed, in the order of the columns of a training matrix of texts.
COLUMNS: tuple[tuple[Field, Unit], ...] = tuple(
    (field, unit) for field in get_args(Field) for unit in get_args(Unit)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The n-grams, from ``low`` to ``high`` units long, of one field of an article.

    ``min_df`` is the number of training articles in which a term must stand.
    """

    field: Field
    unit: Unit = "word"
    low: int = 1
    high: int = 1
    min_df: int = 2

    @property
    def name(self) -> str:
        return f"{self.field} {self.unit} {self.low}-{self.high}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """An article read once: normalised, and cut into words that are no blanks."""

    title: str
    content: str
    title_words: tuple[str, ...]
    lead_words: tuple[str, ...]
    body_words: tuple[str, ...]
    truncated: bool

    def words(self, field: Field) -> tuple[str, ...]:
        if field == "title":
            return self.title_words
        if field == "lead":
            return self.lead_words
        return self.body_words if field == "body" else self.title_words + self.body_words

    def characters(self, field: Field) -> str:
        """The field's text on one line."""
        return self._text(field).replace("\n", " ")

    def _text(self, field: Field) -> str:
        if field == "title":
            return self.title
        if field == "lead":
            return self.content[:_LEAD]
        return self.content if field == "body" else f"{self.title}\n{self.content}"

    def column(self, field: Field, unit: Unit) -> str:
        """What a vectoriser is fed: words with blanks between them, or the characters."""
        return " ".join(self.words(field)) if unit == "word" else self.characters(field)


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
    words = text.words(block.field)
    for n in range(block.low, block.high + 1):
        for at in range(len(words) - n + 1):
            yield words[at] if n == 1 else " ".join(words[at : at + n])
