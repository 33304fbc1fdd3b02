"""What a benchmark needs beside newstag, asked for before anything is measured."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec


def need_bench() -> None:
    """End with one line where the extra is not installed."""
    if find_spec("fasttext") is None:
        sys.exit("fasttext: not installed. This benchmark needs newstag[bench].")


def need_wrk() -> str:
    """Where wrk lies; end with one line where it is not installed."""
    found = shutil.which("wrk")
    if found is None:
        sys.exit("wrk: not installed. Install it, on Debian: apt-get install wrk.")
    return found
