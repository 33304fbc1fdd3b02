"""A portrait of a version: what it learnt from, how good it is, and where it is weak."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from labels.scheme import Group, Label, Scheme
from models.decision import Rule
from models.manifest import Manifest
from models.words import Word, words_of
from serving.language import Language
from serving.live import Loaded
from serving.view import bound

_MOST_FOR, _MOST_AGAINST = 12, 6  # words of a label


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
    """One group; ``macro`` and what follows are None where it was not measured.

    ``confusion`` has a row for each label that articles have, of an exclusive group.
    """

    group: Group
    labels: list[OfLabel]
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
    measured: int
    given: bool
    groups: list[OfGroup]


def portrait(loaded: Loaded) -> Portrait:
    """Of a loaded version. Figures are missing where its folder is gone by now."""
    report = _report(loaded.folder)
    model, manifest = loaded.predictor.model, loaded.manifest
    words = _words(loaded)
    measured = {one["group"]: one for one in report.get("groups", [])}
    return Portrait(
        version=manifest.version,
        created=manifest.created,
        commit=manifest.commit,
        counts=manifest.counts,
        measured=int(report.get("evaluated", 0)),
        given=report.get("source") == "given",
        groups=[
            _group(group, model.rules[group.id], measured.get(group.id, {}), words)
            for group in model.scheme.groups
        ],
    )


def _report(folder: Path) -> dict[str, Any]:
    """The report that training wrote; its sums were checked when the version was loaded."""
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def _words(loaded: Loaded) -> dict[tuple[str, str], list[Word]]:
    model = loaded.predictor.model
    every = words_of(model.scorer, model.scheme, _MOST_FOR)
    return {
        key: list(words) for key, words in groupby(every, key=lambda one: (one.group, one.label))
    }


def _group(
    group: Group,
    rule: Rule,
    measured: Mapping[str, Any],
    words: Mapping[tuple[str, str], list[Word]],
) -> OfGroup:
    of_labels = {one["label"]: one for one in measured.get("labels", [])}
    labels = []
    for place, label in enumerate(group.labels):
        mine, found = of_labels.get(label.id, {}), words.get((group.id, label.id), [])
        labels.append(
            OfLabel(
                label=label,
                trained=rule.trained[place],
                threshold="" if group.exclusive else bound(rule.thresholds[place]),
                sure="" if rule.sure[place] > 1 else bound(rule.sure[place]),
                articles=mine.get("articles"),
                precision=_figure(mine.get("precision")),
                recall=_figure(mine.get("recall")),
                f1=_figure(mine.get("f1")),
                speaking_for=[word for word in found if word.rank > 0],
                speaking_against=[word for word in found if -_MOST_AGAINST <= word.rank < 0],
            )
        )
    return OfGroup(
        group=group,
        labels=labels,
        macro=_figure(measured.get("f1_macro")),
        micro=_figure(measured.get("f1_micro")),
        kept_right=_figure(measured.get("kept_right")),
        calibration_error=_figure(measured.get("calibration_error")),
        reviewed=float(measured.get("reviewed", 0.0)),
        confusion=measured.get("confusion", []),
    )


def _figure(raw: Mapping[str, float] | None) -> Figure | None:
    return Figure(value=raw["value"], low=raw["low"], high=raw["high"]) if raw else None


def figures_of(manifest: Manifest, scheme: Scheme, language: Language) -> list[str]:
    """How good a version is, in a sentence for each group."""
    source = "given" if manifest.counts.get("given") else "starter"
    found = []
    for group in scheme.groups:
        stem = f"{group.id}_f1_macro"
        name = language.name(group)
        if stem not in manifest.metrics:
            found.append(language.say("figures_none", group=name))
            continue
        value, low, high = (f"{manifest.metrics[stem + end]:.2f}" for end in ("", "_low", "_high"))
        count = int(manifest.metrics.get("evaluated_articles", 0))
        key = f"figures_{source}"
        told = language.say(key, group=name, value=value, low=low, high=high, count=count)
        found.append(told)
    return found
