"""A view of a prediction: what the page shows of it, in one language."""

from __future__ import annotations

from dataclasses import dataclass

from labels.scheme import Group, Label
from models.decision import LEAST_CHARACTERS, Rule
from models.model import Model
from models.prediction import Prediction
from models.text import LONGEST
from serving.language import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """Shares of the width of a bar, 0 to 1: the probability, the line, and what is shaded."""

    level: float
    line: float | None
    doubt: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One label of a prediction; ``key`` is "GROUP.LABEL"."""

    key: str
    name: str
    given: bool
    verdict: str
    score: str
    spoken: str
    bar: Bar
    question: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """The labels of one group, the likeliest first; ``given`` are the names of those given."""

    name: str
    exclusive: bool
    given: list[str]
    rows: list[Row]


def groups_of(prediction: Prediction, model: Model, language: Language) -> list[Rows]:
    """Every label of every group, given or not."""
    groups = model.scheme.groups
    return [_rows(group, prediction, model.rules[group.id], language) for group in groups]


def _rows(group: Group, prediction: Prediction, rule: Rule, language: Language) -> Rows:
    given = prediction.given[group.id]
    labels = {label.id: (at, label) for at, label in enumerate(group.labels)}
    rows = [
        _row(group, *labels[name], score, name in given, rule, language)
        for name, score in prediction.scores[group.id].items()
    ]
    return Rows(
        name=language.name(group),
        exclusive=group.exclusive,
        given=[language.name(labels[name][1]) for name in given],
        rows=rows,
    )


def _row(  # noqa: PLR0913, PLR0917 - a label, what it got, and how it is decided and told
    group: Group,
    at: int,
    label: Label,
    score: float,
    given: bool,
    rule: Rule,
    language: Language,
) -> Row:
    name = language.name(label)
    return Row(
        key=f"{group.id}.{label.id}",
        name=name,
        given=given,
        verdict=language.say(_verdict(group, given, rule.trained[at])),
        score=probability(score),
        spoken=_spoken(group, at, score, given, rule, language),
        bar=_bar(group, at, score, given, rule),
        question=language.say("why" if given else "why_not", label=name),
    )


def _verdict(group: Group, given: bool, trained: bool) -> str:
    if not trained:
        return "never_learnt"
    if group.exclusive:
        return "best" if given else "not_given"
    return "given" if given else "not_given"


def _spoken(  # noqa: PLR0913, PLR0917 - as ``_row``
    group: Group, at: int, score: float, given: bool, rule: Rule, language: Language
) -> str:
    """What a bar says to who does not see it."""
    if not rule.trained[at]:
        return language.say("never_learnt")
    if not group.exclusive:
        shown, threshold = apart(score, rule.thresholds[at])
        return language.say("score_given", score=shown, threshold=threshold)
    if not given:  # of an exclusive group only the best label has to be sure
        return language.say("score_of", score=probability(score))
    if rule.sure[at] > 1:
        return language.say("score_never_sure", score=probability(score))
    shown, sure = apart(score, rule.sure[at])
    return language.say("score_best", score=shown, sure=sure)


def _bar(group: Group, at: int, score: float, given: bool, rule: Rule) -> Bar:
    if not rule.trained[at] or (group.exclusive and not given):
        return Bar(level=score, line=None, doubt=None)
    sure = min(rule.sure[at], 1.0)
    if group.exclusive:
        return Bar(level=score, line=sure if rule.sure[at] <= 1 else None, doubt=(0.0, sure))
    threshold = rule.thresholds[at]
    doubt = (max(threshold - rule.margin, 0.0), max(sure, threshold))
    return Bar(level=score, line=threshold, doubt=doubt)


def probability(score: float, decimals: int = 3) -> str:
    """Cut off, not rounded: neither a bound nor certainty is to be rounded up to.

    ``score`` has six decimals, as predictions have.
    """
    parts, whole = round(score * 1_000_000) // 10 ** (6 - decimals), 10**decimals
    if score > 0 and not parts:
        return f"< {1 / whole:.{decimals}f}"
    if parts == whole - 1 and score > parts / whole:
        return f"> {parts / whole:.{decimals}f}"
    return f"{parts / whole:.{decimals}f}"


def bound(threshold: float, decimals: int = 3) -> str:
    """A threshold, rounded up, with two decimals or as many more as it has."""
    parts = -(-round(threshold * 1_000_000_000) // 10 ** (9 - decimals))
    shown = f"{parts / 10**decimals:.{decimals}f}"
    return shown[: max(len(shown.rstrip("0")), shown.index(".") + 3)]


def apart(score: float, threshold: float) -> tuple[str, str]:
    """Both, with as many decimals as show on which side of the threshold the score is."""
    for decimals in (3, 4, 5, 6):
        shown = probability(score, decimals), bound(threshold, decimals)
        if (float(shown[0].strip("<> ")) >= float(shown[1])) == (score >= threshold):
            break
    return shown


def reasons_of(prediction: Prediction, model: Model, language: Language) -> list[str]:
    """Why a person should look, in words, in the order of the prediction's reasons."""
    return [_reason(reason, prediction, model, language) for reason in prediction.reasons]


def _reason(reason: str, prediction: Prediction, model: Model, language: Language) -> str:
    kind, *where = reason.split(":")
    if kind in {"uncertain", "untrained"}:
        group = next(one for one in model.scheme.groups if one.id == where[0])
        name = where[1] if len(where) > 1 else prediction.given[group.id][0]
        if kind == "uncertain":
            return _uncertain(group, name, prediction, model.rules[group.id], language)
        label = group.labels[group.ids.index(name)]
        return language.say("reason_untrained", label=language.name(label))
    return language.say(
        f"reason_{kind}",
        least=LEAST_CHARACTERS,
        longest=f"{LONGEST:,}",
        words=prediction.words,
        unknown=prediction.unknown,
    )


def _uncertain(
    group: Group, name: str, prediction: Prediction, rule: Rule, language: Language
) -> str:
    at = group.ids.index(name)
    label = language.name(group.labels[at])
    likely = prediction.scores[group.id][name]
    if name not in prediction.given[group.id]:
        score, threshold = apart(likely, rule.thresholds[at])
        return language.say("reason_missed", label=label, score=score, threshold=threshold)
    if rule.sure[at] > 1:
        return language.say("reason_never_sure", label=label)
    score, sure = apart(likely, rule.sure[at])
    if group.exclusive:
        name = language.name(group)
        return language.say("reason_uncertain", group=name, label=label, score=score, sure=sure)
    return language.say("reason_given", label=label, score=score, sure=sure)
