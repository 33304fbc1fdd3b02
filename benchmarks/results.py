"""The result of a benchmark: figures with the machine, the articles and the bars beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bars import Bar, bar_lines
from benchmarks.machine import machine, versions
from benchmarks.rounds import Ratio
from labels.article import Article

RESULTS = Path(__file__).parent / "results"


def describe(articles: Sequence[Article]) -> dict[str, object]:
    """How many and how long; not a word of them."""
    lengths = [len(one.title) + len(one.content) for one in articles]
    return {
        "count": len(articles),
        "mean characters": round(sum(lengths) / len(lengths), 1),
        "shortest": min(lengths),
        "longest": max(lengths),
    }


def write_result(
    path: Path,
    articles: Mapping[str, object],
    rounds: int,
    bars: Sequence[Bar],
    **figures: object,
) -> None:
    """Write everything as one JSON object, print the bars, and say where it lies.

    ``articles`` tells which ones were measured, as ``describe`` does.
    """
    result = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "articles": articles,
        "rounds": rounds,
        **figures,
        "bars": [bar.as_json() for bar in bars],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(result), indent=1) + "\n", "utf-8")
    print("\n".join(["", *bar_lines(bars)]))
    print(f"written: {path.name}", file=sys.stderr)


def _rounded(value: object) -> object:
    """Five digits tell all that a timing knows."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """As Markdown, to be pasted into a document."""
    print(f"\n## {title}\n")
    print(f"| {' | '.join(head)} |")
    print("|" + "---|" * len(head))
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def print_ratios(ratios: Mapping[str, Ratio]) -> None:
    """Each with its range."""
    rows = [(name, str(found)) for name, found in ratios.items()]
    print_table("Ratios", ("ratio, within rounds", "median (range)"), rows)
