"""A dictionary: the words of a newsroom's own that texts are not to be cut apart at.

One word a line; lines that begin with # are comments. A line of a user dictionary of jieba's,
``word frequency tag`` where either may be missing, is its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from unicodedata import category

from labels.errors import InputError
from labels.normalise import normalise
from labels.opening import Opened, opened
from labels.reading import Notice

_LARGEST = 4 * 2**20  # bytes; every process that opens a version with as many takes seconds
_LONGEST = 32  # characters; what is longer is a sentence, or a row of a table
_SHOWN = 10  # numbers of lines, beside the first, in a message
_MOST = 1000  # faults; what has as many is no list of words, and a million take long to find
_TAKEN = 5  # words in the note on jieba's columns
_LINE_END = re.compile(rb"\r\n|\n|\r")
# jieba's own tags have up to four small letters; "deep learning" is no word with a tag.
_JIEBA = re.compile(r"(\S+)[ \t]+(?:[0-9]+(?:[ \t]+[a-z]+)?|[a-z]{1,4})")
# Whatever else stands in a text ends a word, in rjieba or in jieba: they differ beyond U+9FD5.
_ENDING = re.compile(r"[^\u4e00-\u9fd5a-z0-9+#&._%-]")
_FIX = "Save it as UTF-8, one word a line"


def read_dictionary(path: str, notice: Notice) -> tuple[str, ...]:
    """The words of a file as texts are read: half-width, small letters, each once.

    Raises:
        InputError: not a list of words; the message names the first lines that hold none.
    """
    words: list[str] = []
    faults: list[InputError] = []
    of_jieba: list[tuple[str, str]] = []  # words and their places
    for where, line in _lines(path):
        text = normalise(line, furniture=True).text
        if not text or text.startswith("#"):
            continue
        if of_columns := _of_columns(line):
            text = of_columns
            of_jieba.append((text, where))
        try:
            words.append(_word(text, line, where))
        except InputError as error:
            faults.append(error)
            if len(faults) == _MOST:
                break
    _refuse(faults)
    if not words:
        raise InputError(path, "no word in it", "Write one word a line, or leave the file out")
    if of_jieba:
        notice(_taken(path, of_jieba))
    return tuple(dict.fromkeys(words))


def _of_columns(line: str) -> str:
    """The word of a line of jieba's, empty where it is none."""
    columns = _JIEBA.fullmatch(line)
    return normalise(columns[1], furniture=True).text if columns else ""


def _taken(path: str, of_jieba: Sequence[tuple[str, str]]) -> str:
    """Which words are left of jieba's columns: of "Windows 11", which looks like them, windows."""
    named = [f"'{word}' in line {_line(where)}" for word, where in of_jieba[:_TAKEN]]
    more = len(of_jieba) - len(named)
    lines = f"{len(of_jieba):,} lines, of which the words alone are"
    told = lines if len(of_jieba) > 1 else "1 line, of which the word alone is"
    rest = f" and {more:,} more" if more else ""
    return f"{path}: jieba's columns in {told} taken: {', '.join(named)}{rest}"


def _line(where: str) -> str:
    return where.rpartition(":")[2]


def _lines(path: str) -> Iterator[tuple[str, str]]:
    """Every line with its place, from the first that is not blank."""
    with opened(path) as file:
        for number, raw in enumerate(_LINE_END.split(_bytes(file)), start=file.line):
            where = f"{file.name}:{number}"
            try:
                yield where, raw.decode("utf-8").strip()
            except UnicodeDecodeError as error:
                raise InputError(where, "not UTF-8", _FIX) from error


def _bytes(file: Opened) -> bytes:
    if file.parquet:
        raise InputError(file.name, "Parquet, not a list of words", _FIX)
    found = file.file.read(_LARGEST + 1)
    if len(found) > _LARGEST:
        fix = "Give words that are cut apart without it, one a line"
        raise InputError(file.name, "larger than 4 MiB", fix)
    return found


def _word(word: str, line: str, where: str) -> str:
    """The word as texts are read, if it can come out whole."""
    for character in line:
        if category(character) == "Cc" and character != "\t":
            what = f"a control character (U+{ord(character):04X})"
            raise InputError(where, what, "Remove it")
    if len(word) > _LONGEST:
        what = f"longer than {_LONGEST} characters, which no word is"
        raise InputError(where, what, "Write one word a line")
    if len(word.split()) > 1:
        what = f"a blank in '{' '.join(word.split())}', which never matches"
        raise InputError(where, what, _unblanked(word))
    ending = _ENDING.search(word)
    if ending and len(word) > 1:
        what = f"'{ending[0]}' in '{word}', which ends a word in every text"
        raise InputError(where, what, "Write the parts on lines of their own, or leave them out")
    if len(word) == 1:
        what = f"'{word}' is a single character, which is cut no further"
        raise InputError(where, what, "Leave it out")
    return word


def _unblanked(word: str) -> str:
    if " #" in word:
        return "Write comments on lines of their own"
    return "Write the parts on lines of their own, or the word without its blank"


def _refuse(faults: Sequence[InputError]) -> None:
    """All faults in one message, so that a long list is mended at once."""
    if not faults:
        return
    first, *others = faults
    numbers = [_line(fault.where) for fault in others]
    fix = first.fix
    if numbers:
        shown = ", ".join(numbers[:_SHOWN])
        least = "at least " if len(faults) == _MOST else ""
        more = f" and {least}{len(numbers) - _SHOWN:,} more" if numbers[_SHOWN:] else ""
        fix += f"; mend line{'s' if numbers[1:] else ''} {shown}{more} as well"
    raise InputError(first.where, first.what, fix)
