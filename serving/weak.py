"""Weak spots: where a version is to be trusted least, as its own figures tell."""

from __future__ import annotations

from collections.abc import Iterator

from models.decision import LEAST_CHARACTERS
from models.text import LONGEST
from serving.language import Language
from serving.portrait import OfGroup, OfLabel, Portrait

_FEW = 200  # articles; with fewer an F1 of 0.8 is known to within a tenth or worse
_RARE = 20  # articles of one label
_LOW = 0.85  # F1, recall or precision under which a label is named
_CONFUSED = 0.05  # share of a label's articles that one other label takes
_MOST = 3  # confusions of a group that are named


def weak_spots(drawn: Portrait, language: Language) -> list[str]:
    """In sentences, the gravest first."""
    return [*_of_all(drawn, language), *_of_labels(drawn, language), *_of_texts(drawn, language)]


def _of_all(drawn: Portrait, language: Language) -> Iterator[str]:
    if not drawn.given:
        yield language.say("weak_starter")
    elif drawn.measured < _FEW:
        yield language.say("weak_few", count=drawn.measured)


def _of_labels(drawn: Portrait, language: Language) -> Iterator[str]:
    for group in drawn.groups:
        for label in group.labels:
            yield from _of_label(label, language)
        yield from _confusions(group, language)


def _of_label(label: OfLabel, language: Language) -> Iterator[str]:
    name = language.name(label.label)
    if not label.trained:
        yield language.say("weak_untrained", label=name)
        return
    if label.f1 is None or label.precision is None or label.recall is None:
        return
    if label.articles is not None and label.articles < _RARE:
        yield language.say("weak_rare", label=name, count=label.articles)
    if label.f1.value < _LOW:
        value, low, high = (f"{one:.2f}" for one in (label.f1.value, label.f1.low, label.f1.high))
        yield language.say("weak_low", label=name, value=value, low=low, high=high)
    if label.recall.value < _LOW:
        yield language.say("weak_missed", label=name, share=percent(1 - label.recall.value))
    if label.precision.value < _LOW:
        yield language.say("weak_alarm", label=name, share=percent(1 - label.precision.value))


def _confusions(group: OfGroup, language: Language) -> Iterator[str]:
    found = []
    for gold, row in zip(group.labels, group.confusion, strict=False):
        for called, count in zip(group.labels, row, strict=True):
            share = count / (sum(row) or 1.0)
            if gold is not called and share >= _CONFUSED:
                found.append((share, gold, called))
    for share, gold, called in sorted(found, key=lambda one: -one[0])[:_MOST]:
        names = {"gold": language.name(gold.label), "called": language.name(called.label)}
        yield language.say("weak_confused", **names, share=percent(share))


def _of_texts(drawn: Portrait, language: Language) -> Iterator[str]:
    yield language.say("weak_short", least=LEAST_CHARACTERS)
    yield language.say("weak_long", longest=f"{LONGEST:,}")
    yield language.say("weak_new", date=drawn.created[:10])
    yield language.say("weak_others")


def percent(share: float) -> str:
    """Whole percents."""
    return f"{share:.0%}"
