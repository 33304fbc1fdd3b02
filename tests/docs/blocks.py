"""The fenced blocks of a page, each with what the comments above it say of it.

The convention: every ``bash`` block is run, but under ``<!-- not run: REASON -->``. One under
``<!-- in a terminal of its own -->`` goes on beside those that follow, and one under
``<!-- fails -->`` must exit with another code than 0. A ``text`` block under
``<!-- prints -->`` is what the last block printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<language>\w*)")
_MARK = re.compile(r" *<!-- *(.*?) *-->")
_NOT_RUN = re.compile(r"not run: *\S")
_OF_BASH = {"fails", "in a terminal of its own"}
_OF_TEXT = {"prints"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A fenced block. ``line`` is that of its first line within the fence."""

    line: int
    language: str
    text: str
    marks: tuple[str, ...]

    @property
    def runs(self) -> bool:
        return self.language == "bash" and not any(map(_NOT_RUN.match, self.marks))

    @property
    def alone(self) -> bool:
        """In a terminal of its own."""
        return "in a terminal of its own" in self.marks

    @property
    def fails(self) -> bool:
        return "fails" in self.marks

    @property
    def printed(self) -> bool:
        return "prints" in self.marks


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page in their order.

    Raises:
        AssertionError: a fence without an end, or a mark that is not of the convention.
    """
    blocks = list(_blocks(page))
    for block in blocks:
        _check_marks(page, block)
    _check_order(page, blocks)
    return blocks


def _blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text("utf-8").splitlines()
    marks: list[str] = []
    at = 0
    while at < len(lines):
        opened, mark = _FENCE.match(lines[at]), _MARK.fullmatch(lines[at])
        if opened:
            end = _end_of(page, lines, at, opened["fence"])
            text = [line.removeprefix(opened["indent"]) for line in lines[at + 1 : end]]
            body = "".join(f"{line}\n" for line in text)
            yield Block(line=at + 2, language=opened["language"], text=body, marks=tuple(marks))
            at = end
        marks = [*marks, mark[1]] if mark else []
        at += 1


def _end_of(page: Path, lines: list[str], start: int, fence: str) -> int:
    for at in range(start + 1, len(lines)):
        if lines[at].strip() == fence:
            return at
    raise AssertionError(f"{page.name}:{start + 1}: the fence has no end")


def _check_marks(page: Path, block: Block) -> None:
    known = {"bash": _OF_BASH, "text": _OF_TEXT}.get(block.language)
    if known is None:
        return
    for mark in block.marks:
        if block.language == "bash" and _NOT_RUN.match(mark):
            continue
        where = f"{page.name}:{block.line - 1}"
        assert not mark.startswith("not run"), f"{where}: say why: <!-- not run: REASON -->"
        assert mark in known, f"{where}: no mark '{mark}' for {block.language}"


def _check_order(page: Path, blocks: list[Block]) -> None:
    """What is printed must be of a block that is run, or it would be held against another."""
    last: Block | None = None
    for block in blocks:
        if block.language == "bash":
            last = block
        where = f"{page.name}:{block.line}"
        assert not block.printed or last is not None, f"{where}: no bash block prints this"
        run = last is not None and last.runs
        assert not block.printed or run, f"{where}: the bash block that prints this is not run"
