"""Measured: how good a version is, as its report has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from labels.scheme import Group, Scheme
from serving.language import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A share that was measured, with its 95 % interval; all 0 to 1."""

    value: float
    low: float
    high: float

    def shown(self) -> dict[str, str]:
        """The three with two decimals, to fill blanks of texts."""
        return {name: f"{getattr(self, name):.2f}" for name in ("value", "low", "high")}

    def spoken(self, language: Language) -> str:
        return language.say("interval", **self.shown())


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredLabel:
    """One label; figures are None where nothing was measured.

    ``distinct`` is what its articles count when near-duplicates count once, which reports of
    exclusive groups tell. ``unlearnt`` says that some of the models that judged had not learnt it.
    """

    articles: int | None = None
    distinct: float | None = None
    unlearnt: bool = False
    precision: Figure | None = None
    recall: Figure | None = None
    f1: Figure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredGroup:
    """One group; figures are None where nothing was measured.

    ``distinct`` of its articles are left when near-duplicates count once, as they do in all
    figures and in ``confusion``, which has a row for each label of an exclusive group. ``labels``
    are by their ids.
    """

    articles: int = 0
    distinct: int = 0
    macro: Figure | None = None
    micro: Figure | None = None
    kept_right: Figure | None = None
    calibration_error: Figure | None = None
    reviewed: float = 0.0
    confusion: list[list[float]] = field(default_factory=list)
    labels: Mapping[str, MeasuredLabel] = field(default_factory=dict)

    @property
    def repeated(self) -> bool:
        """Whether some of the articles are near-duplicates."""
        return self.distinct != self.articles


_OF_ANOTHER_SHAPE = (
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
)

Measured = Mapping[str, MeasuredGroup]  # by group ids, of those that were measured


def read_measured(folder: Path, scheme: Scheme) -> Measured:
    """What the report of a version says, nothing where there is none or it has another shape.

    Raises nothing: it is shown, and decides nothing.
    """
    try:
        return measured(json.loads((folder / "report.json").read_text("utf-8")), scheme)
    except _OF_ANOTHER_SHAPE:
        return {}


def measured(report: Mapping[str, Any], scheme: Scheme) -> Measured:
    """What a report says of the groups of a scheme.

    Raises:
        LookupError, TypeError, ValueError, AttributeError or OverflowError: it has another shape.
    """
    groups = {one["group"]: one for one in report["groups"]}
    return {
        group.id: _group(group, groups[group.id], report["unlearnt"].get(group.id, []))
        for group in scheme.groups
        if group.id in groups
    }


def counted(count: float) -> str:
    """A count, which is a mean over partitions or a sum of shares of near-duplicates."""
    return f"{count:.1f}".removesuffix(".0")


def distinct(one: MeasuredGroup | MeasuredLabel, language: Language) -> str:
    """What stands behind a count of articles where fewer of them are known to be distinct."""
    shown = "" if one.distinct is None else counted(one.distinct)
    return "" if shown in {"", str(one.articles)} else language.say("distinct", count=shown)


def _group(group: Group, raw: Mapping[str, Any], unlearnt: list[str]) -> MeasuredGroup:
    table = [[_number(one) for one in row] for row in raw["confusion"]]
    size = len(group.labels)
    if [len(row) for row in table] != ([size] * size if group.exclusive else []):
        raise ValueError(f"no table of {size} labels")
    labels = {one["label"]: one for one in raw["labels"]}
    return MeasuredGroup(
        articles=int(_number(raw["articles"])),
        distinct=int(_number(raw["distinct"])),
        macro=_figure(raw["f1_macro"]),
        micro=_figure(raw["f1_micro"]),
        kept_right=_figure(raw["kept_right"]),
        calibration_error=_figure(raw["calibration_error"]),
        reviewed=_number(raw["reviewed"]),
        confusion=table,
        labels={
            name: _label(labels[name], sum(table[at]) if table else None, name in unlearnt)
            for at, name in enumerate(group.ids)
        },
    )


def _label(raw: Mapping[str, Any], distinct: float | None, unlearnt: bool) -> MeasuredLabel:
    return MeasuredLabel(
        articles=int(_number(raw["articles"])),
        distinct=distinct,
        unlearnt=unlearnt,
        precision=_figure(raw["precision"]),
        recall=_figure(raw["recall"]),
        f1=_figure(raw["f1"]),
    )


def _figure(raw: Mapping[str, Any]) -> Figure | None:
    """None for a share of nothing, which reports have as 0 within 0 to 1."""
    value, low, high = (_number(raw[name]) for name in ("value", "low", "high"))
    return None if (value, low, high) == (0, 0, 1) else Figure(value=value, low=low, high=high)


def _number(raw: Any) -> float:
    number = float(raw)
    if not isfinite(number):
        raise ValueError("no number")
    return number
