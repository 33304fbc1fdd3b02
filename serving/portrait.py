"""A portrait of a version: what it learnt from, how good it is, and where it is weak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from labels.scheme import Group, Label
from models.decision import Rule
from models.manifest import Manifest
from models.words import Word, words_of
from serving.language import Language
from serving.live import Loaded
from serving.measured import MeasuredGroup, MeasuredLabel, distinct
from serving.view import bound

_MOST_FOR, _MOST_AGAINST = 12, 6  # words of a label
_DRAWN = 5 * _MOST_FOR  # one can be among the strongest of title, lead, text, last lines and whole


@dataclass(frozen=True, kw_only=True, slots=True)
class OfLabel:
    """One label: its rule, its figures and its words."""

    label: Label
    trained: bool
    threshold: str
    sure: str
    measured: MeasuredLabel
    speaking_for: list[Word]
    speaking_against: list[Word]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfGroup:
    """One group; ``pieces`` says that pieces of words count in it, and not words alone."""

    group: Group
    labels: list[OfLabel]
    measured: MeasuredGroup
    pieces: bool


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
    return Portrait(
        version=manifest.version,
        created=manifest.created,
        commit=manifest.commit,
        counts=manifest.counts,
        given=_is_given(manifest),
        groups=[
            OfGroup(
                group=group,
                labels=_labels(group, model.rules[group.id], _measured(loaded, group), words),
                measured=_measured(loaded, group),
                pieces=reads_pieces(manifest, group),
            )
            for group in model.scheme.groups
        ],
    )


def _measured(loaded: Loaded, group: Group) -> MeasuredGroup:
    return loaded.measured.get(group.id) or MeasuredGroup()


def _is_given(manifest: Manifest) -> bool:
    return bool(manifest.counts.get("given"))


def reads_pieces(manifest: Manifest, group: Group) -> bool:
    """Whether runs of characters are among the features that a group was learnt with.

    A recipe of another shape tells nothing of them: it is shown, and decides nothing.
    """
    learner: Any = manifest.recipe.get("exclusive" if group.exclusive else "multi")
    try:
        return any(block["unit"] == "character" for block in learner["blocks"])
    except (LookupError, TypeError):
        return False


def _words(loaded: Loaded) -> dict[tuple[str, str], list[Word]]:
    """The words of each label, each where it is strongest: title and lead can have the same."""
    model = loaded.predictor.model
    every = words_of(model.scorer, model.scheme, _DRAWN)
    found: dict[tuple[str, str], dict[tuple[bool, str], Word]] = {}
    for word in every:
        mine = found.setdefault((word.group, word.label), {})
        mine.setdefault((word.rank > 0, word.word), word)
    return {key: list(words.values()) for key, words in found.items()}


def _labels(
    group: Group,
    rule: Rule,
    measured: MeasuredGroup,
    words: Mapping[tuple[str, str], list[Word]],
) -> list[OfLabel]:
    labels = []
    for place, label in enumerate(group.labels):
        learnt = rule.trained[place]
        mine = measured.labels.get(label.id) or MeasuredLabel()
        found = words.get((group.id, label.id), []) if learnt else []
        labels.append(
            OfLabel(
                label=label,
                trained=learnt,
                threshold=bound(rule.thresholds[place]) if learnt and not group.exclusive else "",
                sure=bound(rule.sure[place]) if learnt and rule.sure[place] <= 1 else "",
                measured=mine if learnt else replace(mine, precision=None, recall=None, f1=None),
                speaking_for=[word for word in found if word.rank > 0][:_MOST_FOR],
                speaking_against=[word for word in found if word.rank < 0][:_MOST_AGAINST],
            )
        )
    return labels


def figures_of(loaded: Loaded, language: Language) -> list[str]:
    """How good a version is, in a sentence for each group."""
    key = "figures_given" if _is_given(loaded.manifest) else "figures_starter"
    found = []
    for group in loaded.predictor.model.scheme.groups:
        name, mine = language.name(group), _measured(loaded, group)
        if mine.macro is None:
            found.append(language.say("figures_none", group=name))
            continue
        told = {"group": name, "count": mine.articles, "distinct": distinct(mine, language)}
        found.append(language.say(key, **told, **mine.macro.shown()))
    return found
