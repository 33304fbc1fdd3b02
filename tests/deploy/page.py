"""The page on deployment: its blocks, and a shell that runs them in folders of a test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from tests.deploy.conftest import ROOT
from tests.docs.blocks import read_blocks

PAGE = ROOT / "docs" / "deploy.md"

# Commands that a test has no right to, as far as they matter: who one is stays the same, nobody
# else owns a file, there are no services, and what is moved is the test's own.
STUBS = {
    "systemctl": 'echo "systemctl $*"',
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "chown": 'echo "chown $*"',
    "install": """
echo "install $*"
given=()
while [ $# != 0 ]; do case $1 in -o | -g) shift 2 ;; *) given+=("$1"); shift ;; esac; done
exec /usr/bin/install "${given[@]}"
""",
    "mv": """
own=$(cd "$(dirname "$0")/.." && pwd)
for word; do
  case $word in -* | "$own"/*) ;; *) echo "not of this test: $word" >&2; exit 1 ;; esac
done
exec /usr/bin/mv "$@"
""",
}


def blocks(section: str, here: Mapping[str, Path]) -> list[str]:
    """The blocks of commands of a section, with the paths of a test."""
    lines = PAGE.read_text("utf-8").splitlines()
    first = lines.index(f"## {section}")
    later = [at for at, line in enumerate(lines) if at > first and line.startswith("## ")]
    found = [block for block in read_blocks(PAGE) if block.language == "bash"]
    texts = [block.text for block in found if first < block.line < min(later)]
    for path, own in here.items():
        texts = [text.replace(path, str(own)) for text in texts]
    return texts


def on_backups(state: Path, backups: Path) -> list[str]:
    """The blocks on making a backup, checking it, restoring, going back and asking, as above."""
    here = {
        "/var/lib/newstag": state,
        "/var/backups/newstag": backups,
        "/opt/newstag/current/deploy": ROOT / "deploy",
    }
    texts = blocks("Backup and restore", here)
    texts = [text for text in texts if "docker" not in text]  # there is no engine
    assert len(texts) == 5
    return texts


@dataclass(frozen=True)
class Shell:
    """A shell that finds stand-ins in ``folder / "programs"``, and is in that folder."""

    folder: Path

    def puts(self, **stubs: str) -> None:
        """Put stand-ins beside the others, or in their place."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name, text in stubs.items():
            (programs / name).write_text(f"#!/bin/bash\n{text}\n", "utf-8")
            (programs / name).chmod(0o755)

    def run(self, text: str) -> CompletedProcess[str]:
        """What comes of a script that ends with the first error."""
        return self._bash("-euo", "pipefail", text=text)

    def paste(self, text: str) -> CompletedProcess[str]:
        """What comes of lines that are typed one after the other, whatever comes of each."""
        return self._bash(text=text)

    def _bash(self, *options: str, text: str) -> CompletedProcess[str]:
        path = f"{self.folder / 'programs'}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", *options],
            input=text,
            env={**os.environ, "PATH": path},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
