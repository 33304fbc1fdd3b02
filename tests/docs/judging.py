"""A command of newstag that judges some trainings once, and draws nothing of them.

To judge ten times, and to draw, takes most of their time.
"""

from __future__ import annotations

import sys
from pathlib import Path

ALL = "True"
WITH_STARTER = "'--no-starter' not in sys.argv"

_COMMAND = f"""#!{sys.executable}
import sys
from functools import partial

import training.recipe
from newstag import main

if __name__ == "__main__":
    if {{which}}:
        training.recipe.Recipe = partial(training.recipe.Recipe, partitions=1)
    if sys.argv[1:2] == ["train"] and "--no-track" not in sys.argv:
        import training.tracker

        training.tracker.figures = lambda _: iter(())
    main()
"""


def put_command(folder: Path, which: str) -> None:
    """Put a ``newstag`` into a folder; ``which`` trainings it judges once is ALL or another."""
    command = folder / "newstag"
    command.write_text(_COMMAND.format(which=which), "utf-8")
    command.chmod(0o755)
