"""Candidates: the learners that a recipe search tries, the plainest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labels.scheme import Kind
from models.features import Block, Field, Unit
from training.recipe import Classifier, Learner


def _words(*fields: Field, unit: Unit = "word", high: int = 1) -> tuple[Block, ...]:
    return tuple(Block(field=field, unit=unit, high=high) for field in fields)


def _characters(*fields: Field, high: int = 3) -> tuple[Block, ...]:
    return tuple(Block(field=field, unit="character", low=2, high=high) for field in fields)


_OPENING = _characters("title", "lead")
_THREE = _words("title", "lead", "body")
_FOUR = _words("title", "lead", "body", "last")
_RICH = (*_FOUR, *_OPENING, *_characters("last"))
_Choice = tuple[tuple[Block, ...], ...]

_EXCLUSIVE: _Choice = (
    _words("whole"),
    _words("title", "whole"),
    _THREE,
    _FOUR,
    (*_THREE, *_characters("title")),
    (*_THREE, *_OPENING),
    (*_FOUR, *_characters("title")),
    (*_FOUR, *_OPENING),
    _RICH,
    (*_RICH, *_words("markers")),
    (*_words("title", "lead", "body", "last", unit="shape"), *_OPENING),
    (*_words("title", "lead", "last", high=2), *_words("body"), *_OPENING),
)
_MULTI: _Choice = (
    _words("whole"),
    _words("whole", "dictionary"),
    _words("title", "whole"),
    _words("lead", "whole"),
    _THREE,
    _words("whole", unit="shape"),
    _words("whole", high=2),
    (*_words("whole"), *_characters("title")),
    (*_words("whole"), *_characters("whole", high=2)),
)
_CLASSIFIERS: tuple[tuple[Classifier, float], ...] = (
    ("svm", 0.3),
    ("svm", 1.0),
    ("svm", 3.0),
    ("logistic", 1.0),
    ("average", 1.0),
)
_GIVEN_WEIGHTS = (1.0, 3.0, 8.0)


def candidates(kind: Kind, mixed: bool) -> list[Learner]:
    """Learners for groups of one kind, each once.

    First the features; then all else, varied one by one around the usual features. ``mixed``
    says whether given and starter articles are trained on together.
    """
    features, usual = (_EXCLUSIVE, _RICH) if kind == "exclusive" else (_MULTI, _MULTI[0])
    return list(dict.fromkeys(_candidates(features, usual, mixed)))


def _candidates(features: _Choice, usual: tuple[Block, ...], mixed: bool) -> Iterator[Learner]:
    for blocks in features:
        for weight in _GIVEN_WEIGHTS[: 2 if mixed else 1]:
            yield Learner(blocks=blocks, given_weight=weight)
    plain = Learner(blocks=usual)
    for classifier, c in _CLASSIFIERS:
        for weight in _GIVEN_WEIGHTS[: 2 if mixed else 1]:
            yield replace(plain, classifier=classifier, c=c, given_weight=weight)
    if mixed:
        yield replace(plain, given_weight=_GIVEN_WEIGHTS[2])
    yield replace(plain, balanced=False)
    yield replace(plain, calibration="sigmoid")
    for changed in (
        tuple(replace(block, sublinear=False) for block in usual),
        tuple(replace(block, min_df=1) for block in usual),
        tuple(replace(block, min_df=3) for block in usual),
    ):
        yield replace(plain, blocks=changed)
