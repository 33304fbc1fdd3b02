"""Weak spots: where a version is to be trusted least, as its own figures tell."""

from __future__ import annotations

from collections.abc import Iterator

from models.decision import LEAST_CHARACTERS
from models.text import LONGEST
from serving.language import Language
from serving.measured import MeasuredLabel, counted
from serving.portrait import OfGroup, OfLabel, Portrait

_FEW = 200  # distinct articles; with fewer an F1 of 0.8 is known to within a tenth or worse
_RARE = 20  # articles of one label, near-duplicates counted once
_LOW = 0.85  # F1, recall or precision under which a label is named
_CONFUSED = 0.05  # share of a label's articles that one other label takes
_MOST = 3  # confusions of a group that are named


def weak_spots(drawn: Portrait, language: Language) -> list[str]:
    """In sentences: what was never learnt, what it was measured on, then labels, then texts."""
    return [
        *_not_learnt(drawn, language),
        *_of_all(drawn, language),
        *_of_labels(drawn, language),
        *_of_texts(drawn, language),
    ]


def _not_learnt(drawn: Portrait, language: Language) -> Iterator[str]:
    for group in drawn.groups:
        for label in group.labels:
            if not label.trained:
                yield language.say("weak_untrained", label=language.name(label.label))


def _of_all(drawn: Portrait, language: Language) -> Iterator[str]:
    if not drawn.given:
        yield language.say("weak_starter")
        return
    for group in drawn.groups:
        if 0 < group.measured.distinct < _FEW:
            name = language.name(group.group)
            yield language.say("weak_few", group=name, count=group.measured.distinct)


def _of_labels(drawn: Portrait, language: Language) -> Iterator[str]:
    for group in drawn.groups:
        for label in group.labels:
            yield from _of_label(label, language)
        yield from _confusions(group, language)


def _of_label(label: OfLabel, language: Language) -> Iterator[str]:
    name, measured = language.name(label.label), label.measured
    precision, recall, f1 = measured.precision, measured.recall, measured.f1
    if label.trained:
        yield from _judged_by(name, measured, language)
    if f1 and f1.value < _LOW and not measured.unlearnt:
        yield language.say("weak_low", label=name, **f1.shown())
    if recall and recall.value < _LOW and not measured.unlearnt:
        yield language.say("weak_missed", label=name, share=f"{1 - recall.value:.0%}")
    if precision and precision.value < _LOW:
        yield language.say("weak_alarm", label=name, share=f"{1 - precision.value:.0%}")


def _judged_by(name: str, measured: MeasuredLabel, language: Language) -> Iterator[str]:
    """Where too few articles, or models that had not learnt the label, judged it."""
    if measured.unlearnt:
        yield language.say("weak_unlearnt", label=name)
    if measured.articles is None:
        return
    if measured.distinct is None or counted(measured.distinct) == str(measured.articles):
        key, articles = "weak_rare", float(measured.articles)
    else:
        key, articles = "weak_rare_distinct", measured.distinct
    if articles < _RARE:
        yield language.say(key, label=name, count=counted(articles))


def _confusions(group: OfGroup, language: Language) -> Iterator[str]:
    found = []
    for gold, row in zip(group.labels, group.measured.confusion, strict=False):
        if gold.measured.unlearnt:  # who never learnt it calls it something else
            continue
        for called, count in zip(group.labels, row, strict=True):
            if gold is not called and count >= _CONFUSED * (sum(row) or 1.0):
                found.append((count, sum(row), gold, called))
    for count, every, gold, called in sorted(found, key=lambda one: -one[0] / one[1])[:_MOST]:
        names = {"gold": language.name(gold.label), "called": language.name(called.label)}
        yield language.say("weak_confused", **names, count=counted(count), all=counted(every))


def _of_texts(drawn: Portrait, language: Language) -> Iterator[str]:
    yield language.say("weak_short", least=LEAST_CHARACTERS)
    yield language.say("weak_long", longest=f"{LONGEST:,}")
    yield language.say("weak_new", date=drawn.created[:10])
    yield language.say("weak_others")
