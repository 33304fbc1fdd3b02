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
        if 0 < group.articles < _FEW:
            name = language.name(group.group)
            yield language.say("weak_few", group=name, count=group.articles)


def _of_labels(drawn: Portrait, language: Language) -> Iterator[str]:
    for group in drawn.groups:
        for label in group.labels:
            yield from _of_label(label, language)
        yield from _confusions(group, language)


def _of_label(label: OfLabel, language: Language) -> Iterator[str]:
    name = language.name(label.label)
    if label.trained and label.articles is not None and label.articles < _RARE:
        yield language.say("weak_rare", label=name, count=label.articles)
    if label.f1 and label.f1.value < _LOW:
        value, low, high = (f"{one:.2f}" for one in (label.f1.value, label.f1.low, label.f1.high))
        yield language.say("weak_low", label=name, value=value, low=low, high=high)
    if label.recall and label.recall.value < _LOW:
        yield language.say("weak_missed", label=name, share=f"{1 - label.recall.value:.0%}")
    if label.precision and label.precision.value < _LOW:
        yield language.say("weak_alarm", label=name, share=f"{1 - label.precision.value:.0%}")


def _confusions(group: OfGroup, language: Language) -> Iterator[str]:
    found = []
    for gold, row in zip(group.labels, group.confusion, strict=False):
        for called, count in zip(group.labels, row, strict=True):
            if gold is not called and count >= _CONFUSED * (sum(row) or 1.0):
                found.append((count, sum(row), gold, called))
    for count, every, gold, called in sorted(found, key=lambda one: -one[0] / one[1])[:_MOST]:
        names = {"gold": language.name(gold.label), "called": language.name(called.label)}
        yield language.say("weak_confused", **names, count=_mean(count), all=_mean(every))


def _of_texts(drawn: Portrait, language: Language) -> Iterator[str]:
    yield language.say("weak_short", least=LEAST_CHARACTERS)
    yield language.say("weak_long", longest=f"{LONGEST:,}")
    yield language.say("weak_new", date=drawn.created[:10])
    yield language.say("weak_others")


def _mean(count: float) -> str:
    """A count, which is a mean over partitions."""
    return f"{count:.0f}" if count == round(count) else f"{count:.1f}"
