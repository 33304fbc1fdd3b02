"""Phrases: numbers as people read them, with nothing to import but this."""

from __future__ import annotations


def plain(number: float) -> str:
    """A number to one place, without a place that says nothing."""
    return f"{number:.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """A share, 0 to 1, in per cent."""
    return f"{plain(100 * share)} %"


def articles(count: int, distinct: int | None = None, source: str = "") -> str:
    """So many articles; near-duplicates are named where there are any, as they count once."""
    apart = f", {distinct} distinct" if distinct is not None and distinct < count else ""
    named = f"{source} article" if source else "article"
    return f"{count} {named}{'' if count == 1 else 's'}{apart}"
