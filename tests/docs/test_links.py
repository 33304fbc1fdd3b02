"""Every link of a document to a file of the tree, or to a heading in one, leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.reference.markdown import anchor

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_SOURCE = re.compile(r"""\b(?:src|href)=["']([^"'\s]+)""")
_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", flags=re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]+`")


def documents() -> list[Path]:
    found = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted([*found, ROOT / "CONTRIBUTING.md", ROOT / "labels" / "starter" / "README.md"])


def links(text: str) -> Iterator[str]:
    """Where the links of a document lead, but for those in code and out of the tree."""
    shown = _CODE.sub("", _FENCE.sub("", text))
    for target in _LINK.findall(shown) + _SOURCE.findall(shown):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(text: str) -> set[str]:
    """The names of all headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *$", _FENCE.sub("", text), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        name = anchor(plain.replace("*", ""))
        number = 0
        while (f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(f"{name}-{number}" if number else name)
    return found


def broken(document: Path, text: str) -> Iterator[str]:
    """The links that lead nowhere."""
    for target in links(text):
        name, _, heading = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if path != document and not (path.exists() and path.is_relative_to(ROOT)):
            yield f"{document.name}: no file {target}"
        elif heading:
            held = text if path == document else path.read_text("utf-8")
            if heading not in anchors(held):
                yield f"{document.name}: no heading {target}"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert list(broken(document, document.read_text("utf-8"))) == []


def test_planted_links_to_nowhere_are_found() -> None:
    text = (
        "# One\n# One\n[a](#one) [b](#one-1) [c](#two) [d](gone.md) [e](README.md#gone) "
        "[f](https://example.org) `[g](gone.md)` [h](README.md)\n"
        '<img src="gone.png" alt=""> <img src=\'docs/pictures/page.png\'> '
        '<a href="gone.html">j</a> <img src="https://example.org/a.png"> `<img src="gone.png">`\n'
        "```text\n# Two\n[i](gone.md)\n```\n"
    )
    assert list(broken(ROOT / "PLANTED.md", text)) == [
        "PLANTED.md: no heading #two",
        "PLANTED.md: no file gone.md",
        "PLANTED.md: no heading README.md#gone",
        "PLANTED.md: no file gone.png",
        "PLANTED.md: no file gone.html",
    ]


def test_every_document_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {
        (index.parent / target.partition("#")[0]).resolve()
        for target in links(index.read_text("utf-8"))
    }
    assert [path.name for path in documents() if path not in {*listed, index}] == []
