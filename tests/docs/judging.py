"""A command of newstag that judges some trainings once: ten times take most of their time."""

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
    main()
"""


def put_command(folder: Path, which: str) -> Path:
    """A ``newstag`` in a folder, and where its Python would lie; ``which`` is ALL or another."""
    command = folder / "newstag"
    command.write_text(_COMMAND.format(which=which), "utf-8")
    command.chmod(0o755)
    return command.with_name("python")
