"""A description of a version, for people who look at its run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from labels.scheme import Group
from training.coverage import coverage_at, coverage_of
from training.findings import Findings, read_findings
from training.learning import gain_phrase
from training.measures import Figure, Spread
from training.report import GroupReport, LabelReport
from training.reporting import STYLE_WARNING, is_counted, judged_by, percent

COMPARISON = "comparison.json"


def description(version: Path) -> str:
    """Markdown: what was learnt from, how well it does, and what to be careful about.

    Raises:
        VersionError: a file of the version is missing or damaged.
    """
    findings = read_findings(version)
    parts = [_data(findings), *_against(version)]
    for group, measured in findings.groups():
        parts.append("\n".join(_group_lines(findings, group, measured)))
    careful = [f"- {line}" for line in _careful(findings)]
    if careful:
        parts.append("\n".join(["**To be careful about**", "", *careful]))
    return "\n\n".join(parts) + "\n"


def _data(findings: Findings) -> str:
    counts, report = findings.manifest.counts, findings.report
    return (
        f"Trained on {counts['articles']} articles ({counts['given']} given, {counts['starter']} "
        f"starter). Figures are of {report.evaluated} {report.source} articles, "
        f"{judged_by(report)}; brackets hold 95 % intervals."
    )


def _against(version: Path) -> Iterator[str]:
    """What a comparison with the champion said, where the version remembers one."""
    try:
        told = json.loads((version / COMPARISON).read_text("utf-8"))
        champion, verdict = told.get("with", told.get("first")), told["verdict"]
    except (AttributeError, LookupError, OSError, TypeError, ValueError):
        return
    if isinstance(champion, str) and isinstance(verdict, str):
        yield f"Against the champion {champion}: {verdict}"


def _group_lines(findings: Findings, group: Group, measured: GroupReport) -> Iterator[str]:
    micro = "accuracy" if group.exclusive else "micro-F1"
    copies = f", {measured.distinct} distinct" if measured.distinct < measured.articles else ""
    yield f"**{group.id}** ({measured.articles} articles{copies})"
    yield ""
    yield f"- macro-F1 {_spread(measured.f1_macro)}, {micro} {_spread(measured.f1_micro)}"
    right = measured.kept_right
    kept = f"; of the others {percent(right.value)} are exactly right" if right.value else ""
    yield f"- {percent(measured.reviewed)} go to a person because of the {group.id}{kept}"
    share = coverage_at(coverage_of(findings.told(group)), findings.target)
    yield (
        f"- {percent(share)} could pass without a person at {percent(findings.target)} exactly "
        "right: in hindsight, no promise"
    )
    yield f"- calibration error {_figure(measured.calibration_error)}"
    gain = gain_phrase(findings.report.learning.get(group.id, []))
    if gain:
        yield f"- {gain}"
    yield ""
    yield "| label | articles | precision | recall | F1 |"
    yield "|---|---|---|---|---|"
    for at, label in enumerate(measured.labels):
        yield _label_row(group.labels[at].zh, label)


def _label_row(name: str, label: LabelReport) -> str:
    shown = label.label if name == label.label else f"{name} {label.label}"
    cells = [_figure(one) for one in (label.precision, label.recall, label.f1)]
    return " | ".join([f"| {shown.replace('|', '/')}", str(label.articles), *cells]) + " |"


def _careful(findings: Findings) -> Iterator[str]:
    report = findings.report
    if report.source == "starter":
        yield STYLE_WARNING
    for group in report.unmeasured:
        yield f"{group}: no evaluated article has a label of it, so nothing was measured."
    for group, labels in report.untrained.items():
        yield (
            f"{group}: too few distinct articles to learn {', '.join(labels)}; every article goes "
            "to a person because of it."
        )
    for group, labels in report.unlearnt.items():
        yield (
            f"{group}: some of the models that judged had not learnt {', '.join(labels)}; its "
            "figures are too low."
        )
    few = [f"{one.group} {one.articles}" for one in report.groups if one.distinct < _FEW]
    if few:
        yield f"Few articles were judged ({', '.join(few)}): the intervals are wide."


_FEW = 100


def _spread(spread: Spread) -> str:
    return f"{spread.value:.3f} ({spread.low:.2f} to {spread.high:.2f})"


def _figure(figure: Figure) -> str:
    if not is_counted(figure):
        return "–"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
