"""Every how-to page does what it says, run from its first block to its last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.run_pages import HOW_TO


@pytest.mark.parametrize("page", HOW_TO)
def test_a_page_can_be_followed(run: Callable[[str], None], page: str) -> None:
    run(page)


def test_there_are_pages() -> None:
    names = {Path(page).stem for page in HOW_TO}
    assert {"add-a-domain", "corrections", "own-dictionary", "own-scheme"} <= names
