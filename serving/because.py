"""Because: why one label was given or not, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import NamedTuple

from labels.article import Article
from labels.scheme import Group, Label
from models.explanation import Reasons, Word
from models.model import Model
from models.prediction import Prediction
from models.text import LONGEST
from serving.language import Language
from serving.marks import Piece, pieces
from serving.view import probability

MARKED = 40  # words that are marked in the text
_LISTED = 10  # words on either side that are listed
_DECIMALS = 3
_MOST_DECIMALS = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A word as it is listed; ``share`` is its weight beside the heaviest, 0 to 1."""

    text: str
    field: str
    times: int
    points: str
    share: float


class Sum(NamedTuple):
    """The score of a label and what it needs to be given, in units of so many decimals.

    ``needed`` is None where no such number decides.
    """

    decimals: int
    score: int
    needed: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Because:
    """Why ``name`` was given or not; ``sums`` are lines that add up, texts with points.

    Of a label that was never learnt there are neither words nor sums: nothing of its score counts.
    """

    key: str
    group: Group
    name: str
    definition: str
    question: str
    sentence: str
    learnt: bool
    speaking_for: list[Told]
    speaking_against: list[Told]
    sums: list[tuple[str, str]]
    needed: str
    title: list[Piece]
    content: list[Piece]


def because(
    prediction: Prediction, model: Model, article: Article, show: str, language: Language
) -> Because:
    """Why the label ``show`` has its score; of an unknown label, the first that was given.

    The prediction has its explanation, of ``MARKED`` words.
    """
    group, at = _chosen(prediction, model, show)
    label, learnt = group.labels[at], model.rules[group.id].trained[at]
    if prediction.explain is None:
        raise ValueError("a prediction without its explanation")
    told = prediction.explain[group.id][label.id]
    words = told.words if learnt else []
    heaviest = max((abs(word["weight"]) for word in words), default=1.0)
    sides = [[_told(word, heaviest, language) for word in _side(words, sign)] for sign in (1, -1)]
    given = label.id in prediction.given[group.id]
    name = language.name(label)
    reached = reach(told.score, _needed(model, group, at), given=given)
    return Because(
        key=f"{group.id}.{label.id}",
        group=group,
        name=name,
        definition=label.definition,
        question=language.say("why" if given else "why_not", label=name),
        sentence=_sentence(prediction, model, group, at, reached, language),
        learnt=learnt,
        speaking_for=sides[0],
        speaking_against=sides[1],
        sums=_sums(told, reached, language) if learnt else [],
        needed=_points(reached.needed, reached.decimals) if reached.needed is not None else "",
        title=pieces(article.title[:LONGEST], words, "title"),
        content=pieces(article.content[:LONGEST], words, "content"),
    )


def _chosen(prediction: Prediction, model: Model, show: str) -> tuple[Group, int]:
    """The group and place of a label; by default of the first domain that was given."""
    for group in model.scheme.groups:
        for at, name in enumerate(group.ids):
            if show == f"{group.id}.{name}":
                return group, at
    groups = sorted(model.scheme.groups, key=lambda group: group.exclusive)
    for group in groups:
        if prediction.given[group.id]:
            return group, group.ids.index(prediction.given[group.id][0])
    likeliest = next(iter(prediction.scores[groups[0].id]))
    return groups[0], groups[0].ids.index(likeliest)


def _side(words: Sequence[Word], sign: int) -> list[Word]:
    return [word for word in words if word["weight"] * sign > 0][:_LISTED]


def _told(word: Word, heaviest: float, language: Language) -> Told:
    return Told(
        text=word["text"],
        field=language.say(f"in_{word['field']}"),
        times=len(word["spans"]),
        points=points(word["weight"]),
        share=abs(word["weight"]) / heaviest,
    )


def points(score: float) -> str:
    """A linear score, or a part of one, with its sign."""
    return _points(round(score * 10**_DECIMALS), _DECIMALS)


def _points(parts: int, decimals: int) -> str:
    shown = f"{parts / 10**decimals:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return shown if parts else shown[1:]


def reach(score: float, needed: float | None, *, given: bool) -> Sum:
    """The score cut off and what is needed rounded up, so that both show whether it is given."""
    if needed is None:
        return Sum(_DECIMALS, round(score * 10**_DECIMALS), None)
    for decimals in range(_DECIMALS, _MOST_DECIMALS + 1):
        # Rounded before, as 0.29 * 100 is less than 29.
        exact = [round(one * 10**decimals, 3) for one in (score, needed)]
        found = Sum(decimals, floor(exact[0]), ceil(exact[1]))
        if (floor(exact[0]) >= ceil(exact[1])) == given:
            break
    return found


def _sums(told: Reasons, reached: Sum, language: Language) -> list[tuple[str, str]]:
    """Lines that add up as they are shown: what rounding leaves is among the other words."""
    shown = [word for sign in (1, -1) for word in _side(told.words, sign)]
    decimals, total, _ = reached
    parts = {
        "base": round(told.intercept * 10**decimals),
        "listed": round(sum(word["weight"] for word in shown) * 10**decimals),
    }
    parts = {**parts, "others": total - sum(parts.values()), "sum": total}
    return [(language.say(key), _points(part, decimals)) for key, part in parts.items()]


def _needed(model: Model, group: Group, at: int) -> float | None:
    """The linear score from which a label is given; None where no such number decides."""
    rule = model.rules[group.id]
    if group.exclusive or not rule.trained[at]:
        return None
    score = model.calibrations[group.id].score_at(at, rule.thresholds[at])
    return score if isfinite(score) else None


def _sentence(  # noqa: PLR0913, PLR0917 - a label, how it was decided, and the language
    prediction: Prediction, model: Model, group: Group, at: int, reached: Sum, language: Language
) -> str:
    label, given = group.labels[at], prediction.given[group.id]
    name = language.name(label)
    if not model.rules[group.id].trained[at]:
        return language.say("because_never_learnt", label=name)
    if group.exclusive:
        return _compared(prediction, group, label, language)
    decimals, score, needed = reached
    if needed is None:
        return language.say("because_always" if label.id in given else "because_never", label=name)
    key = "because_given" if label.id in given else "because_not_given"
    told = {"score": _points(score, decimals), "needed": _points(needed, decimals)}
    return language.say(key, label=name, **told)


def _compared(prediction: Prediction, group: Group, label: Label, language: Language) -> str:
    """By probabilities: the scores of labels with calibrations of their own do not compare."""
    scores, (given, *_) = prediction.scores[group.id], prediction.given[group.id]
    name, score = language.name(label), probability(scores[label.id])
    if label.id == given:
        return language.say("because_best", label=name, score=score, group=language.name(group))
    best = language.name(group.labels[group.ids.index(given)])
    other = probability(scores[given])
    return language.say("because_not_best", label=name, score=score, best=best, other=other)
