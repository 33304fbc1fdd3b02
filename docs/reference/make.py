"""Writes the reference pages that are made from the code: python -m docs.reference.make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.reference.api_page import api_page
from docs.reference.command_page import command_page
from newstag import cli
from serving.app import create_app
from serving.settings import Settings

FOLDER = Path(__file__).parent


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page, and what is to stand in it."""
    yield "cli.md", command_page(cli)
    yield "api.md", api_page(create_app(Settings()).app.openapi())


def main() -> None:
    """Write every page into this folder."""
    for name, text in pages():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
