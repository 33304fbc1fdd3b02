"""The pages of docs/ that tests run, as their paths there: those of a test are taken from here."""

from __future__ import annotations

from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"

TUTORIAL = "tutorial.md"
HOW_TO = tuple(f"how-to/{path.name}" for path in sorted((_DOCS / "how-to").glob("*.md")))
# These say that a version was trained before.
ON_A_STORE = ("archive.md", "service.md", "analysts.md")
RUN = frozenset({TUTORIAL, *HOW_TO, *ON_A_STORE})
