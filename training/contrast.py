"""A comparison as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from training.changes import ArticleChange, GroupChange, LabelChange, interval_phrase
from training.comparison import Comparison
from training.phrases import articles, percent

_SHOWN = 20  # changed articles; JSON has all of them


def comparison_lines(comparison: Comparison, most: int = _SHOWN) -> Iterator[str]:
    """The comparison for a terminal, with at most so many of the changed articles.

    Those that are broken come first: they are what speaks against the second version.
    """
    yield f"{comparison.first} -> {comparison.second}"
    if not comparison.refused:
        yield from _basis_lines(comparison)
    yield f"verdict: {comparison.verdict}"
    for group in comparison.groups:
        yield ""
        yield from _group_lines(group, [x for x in comparison.labels if x.group == group.group])
    if comparison.groups:
        yield ""
        yield from _reading_lines(comparison)
    yield from _changed_lines(comparison.changed, most)


def _basis_lines(comparison: Comparison) -> Iterator[str]:
    source = "given" if comparison.source == "given" else ""
    counted = articles(comparison.articles, comparison.distinct, source)
    yield f"on {counted} that both have, judged by models that had not seen them"
    for count, what in (
        (comparison.starter, "left out, as there are given ones enough: {} starter {}"),
        (comparison.edited, "left out, as their text is another: {} {}"),
        (
            comparison.relabelled,
            "with other gold labels than before, of which the later count: {} {}",
        ),
    ):
        if count:
            yield what.format(count, "article" if count == 1 else "articles")


def _reading_lines(comparison: Comparison) -> Iterator[str]:
    yield "Intervals of labels and of what is exactly right hold all at once, with confidence 95 %;"
    yield "macro-F1 has its own. Figures are of the common articles, each judged once, so that they"
    yield "differ from those of the reports."
    for version in comparison.searched:
        yield f"The recipe of {version} was chosen by a search on its articles: slightly flattered."


def _group_lines(group: GroupChange, labels: Sequence[LabelChange]) -> Iterator[str]:
    source = "given" if group.source == "given" else ""
    yield f"{group.group} ({articles(group.articles, group.distinct, source)})"
    figures = f"{group.first:.3f} -> {group.second:.3f}"
    yield f"  macro-F1      {figures} ({interval_phrase(group.difference)})"
    exact = group.exact
    figures = f"{exact.first:.3f} -> {exact.second:.3f}"
    yield f"  exactly right {figures} ({interval_phrase(exact.difference)})"
    before, after = group.reviewed
    yield f"  {percent(before)} -> {percent(after)} go to review for their {group.group}"
    width = max((len(one.label) for one in labels), default=0)
    yield f"  {'':{width}} articles  F1              difference                   gained  lost"
    for one in labels:
        yield (
            f"  {one.label:{width}} {one.articles:8}  {one.first:.3f} -> {one.second:.3f}"
            f"  {_difference(one):27} {one.gained:7} {one.lost:5}{_shown(one)}"
        )


def _difference(one: LabelChange) -> str:
    """No interval where no answer differs: none can be had from that."""
    return interval_phrase(one.difference) if one.gained or one.lost else "the same answers"


def _shown(one: LabelChange) -> str:
    if not one.difference.shown:
        return ""
    return "  worse" if one.difference.value < 0 else "  better"


def _changed_lines(changed: Sequence[ArticleChange], most: int) -> Iterator[str]:
    if not changed:
        return
    counted = Counter(one.outcome for one in changed)
    yield ""
    yield f"changed labels: {', '.join(f'{n} {outcome}' for outcome, n in counted.most_common())}"
    listed = sorted(changed, key=lambda one: one.outcome != "broken")[:most]
    width = max(len(one.id) for one in listed)
    for one in listed:
        gold = "" if one.gold is None else f", gold {_joined(one.gold)}"
        change = f"{_joined(one.first)} -> {_joined(one.second)}"
        yield f"  {one.id:{width}}  {one.group}: {change} ({one.outcome}{gold})"
    if len(changed) > most:
        yield f"  and {len(changed) - most} more; --json has all of them"


def _joined(labels: Sequence[str]) -> str:
    return "|".join(labels) or "none"
