"""Running the commands of a page, as a reader types them.

The convention stands in ``blocks``, and how a block is run in ``terminals``.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.docs.blocks import read_blocks
from tests.docs.terminals import Terminals

ROOT = Path(__file__).parents[2]


def run_page(page: Path, folder: Path, commands: Path | None = None) -> None:
    """Run every block of a page in a copy of the repository below an empty folder.

    What lies in ``commands`` comes before commands of the same name.

    Raises:
        AssertionError: a block fails, or does not print what the page says; the message has the
            page and line, the command, and what it printed.
    """
    blocks = read_blocks(page)
    copy_tracked(folder / "newstag")
    with ExitStack() as stack:
        terminals = Terminals(page, folder, stack, commands or folder)
        for block in blocks:
            if block.runs and block.alone:
                terminals.start(block)
            elif block.runs:
                terminals.run(block)
            elif block.printed:
                terminals.check_printed(block)
        terminals.check_background()


def copy_tracked(target: Path) -> None:
    """The files of the repository as they are now, without what is ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        with suppress(FileNotFoundError):  # removed, and not yet committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
