"""A report as people and files have it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labels.errors import VersionError
from training.abstention import Promise, Promises
from training.learning import Point
from training.measures import Figure, Spread
from training.phrases import articles
from training.report import GroupReport, LabelReport, Report

STYLE_WARNING = "Starter articles give themselves away by their style: real posts will score lower."


def report_from(path: Path) -> Report:
    """The report that a version's ``report.json`` holds.

    Raises:
        VersionError: there is none, or it is damaged.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        promised, curves = raw["promises"].items(), raw["learning"].items()
        return Report(
            **{
                **raw,
                "groups": [_group(group) for group in raw["groups"]],
                "themes": [_group(group) for group in raw["themes"]],
                "promises": {group: _promises(held) for group, held in promised},
                "learning": {group: [Point(**one) for one in curve] for group, curve in curves},
            }
        )
    except (AttributeError, OSError, ValueError, LookupError, TypeError) as error:
        raise VersionError(str(path), "missing or not a report", "Train again") from error


def _group(raw: Mapping[str, Any]) -> GroupReport:
    return GroupReport(
        **{
            **raw,
            "f1_macro": Spread(**raw["f1_macro"]),
            "f1_micro": Spread(**raw["f1_micro"]),
            "labels": [_label(label) for label in raw["labels"]],
            "kept_right": Figure(**raw["kept_right"]),
            "calibration_error": Figure(**raw["calibration_error"]),
        }
    )


def _promises(raw: Mapping[str, Any]) -> Promises:
    return Promises(**{**raw, "labels": [Promise(**one) for one in raw["labels"]]})


def _label(raw: Mapping[str, Any]) -> LabelReport:
    figures = {name: Figure(**raw[name]) for name in ("precision", "recall", "f1")}
    return LabelReport(label=raw["label"], articles=raw["articles"], **figures)


def report_lines(report: Report) -> Iterator[str]:
    """The report for a terminal."""
    measured_on = articles(report.evaluated, source=report.source)
    yield f"Measured on {measured_on}, {judged_by(report)}."
    if report.source == "starter":
        yield STYLE_WARNING
    for group in report.groups:
        yield ""
        yield from group_lines(group)
        yield from _learning_lines(report.learning.get(group.group, []), report.source)
    yield from unmeasured_lines(report.unmeasured)
    yield from untrained_lines(report.untrained)
    for name, labels in report.unlearnt.items():
        yield ""
        yield (
            f"{name}: the model has learnt {', '.join(labels)}, but some of the models that "
            "judged above had too few articles for it: they missed it, and its recall and F1 are "
            "too low."
        )
    if report.themes:
        yield ""
        yield "With each theme judged by models of the other themes:"
    for group in report.themes:
        yield f"  {group.group}: macro-F1 {group.f1_macro.value:.3f}, {micro_phrase(group)}"
    for name, promises in report.promises.items():
        yield ""
        yield from _promise_lines(name, promises, report)
    if report.promises:
        yield (
            "What goes to review above was measured with promises learnt without those articles, "
            "from fewer: the model itself may hold promises that they could not, and review less."
        )


def judged_by(report: Report) -> str:
    """How the articles were judged that the figures are of."""
    if report.fold_of is not None:
        return f"one fold of {report.fold_of}, judged by a model of all other articles"
    plural = "s" if len(report.seeds) > 1 else ""
    judges = "each judged by models that had not seen it"
    return f"{judges}; mean over {len(report.seeds)} partition{plural}"


def unmeasured_lines(groups: Sequence[str]) -> Iterator[str]:
    for group in groups:
        yield ""
        yield f"{group}: none of these articles has a label of it, so nothing was measured"


def untrained_lines(untrained: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for group, labels in untrained.items():
        yield ""
        yield (
            f"{group}: too few distinct articles to learn and to judge {', '.join(labels)}, with "
            "it or without it. Any article could have such a label: everything goes to review."
        )


def group_lines(group: GroupReport) -> Iterator[str]:
    yield f"{group.group} ({articles(group.articles, group.distinct)})"
    name = micro_name(group.exclusive)
    yield f"  macro-F1 {_spread(group.f1_macro)}"
    yield f"  {name:8} {_spread(group.f1_micro)}"
    width = max(len(label.label) for label in group.labels)
    yield f"  {'':{width}} articles  precision          recall             F1"
    for label in group.labels:
        figures = "  ".join(_figure(x) for x in (label.precision, label.recall, label.f1))
        yield f"  {label.label:{width}} {label.articles:8}  {figures}"
    right = f"; of the others {group.kept_right.value:.1%} are exactly right"
    reviewed = f"  {group.reviewed:.0%} go to review for their {group.group}"
    yield f"{reviewed}{right if group.reviewed < 1 else ''}"
    yield f"  calibration error {_figure(group.calibration_error)}"


def _learning_lines(points: Sequence[Point], source: str) -> Iterator[str]:
    if len(points) < 2:
        return
    *fewer, last = (f"{point.articles}" for point in points)
    yield (
        f"  learnt from {', '.join(fewer)} and {last} {source} articles, uncalibrated: "
        f"macro-F1 {', '.join(f'{point.f1_macro:.3f}' for point in points)}"
    )


def micro_name(exclusive: bool) -> str:
    """What micro-F1 is called in a group; of an exclusive one it is the accuracy."""
    return "accuracy" if exclusive else "micro-F1"


def micro_phrase(group: GroupReport) -> str:
    """Micro-F1 by the name that it has in the group."""
    return f"{micro_name(group.exclusive)} {group.f1_micro.value:.3f}"


def _promise_lines(group: str, promises: Promises, report: Report) -> Iterator[str]:
    learnt_on = articles(promises.articles, promises.distinct, promises.source)
    promised = f"precision {report.precision}, with confidence 95 %"
    yield f"{group}: labels that need no review at {promised}"
    if group in report.untrained:
        yield f"  None, because of {', '.join(report.untrained[group])}: everything goes to review."
        return
    if not promises.articles:
        yield f"  No {promises.source} article has a label of it: nothing is promised, and every"
        yield "  article that gets one goes to review."
        return
    width = max(len(one.label) for one in promises.labels)
    for one in promises.labels:
        yield f"  {one.label:{width}}  {_held(one)}"
    yield (
        f"  Learnt on {learnt_on}, near-duplicates counted once; it holds for "
        "articles like these and each label by itself. Other labels, other groups and the text "
        "may send an article to review."
    )


def _held(one: Promise) -> str:
    if one.sure is not None:
        return (
            f"{one.kept} of {one.given} need none, from probability {one.sure:.3f}; {one.wrong} "
            f"wrong, precision at least {one.bound:.3f}"
        )
    if one.given < one.needed:
        return f"{articles(one.given)} given it, {one.needed} are needed: all go to review"
    return f"not held by the {articles(one.given)} given it: all go to review"


def is_counted(figure: Figure) -> bool:
    """Whether there was anything to count; else the figure is 0 and its interval all there is."""
    return (figure.low, figure.high) != (0.0, 1.0)


def _spread(spread: Spread) -> str:
    parted = f"sd {spread.sd:.3f}, {spread.least:.3f} to {spread.most:.3f} over partitions; "
    return (
        f"{spread.value:.3f} ({parted if spread.least < spread.most else ''}"
        f"95 % interval {spread.low:.2f} to {spread.high:.2f})"
    )


def _figure(figure: Figure) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"
