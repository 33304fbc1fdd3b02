"""Every how-to page does what it says, run from its first block to its last."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("name", ["own-scheme", "add-a-domain", "corrections", "own-dictionary"])
def test_a_page_can_be_followed(run: Callable[[str], None], name: str) -> None:
    run(f"how-to/{name}.md")
