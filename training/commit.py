"""The commit of the code that trains."""

from __future__ import annotations

import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def commit() -> str:
    """The id of the commit, with a + where files were changed since; empty outside a checkout."""
    try:
        # Installed into somebody's environment, we may lie inside a repository that is not ours.
        _git("ls-files", "--error-unmatch", "newstag.py")
        return _git("rev-parse", "HEAD") + ("+" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
        ["git", "-C", str(_ROOT), *arguments],  # noqa: S607 - whichever git is on the path
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    return done.stdout.strip()
