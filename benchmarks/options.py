"""Options that benchmarks of articles have in common."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from benchmarks.results import RESULTS


def parser_of(said: str | None, result: str, rounds: int) -> ArgumentParser:
    """A parser for a benchmark whose docstring is given, with articles, rounds and result."""
    parser = ArgumentParser(description=(said or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--articles", nargs="+", default=[], metavar="FILE")
    parser.add_argument("--rounds", type=int, default=rounds, metavar="N")
    parser.add_argument("--json", type=Path, default=RESULTS / result, metavar="FILE")
    return parser
