"""A description of a version, for people who look at its run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labels.scheme import Group
from training.findings import Findings
from training.learning import gain_phrase
from training.measures import Figure, Spread
from training.phrases import articles, percent
from training.report import GroupReport, LabelReport
from training.reporting import STYLE_WARNING, is_counted, judged_by, micro_name

MOST = 5000  # characters, what a registry on PostgreSQL takes
_FEW = 100  # articles
_VERDICT = 1000  # characters
_NAMED = 20  # labels in a sentence
_SIGNS = {sign: f"\\{sign}" for sign in r"\|*_`[]"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPES = str.maketrans(_SIGNS)


def description(findings: Findings) -> str:
    """Markdown: what was learnt from, what to be careful about, and how well it does.

    At most 5,000 characters; whole lines that are too many are left out, and a last one says so.
    """
    parts = [_data(findings)]
    against = findings.comparison
    if against:
        parts.append(f"Against the champion {against.first}: {_short(against.verdict)}")
    careful = [f"- {line}" for line in _careful(findings)]
    if careful:
        parts.append("\n".join(["**To be careful about**", "", *careful]))
    for group, measured in findings.groups():
        parts.append("\n".join(_group_lines(findings, group, measured)))
    return _cut("\n\n".join(parts).split("\n"))


def escaped(text: str) -> str:
    """Text that markdown, in a table too, shows as it is."""
    return text.translate(_ESCAPES)


def _short(verdict: str) -> str:
    """One that names very many labels would leave no room for anything else."""
    return escaped(verdict if len(verdict) <= _VERDICT else f"{verdict[:_VERDICT]}…")


def _cut(lines: Sequence[str]) -> str:
    """As many of the lines as there is room for, and how many there are more."""
    whole = "\n".join(lines) + "\n"
    if len(whole) <= MOST:
        return whole
    # As long as the note can be: with the greatest number that it may have to tell.
    room = MOST - len(_left_out(len(lines)))
    kept, used = 0, 0
    while used + len(lines[kept]) + 1 <= room:
        used += len(lines[kept]) + 1
        kept += 1
    return whole[:used] + _left_out(len(lines) - kept)


def _left_out(lines: int) -> str:
    more = "1 more line is" if lines == 1 else f"{lines} more lines are"
    return f"\n{more} left out here: see `report.txt` and the table `labels`.\n"


def _data(findings: Findings) -> str:
    counts, report = findings.manifest.counts, findings.report
    return (
        f"Trained on {counts['articles']} articles ({counts['given']} given, {counts['starter']} "
        f"starter). Figures are of {report.evaluated} {report.source} articles, "
        f"{judged_by(report)}; brackets hold 95 % intervals."
    )


def _group_lines(findings: Findings, group: Group, measured: GroupReport) -> Iterator[str]:
    name, micro = escaped(group.id), micro_name(group.exclusive)
    yield f"**{name}** ({articles(measured.articles, measured.distinct)})"
    yield ""
    yield f"- macro-F1 {_spread(measured.f1_macro)}, {micro} {_spread(measured.f1_micro)}"
    kept = f"; of the others {percent(measured.kept_right.value)} are exactly right"
    reviewed = f"- {percent(measured.reviewed)} go to a person because of the {name}"
    yield f"{reviewed}{kept if measured.reviewed < 1 else ''}"
    yield (
        f"- {percent(measured.coverage_at_target)} could pass without a person at "
        f"{percent(findings.report.target)} exactly right: in hindsight, no promise"
    )
    yield f"- calibration error {_figure(measured.calibration_error)}"
    report = findings.report
    gain = gain_phrase(report.learning.get(group.id, []), report.source)
    if gain:
        yield f"- {gain}"
    yield ""
    yield "| label | articles | precision | recall | F1 |"
    yield "|---|---|---|---|---|"
    for at, label in enumerate(measured.labels):
        yield _label_row(group.labels[at].zh, label)


def _label_row(name: str, label: LabelReport) -> str:
    shown = escaped(label.label if name == label.label else f"{name} {label.label}")
    cells = [_figure(one) for one in (label.precision, label.recall, label.f1)]
    return " | ".join([f"| {shown}", str(label.articles), *cells]) + " |"


def _careful(findings: Findings) -> Iterator[str]:
    report = findings.report
    if report.source == "starter":
        yield STYLE_WARNING
    for group in report.unmeasured:
        name = escaped(group)
        yield f"{name}: no evaluated article has a label of it, so nothing was measured."
    for group, labels in report.untrained.items():
        yield (
            f"{escaped(group)}: too few distinct articles to learn {_listed(labels)}; every "
            "article goes to a person because of it."
        )
    for group, labels in report.unlearnt.items():
        yield (
            f"{escaped(group)}: some of the models that judged had not learnt {_listed(labels)}; "
            "recall and F1 are too low for that."
        )
    few = [f"{one.group} {one.distinct}" for one in report.groups if one.distinct < _FEW]
    if few:
        yield f"Few distinct articles were judged ({_listed(few)}): the intervals are wide."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return escaped(", ".join(names[:_NAMED])) + more


def _spread(spread: Spread) -> str:
    return f"{spread.value:.3f} ({spread.low:.2f} to {spread.high:.2f})"


def _figure(figure: Figure) -> str:
    if not is_counted(figure):
        return "–"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
