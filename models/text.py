"""A text: an article read once, normalised and cut into words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labels.article import Article
from labels.normalise import Normalised, fold
from models.features import LAST, LEAD, Block, Field, Unit
from models.keys import SEPARATOR, joined
from models.segmentation import Segmenter

LONGEST = 20_000  # characters of title and content, each, as given; what follows is not read

_MARKER = re.compile(r"[【\[「《<]([^】\]」》>]{1,12})[】\]」》>]")
_SHAPE = str.maketrans("123456789", "000000000")


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """An article read once. ``cut`` are its words, blanks among them, between separators.

    The whole text is the title, a line feed and the content. ``dictionary`` holds the words of
    the model's own dictionary. What is here in strings, ``models.units`` has in arrays.
    """

    cut: str
    title: str
    content: str
    truncated: bool = False
    dictionary: frozenset[str] = frozenset()

    def words(self, field: Field, unit: Unit = "word") -> tuple[str, ...]:
        """The field's words, which are no blanks, or their shapes."""
        words = self._words(field)
        return tuple(word.translate(_SHAPE) for word in words) if unit == "shape" else words

    def _words(self, field: Field) -> tuple[str, ...]:
        match field:
            case "markers":
                return tuple(word for word, _, _ in self.markers())
            case "dictionary":
                return tuple(word for word in self._words("whole") if word in self.dictionary)
            case "last":
                words = self._words("body")
                return words[_first_of_last(words) :]
            case _:
                begin, end = self.span(field)
                return tuple(word for word, at in self._placed() if begin <= at < end)

    def _placed(self) -> Iterator[tuple[str, int]]:
        """The words that are no blanks, and where they begin in the whole text."""
        at = 0
        for word in self.cut.split(SEPARATOR):
            if word and not word.isspace():
                yield word, at
            at += len(word)

    def markers(self) -> Iterator[tuple[str, int, int]]:
        """The words that the title sets in brackets, and where they begin and end."""
        for match in _MARKER.finditer(self.title):
            if word := "".join(match[1].split()):
                begin = match.start(1) + len(match[1]) - len(match[1].lstrip())
                yield word, begin, begin + len(match[1].strip())

    def characters(self, field: Field) -> str:
        """The field's text on one line."""
        begin, end = self.span(field)
        return f"{self.title}\n{self.content}"[begin:end].replace("\n", " ")

    def column(self, field: Field, unit: Unit) -> str:
        """What a vectoriser is fed: words with blanks between them, or the characters."""
        if unit == "character":
            return self.characters(field)
        return " ".join(self.words(field, unit))

    def span(self, field: Field) -> tuple[int, int]:
        """Where the field's characters stand in the whole text."""
        first, end = len(self.title) + 1, len(self.title) + 1 + len(self.content)
        match field:
            case "title":
                return 0, first - 1
            case "lead":
                return first, min(first + LEAD, end)
            case "body":
                return first, end
            case "last":
                return max(first, end - LAST), end
            case _:
                return 0, end

    def last_words(self) -> int:
        """Where those 200 last characters of the content begin that are no blanks."""
        reach = LAST
        while reach < len(self.content):
            blanks = _blanks(self.content[-reach:])
            if reach == LAST + blanks:
                break
            reach = LAST + blanks
        return len(self.title) + 1 + max(len(self.content) - reach, 0)

    def count_words(self) -> int:
        """The number of words, blanks not counted."""
        return self.cut.count(SEPARATOR) - 1 - _blanks(self.cut)  # a blank is a word of its own

    def count_characters(self, enough: int) -> int:
        """The number of characters of the content, blanks not counted; or at least ``enough``."""
        # No two blanks follow each other.
        if len(self.content) > 2 * enough:
            return enough
        return len(self.content) - _blanks(self.content)


def _blanks(text: str) -> int:
    return text.count(" ") + text.count("\n")  # after normalising there are no others


def _first_of_last(words: tuple[str, ...]) -> int:
    """Where those words begin that together make up the last 200 characters at most."""
    room = LAST
    for at in range(len(words) - 1, -1, -1):
        room -= len(words[at])
        if room < 0:
            return at + 1
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """Title and content of an article, normalised; content beyond 20,000 characters left out."""

    title: Normalised
    content: Normalised
    truncated: bool

    def cut(self, segmenter: Segmenter) -> Text:
        """Segment it."""
        title, content = self.title.text, self.content.text
        return Text(
            # No word reaches over a line feed, so that title and content can be cut as one.
            cut=joined(segmenter.cut(f"{title}\n{content}")),
            title=title,
            content=content,
            truncated=self.truncated,
            dictionary=segmenter.words,
        )


def read_article(article: Article) -> Read:
    """Normalise an article."""
    title, content = article.title[:LONGEST], article.content[:LONGEST]
    folded = fold(title + content)  # of the same length; one call costs half of two
    return Read(
        title=Normalised(folded[: len(title)], furniture=True),
        content=Normalised(folded[len(title) :], furniture=False),
        truncated=max(len(article.content), len(article.title)) > LONGEST,
    )


def read_text(article: Article, segmenter: Segmenter) -> Text:
    """Normalise and segment an article; content beyond 20,000 characters is left out."""
    return read_article(article).cut(segmenter)


def terms(text: Text, block: Block) -> Iterator[str]:
    """Every n-gram of the block, as often as it occurs, in the order of ``models.units``.

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
    for n in range(block.low, min(block.high, len(words)) + 1):
        for at in range(len(words) - n + 1):
            yield words[at] if n == 1 else " ".join(words[at : at + n])
