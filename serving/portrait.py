"""A portrait of a version: what it learnt from, how good it is, and where it is weak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labels.scheme import Group, Label
from models.decision import Rule
from models.words import Word, words_of
from serving.language import Language
from serving.live import Loaded
from serving.view import bound

_MOST_FOR, _MOST_AGAINST = 12, 6  # words of a label
_DRAWN = 5 * _MOST_FOR  # one can be among the strongest of title, lead, text, last lines and whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A share that was measured, with its 95 % interval; all 0 to 1."""

    value: float
    low: float
    high: float

    def spoken(self, language: Language) -> str:
        value, low, high = (f"{one:.2f}" for one in (self.value, self.low, self.high))
        return language.say("interval", value=value, low=low, high=high)


@dataclass(frozen=True, kw_only=True, slots=True)
class OfLabel:
    """One label: its figures, None where it was not measured, its rule and its words."""

    label: Label
    trained: bool
    threshold: str
    sure: str
    articles: int | None = None
    precision: Figure | None = None
    recall: Figure | None = None
    f1: Figure | None = None
    speaking_for: list[Word] = field(default_factory=list)
    speaking_against: list[Word] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class OfGroup:
    """One group; ``macro`` and what follows are None where nothing was measured.

    ``confusion`` has a row for each label that articles have, of an exclusive group.
    """

    group: Group
    labels: list[OfLabel]
    articles: int = 0
    macro: Figure | None = None
    micro: Figure | None = None
    kept_right: Figure | None = None
    calibration_error: Figure | None = None
    reviewed: float = 0.0
    confusion: list[list[float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Portrait:
    """``given`` says that it was measured on articles of the newsroom's own, not starter ones."""

    version: str
    created: str
    commit: str
    counts: Mapping[str, int]
    given: bool
    groups: list[OfGroup]


def portrait(loaded: Loaded) -> Portrait:
    """Of a loaded version."""
    model, manifest = loaded.predictor.model, loaded.manifest
    words = _words(loaded)
    measured = _measured(loaded)
    return Portrait(
        version=manifest.version,
        created=manifest.created,
        commit=manifest.commit,
        counts=manifest.counts,
        given=_is_given(loaded),
        groups=[
            _group(group, model.rules[group.id], measured.get(group.id, {}), words)
            for group in model.scheme.groups
        ],
    )


def _measured(loaded: Loaded) -> dict[str, Mapping[str, Any]]:
    """The figures of each group that was measured, as the report has them."""
    return {one["group"]: one for one in loaded.report.get("groups", [])}


def _is_given(loaded: Loaded) -> bool:
    return bool(loaded.manifest.counts.get("given"))


def _words(loaded: Loaded) -> dict[tuple[str, str], list[Word]]:
    """The words of each label, each where it is strongest: title and lead can have the same."""
    model = loaded.predictor.model
    every = words_of(model.scorer, model.scheme, _DRAWN)
    found: dict[tuple[str, str], dict[tuple[bool, str], Word]] = {}
    for word in every:
        mine = found.setdefault((word.group, word.label), {})
        mine.setdefault((word.rank > 0, word.word), word)
    return {key: list(words.values()) for key, words in found.items()}


def _group(
    group: Group,
    rule: Rule,
    measured: Mapping[str, Any],
    words: Mapping[tuple[str, str], list[Word]],
) -> OfGroup:
    of_labels = {one["label"]: one for one in measured.get("labels", [])}
    labels = []
    for place, label in enumerate(group.labels):
        learnt = rule.trained[place]
        mine = of_labels.get(label.id, {})
        found = words.get((group.id, label.id), []) if learnt else []
        labels.append(
            OfLabel(
                label=label,
                trained=learnt,
                threshold=bound(rule.thresholds[place]) if learnt and not group.exclusive else "",
                sure=bound(rule.sure[place]) if learnt and rule.sure[place] <= 1 else "",
                articles=mine.get("articles"),
                precision=_figure(mine.get("precision") if learnt else None),
                recall=_figure(mine.get("recall") if learnt else None),
                f1=_figure(mine.get("f1") if learnt else None),
                speaking_for=[word for word in found if word.rank > 0][:_MOST_FOR],
                speaking_against=[word for word in found if word.rank < 0][:_MOST_AGAINST],
            )
        )
    return OfGroup(
        group=group,
        labels=labels,
        articles=int(measured.get("articles", 0)),
        macro=_figure(measured.get("f1_macro")),
        micro=_figure(measured.get("f1_micro")),
        kept_right=_figure(measured.get("kept_right")),
        calibration_error=_figure(measured.get("calibration_error")),
        reviewed=float(measured.get("reviewed", 0.0)),
        confusion=measured.get("confusion", []),
    )


def _figure(raw: Mapping[str, float] | None) -> Figure | None:
    """None also for a share of nothing, which reports have as 0 within 0 to 1."""
    if raw is None or (raw["value"], raw["low"], raw["high"]) == (0, 0, 1):
        return None
    return Figure(value=raw["value"], low=raw["low"], high=raw["high"])


def figures_of(loaded: Loaded, language: Language) -> list[str]:
    """How good a version is, in a sentence for each group."""
    measured, source = _measured(loaded), "given" if _is_given(loaded) else "starter"
    found = []
    for group in loaded.predictor.model.scheme.groups:
        name, mine = language.name(group), measured.get(group.id, {})
        macro = _figure(mine.get("f1_macro"))
        if macro is None:
            found.append(language.say("figures_none", group=name))
            continue
        value, low, high = (f"{one:.2f}" for one in (macro.value, macro.low, macro.high))
        told = {"group": name, "value": value, "low": low, "high": high}
        found.append(language.say(f"figures_{source}", count=mine["articles"], **told))
    return found
