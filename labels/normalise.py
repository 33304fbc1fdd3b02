"""A text as models read it, with the way back to the text as given."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

_DROPPED = "\u200b"  # stands for every character without a width
_BLANK = re.compile(rf"(?:[ {_DROPPED}]|&(?:nbsp|ensp|emsp|thinsp|#160|#xa0);)+")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#39|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#39": "'", "apos": "'"}

# Lines that posts carry whatever they are about. Matched after folding: half-width, lower case.
_ROLES = (
    "来源|作者|编辑|责编|责任编辑|编审|审核|校对|排版|摄影|摄像|拍摄|制作|后期|视频制作|视频|"
    "文字|图片|供稿|监制|撰文|统筹|策划|设计"
)
_FURNITURE = re.compile(
    rf"(?:本文)?(?:{_ROLES})\s*[:丨|/][^\n]{{0,60}}"  # 来源:… 编辑:…
    r"|[^\n]{0,30}转载请注明[^\n]{0,60}"
    r"|[\s↓↑→←⬇👇☟|、,.!]*(?:(?:点)?(?:分享|点赞|在看|收藏|转发|关注)[\s↓↑→←⬇👇☟|、,.!]*)+"
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Where a run of normalised characters stood: equal lengths map one to one."""

    out: int
    start: int
    length: int
    given: int


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` has lines without blanks around them, joined by one line feed.

    No two blanks follow each other, letters A-Z are small, full-width forms of ASCII are
    half-width, and the furniture of posts is gone.
    """

    text: str
    _pieces: tuple[_Piece, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span, in code points of the text as given, of ``text[start:end]``."""
        first, last = self._piece(start), self._piece(end - 1)
        begin = first.start + (start - first.out if first.given == first.length else 0)
        if last.given == last.length:
            return begin, last.start + (end - last.out)
        return begin, last.start + last.given

    def _piece(self, at: int) -> _Piece:
        if not 0 <= at < len(self.text):
            raise IndexError(f"position {at} is outside a text of {len(self.text)} characters")
        return self._pieces[bisect_right(self._pieces, at, key=lambda piece: piece.out) - 1]


def normalise(text: str, furniture: bool = False) -> Normalised:
    """Fold, drop blank lines and (but for ``furniture``) furniture, and keep the way back.

    Titles keep what looks like furniture: a column's name and a bar often open a headline.
    """
    parts: list[str] = []
    pieces: list[_Piece] = []
    out = 0
    for line in _lines(fold(text), furniture):
        if parts:
            parts.append("\n")
            pieces.append(_Piece(out, line[0][1], 1, 0))
            out += 1
        for content, start, given in line:
            parts.append(content)
            pieces.append(_Piece(out, start, len(content), given))
            out += len(content)
    return Normalised("".join(parts), tuple(pieces))


def fold(text: str) -> str:
    """The same text, character by character: half-width, small letters, one kind of blank.

    Half an emoji (a lone surrogate) becomes U+FFFD. The length in code points stays.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    basic = points < _folding().size
    folded = np.where(basic, _folding()[np.where(basic, points, 0)], points)
    return folded.astype(np.uint32).tobytes().decode("utf-32-le")


@cache
def _folding() -> npt.NDArray[np.uint32]:
    """What each code point of the basic plane becomes."""
    table = np.arange(0x10000, dtype=np.uint32)
    table[0xFF01:0xFF5F] -= 0xFEE0
    table[0xD800:0xE000] = 0xFFFD
    for point in (*range(0x20), *range(0x7F, 0xA0)):  # control characters
        table[point] = ord(" ")
    for point in range(0x10000):
        if chr(point).isspace():
            table[point] = ord(" ")
    for line_end in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029":
        table[ord(line_end)] = ord("\n")
    for zero_width in (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF):
        table[zero_width] = ord(_DROPPED)
    for zero_width in (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10)):
        table[zero_width] = ord(_DROPPED)
    small = table[0x41:0x5B] + 0x20
    for place in np.flatnonzero((table >= 0x41) & (table <= 0x5A)):
        table[place] = small[table[place] - 0x41]
    return table


_Content = tuple[str, int, int]  # what it reads, where it stood, how long it was there


def _lines(folded: str, furniture: bool) -> Iterator[list[_Content]]:
    for match in re.finditer(r"[^\n]+", folded):
        line = list(_contents(match[0], match.start()))
        text = "".join(content for content, _, _ in line)
        if line and (furniture or not _FURNITURE.fullmatch(text)):
            yield line


def _contents(line: str, start: int) -> Iterator[_Content]:
    """The line without blanks around it; runs of blanks inside become one."""
    at = 0
    blank: _Content | None = None
    for match in [*_BLANK.finditer(line), None]:
        stop = match.start() if match else len(line)
        if stop > at:
            if blank:
                yield blank
            blank = None
            yield from _without_entities(line[at:stop], start + at)
            at = -1
        if match:
            if at == -1 and _is_wide(match[0]):
                blank = (" ", start + match.start(), len(match[0]))
            at = match.end()


def _is_wide(blank: str) -> bool:
    return blank.strip(_DROPPED) != ""


def _without_entities(content: str, start: int) -> Iterator[_Content]:
    if "&" not in content:
        yield content, start, len(content)
        return
    at = 0
    for match in _ENTITY.finditer(content):
        if match.start() > at:
            yield content[at : match.start()], start + at, match.start() - at
        yield _ENTITIES[match[0][1:-1]], start + match.start(), len(match[0])
        at = match.end()
    if at < len(content):
        yield content[at:], start + at, len(content) - at
