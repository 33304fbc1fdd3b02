"""Every how-to page does what it says, run from its first block to its last."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.run_pages import HOW_TO

# What a page shows of a report does not depend on how often it was judged.
JUDGING_ONCE = f"""#!{sys.executable}
from functools import partial

import training.recipe
from newstag import main

if __name__ == "__main__":
    training.recipe.Recipe = partial(training.recipe.Recipe, partitions=1)
    main()
"""


@pytest.fixture
def _judging_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of pages judges a training once: ten times take most of its time."""
    command = tmp_path_factory.mktemp("bin") / "newstag"
    command.write_text(JUDGING_ONCE, "utf-8")
    command.chmod(0o755)
    # The runner puts the folder of this one in front of the PATH.
    monkeypatch.setattr(sys, "executable", str(command.with_name("python")))


@pytest.mark.usefixtures("_judging_once")
@pytest.mark.parametrize("page", HOW_TO)
def test_a_page_can_be_followed(run: Callable[[str], None], page: str) -> None:
    run(page)


def test_there_are_pages() -> None:
    names = {Path(page).stem for page in HOW_TO}
    assert {"add-a-domain", "corrections", "own-dictionary", "own-scheme"} <= names
