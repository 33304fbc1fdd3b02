"""Every how-to page does what it says, run from its first block to its last."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.judging import ALL, put_command
from tests.docs.run_pages import HOW_TO


@pytest.fixture
def _judging_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page shows of a report does not depend on how often it was judged."""
    python = put_command(tmp_path_factory.mktemp("bin"), ALL)
    # The runner puts the folder of this one in front of the PATH.
    monkeypatch.setattr(sys, "executable", str(python))


@pytest.mark.usefixtures("_judging_once")
@pytest.mark.parametrize("page", HOW_TO)
def test_a_page_can_be_followed(run: Callable[[str], None], page: str) -> None:
    run(page)


def test_there_are_pages() -> None:
    names = {Path(page).stem for page in HOW_TO}
    assert {"add-a-domain", "corrections", "own-dictionary", "own-scheme"} <= names
