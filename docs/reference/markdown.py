"""Markdown: what the reference pages are written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

_OPTION = re.compile(r"(?<![\w`-])--[a-z][a-z-]*")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table with a blank line behind it; nothing where there are no rows."""
    lines = [_line(row) for row in rows]
    if lines:
        yield from (_line(head), _line(["---"] * len(head)).replace(" ", ""), *lines, "")


def code(text: str) -> str:
    """A word of a program; nothing for nothing."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """A text for a terminal as one for a page: on one line, options as words of a program."""
    return _OPTION.sub(lambda option: code(option[0]), " ".join(text.split()))


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs that are wrapped in the code, each on one line with a blank line behind it."""
    for paragraph in text.strip().split("\n\n"):
        yield from (" ".join(paragraph.split("\n")), "")


def block(language: str, text: str) -> Iterator[str]:
    """A fenced block with a blank line behind it."""
    yield from (f"```{language}", *text.rstrip("\n").split("\n"), "```", "")


def json_block(value: object) -> Iterator[str]:
    """A value as JSON, one member a line as far as that helps to read it."""
    return block("json", _folded(value))


def anchor(heading: str) -> str:
    """The name that a heading is linked by, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def link(heading: str, shown: str = "") -> str:
    """A link to a heading of the same page."""
    return f"[{shown or heading}](#{anchor(heading)})"


def _line(cells: Sequence[str]) -> str:
    held = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(held)} |"


def _folded(value: object, indent: str = "") -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 88 or not isinstance(value, dict | list):
        return flat
    inner = f"{indent}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {_folded(v, inner)}" for k, v in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [_folded(item, inner) for item in value]
        opening, closing = "[", "]"
    body = ",\n".join(f"{inner}{part}" for part in parts)
    return f"{opening}\n{body}\n{indent}{closing}"
