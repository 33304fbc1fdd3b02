"""A text as models read it, with the way back to the text as given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

_DROPPED = "\u200b"  # stands for every character without a width
_BLANK_ENTITY = re.compile(r"&(?:nbsp|ensp|emsp|thinsp|#160|#xa0);")
_BLANK = re.compile(rf"(?:[ {_DROPPED}]|{_BLANK_ENTITY.pattern})+")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#39|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#39": "'", "apos": "'"}

# Lines that posts carry whatever they are about. Matched after folding: half-width, lower case.
_ROLES = (
    "来源|作者|编辑|责编|责任编辑|编审|审核|校对|排版|摄影|摄像|拍摄|制作|后期|视频制作|视频|"
    "文字|图片|供稿|监制|撰文|统筹|策划|设计"
)
_REPRINT = "转载请注明"
_FURNITURE = re.compile(
    rf"(?:本文)?(?:{_ROLES})\s*[:丨|/][^\n]{{0,60}}"  # 来源:… 编辑:…
    rf"|[^\n]{{0,30}}{_REPRINT}[^\n]{{0,60}}"
    r"|[\s↓↑→←⬇👇☟|、,.!]*(?:(?:点)?(?:分享|点赞|在看|收藏|转发|关注)[\s↓↑→←⬇👇☟|、,.!]*)+"
)
# What such lines begin with, but for those about reprints: most lines are told by a look at it.
_OPENINGS = frozenset("本↓↑→←⬇👇☟|、,.!点分在收转关") | {role[0] for role in _ROLES.split("|")}

_Content = tuple[str, int, int]  # what it reads, where it stood, how long it was there
_Places = npt.NDArray[np.intp]


class Normalised:
    """``text`` has lines without blanks around them, joined by one line feed.

    No two blanks follow each other, letters A-Z are small, full-width forms of ASCII are
    half-width, and the furniture of posts is gone.
    """

    __slots__ = ("_folded", "_furniture", "text")

    def __init__(self, folded: str, furniture: bool) -> None:
        self._folded = folded
        self._furniture = furniture
        self.text = _read(folded, furniture)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span, in code points of the text as given, of ``text[start:end]``.

        Raises:
            IndexError: a place outside the text.
        """
        for at in (start, end - 1):
            if not 0 <= at < len(self.text):
                where = f"outside a text of {len(self.text)} characters"
                raise IndexError(f"position {at} is {where}")
        begins, ends = spans_as_given([self], np.array([start]), np.array([end]))
        return int(begins[0]), int(ends[0])

    def pieces(self) -> _Places:
        """Of each piece of the text: how long it is, where it stood, how long it was there, and
        whether a line feed follows; shape (pieces, 4). The last one counts a line feed, too.
        """
        found = _pieces(self._folded, self._furniture) or [0, 0, 0, 1]
        return np.array(found, np.intp).reshape(-1, 4)


def spans_as_given(
    texts: Iterable[Normalised], starts: _Places, ends: _Places
) -> tuple[_Places, _Places]:
    """The spans in the texts as given; all four have shape (spans,).

    Places count through the texts, with one more between two of them. A span that reaches into
    the next text has no meaning. Line feeds at either end of a span are left out of it, and what
    was dropped beside them.
    """
    long, stood, given, feeds = np.concatenate([text.pieces() for text in texts]).T
    plain = long == given  # such pieces map one to one
    after = (long + feeds).cumsum()
    first, last = after.searchsorted((starts, ends - 1), "right")
    offset = starts - (after - long - feeds).take(first)
    feed = offset >= long.take(first)
    first += feed
    offset *= plain.take(first, mode="clip") & ~feed
    until = (ends - (after - long - feeds).take(last)) * plain.take(last)
    most = given.take(last)
    stop = stood.take(last) + np.where(until > 0, np.minimum(until, most), most)
    return np.minimum(stood.take(first, mode="clip") + offset, stop), stop


def normalise(text: str, furniture: bool = False) -> Normalised:
    """Fold, drop blank lines and (but for ``furniture``) furniture, and keep the way back.

    Titles keep what looks like furniture: a column's name and a bar often open a headline.
    """
    return Normalised(fold(text), furniture)


def _read(folded: str, furniture: bool) -> str:
    """The text that the contents make up, in a tenth of the time that they take."""
    if "&" in folded:
        folded = _ENTITY.sub(_meant, _BLANK_ENTITY.sub(" ", folded))
    folded = folded.replace(_DROPPED, "")
    while "  " in folded:
        folded = folded.replace("  ", " ")
    lines = [line for given in folded.split("\n") if (line := given.strip(" "))]
    if not furniture:
        reprint = _REPRINT in folded
        lines = [line for line in lines if not _is_furniture(line, reprint)]
    return "\n".join(lines)


def _is_furniture(line: str, reprint: bool) -> bool:
    """Whether posts carry such a line; with ``reprint`` it may be one about reprints."""
    likely = line[0] in _OPENINGS or (reprint and _REPRINT in line)
    return likely and _FURNITURE.fullmatch(line) is not None


def _meant(entity: re.Match[str]) -> str:
    return _ENTITIES[entity[0][1:-1]]


def _pieces(folded: str, furniture: bool) -> list[int]:
    """See ``Normalised.pieces``; one after the other."""
    hard = _DROPPED in folded or "&" in folded
    # What has no width can stand anywhere, in these words too.
    reprint = _REPRINT in folded.replace(_DROPPED, "")
    pieces: list[int] = []
    start = 0
    for raw in folded.split("\n"):
        line = raw.strip(" ")
        long = len(line)
        if "  " in line or (hard and (_DROPPED in line or "&" in line)):
            contents = list(_contents(raw, start))
            line = "".join([content for content, _, _ in contents])
            mine = [n for content, at, given in contents for n in (len(content), at, given, 0)]
            mine[-1:] = [1]
        else:
            at = start if long == len(raw) else start + raw.index(line)
            mine = [long, at, long, 1]
        if line and (furniture or not _is_furniture(line, reprint)):
            pieces += mine
        start += len(raw) + 1
    return pieces


def fold(text: str) -> str:
    """The same text, character by character: half-width, small letters, one kind of blank.

    Half an emoji (a lone surrogate) becomes U+FFFD. The length in code points stays.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _folding()
    if not points.size or points.max() < table.size:
        return str(table.take(points).data, "utf-16-le")
    # Beyond the basic plane a code point stays as it is.
    folded = np.where(points < table.size, table.take(points, mode="clip"), points)
    return str(folded.data, "utf-32-le")


@cache
def _folding() -> npt.NDArray[np.uint16]:
    """What each code point of the basic plane becomes."""
    table = np.arange(0x10000, dtype=np.uint16)
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
        yield _meant(match), start + match.start(), len(match[0])
        at = match.end()
    if at < len(content):
        yield content[at:], start + at, len(content) - at
