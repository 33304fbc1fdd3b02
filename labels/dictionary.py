"""A dictionary: the words of a newsroom's own that texts are not to be cut apart at.

One word a line; lines that begin with # are comments. A line of a user dictionary of jieba's,
``word frequency tag``, is its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from labels.errors import InputError
from labels.normalise import normalise
from labels.opening import Opened, opened
from labels.reading import Notice

_LARGEST = 4 * 2**20  # bytes; every process that opens the words takes a second for as many
_LONGEST = 32  # characters; what is longer is a sentence, or a row of a table
_SHOWN = 10  # numbers of lines in a message
_LINE_END = re.compile(rb"\r\n|\n|\r")
_JIEBA = re.compile(r"(\S+) [0-9]+(?: [a-z]+)?")
# Whatever else stands in a text ends a word, in rjieba or in jieba: they differ beyond U+9FD5.
_ENDING = re.compile(r"[^\u4e00-\u9fd5a-z0-9+#&._%-]")
_FIX = "Save it as UTF-8, one word a line"


def read_dictionary(path: str, notice: Notice) -> tuple[str, ...]:
    """The words of a file as texts are read: half-width, small letters, each once.

    Raises:
        InputError: not a list of words; the message names every line that holds none.
    """
    words: list[str] = []
    faults: list[InputError] = []
    of_jieba: list[str] = []
    for where, line in _lines(path):
        text = normalise(line, furniture=True).text
        if not text or text.startswith("#"):
            continue
        columns = _JIEBA.fullmatch(text)
        if columns:
            of_jieba.append(where)
        try:
            words.append(_word(columns[1] if columns else text, line, where))
        except InputError as error:
            faults.append(error)
    _refuse(faults)
    if not words:
        raise InputError(path, "no word in it", "Write one word a line, or leave the file out")
    if of_jieba:
        told = f"{of_jieba[0]}: jieba's columns: the word is taken without frequency and tag"
        notice(f"{told}, here and in {len(of_jieba) - 1:,} more lines" if of_jieba[1:] else told)
    return tuple(dict.fromkeys(words))


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


def _refuse(faults: list[InputError]) -> None:
    """All faults in one message, so that a long list is mended at once."""
    if not faults:
        return
    first, *others = faults
    numbers = [fault.where.rpartition(":")[2] for fault in others]
    fix = first.fix
    if numbers:
        shown = ", ".join(numbers[:_SHOWN])
        more = f" and {len(numbers) - _SHOWN:,} more" if numbers[_SHOWN:] else ""
        fix += f"; mend line{'s' if numbers[1:] else ''} {shown}{more} as well"
    raise InputError(first.where, first.what, fix)
