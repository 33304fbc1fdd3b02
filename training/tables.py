"""Tables of a version, to look through and to lay beside those of other versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from labels.scheme import Scheme
from labels.suspects import Suspect, suspects
from models.words import Word
from training.findings import Findings, Told
from training.measures import Figure
from training.report import LabelReport
from training.reporting import is_counted
from training.words import strongest_words

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, object]

_FIGURES = ("f1", "precision", "recall")


def tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """Tables by name, with nothing of an article but its id and single words.

    ``labels`` holds figures, ``out_of_fold`` gold labels and probabilities, ``errors`` where the
    two disagree, ``suspects`` gold labels that look wrong, ``words`` what was learnt. Every
    version of a scheme has the same columns. What is unknown is None, never NaN.

    Raises:
        VersionError: the weights are missing or damaged.
    """
    scheme = findings.scheme
    made: dict[str, tuple[list[str], Iterable[Row]]] = {
        "labels": (_label_columns(), _labels(findings)),
        "out_of_fold": (_out_of_fold_columns(scheme), _out_of_fold(findings)),
        "errors": (_ERRORS, _errors(findings)),
        "suspects": (_names(Suspect), _suspects(findings)),
        "words": (_names(Word), map(asdict, strongest_words(findings.folder, scheme))),
    }
    return {name: _frame(columns, rows) for name, (columns, rows) in made.items()}


def _frame(columns: list[str], rows: Iterable[Row]) -> pd.DataFrame:
    """Of type object where something is missing: other types would make NaN of None."""
    import pandas as pd

    listed = [[row[column] for column in columns] for row in rows]
    whole = pd.DataFrame(listed, columns=columns, dtype=object)
    known = [column for column in columns if listed and whole[column].notna().all()]
    return whole.astype({column: pd.Series(whole[column].tolist()).dtype for column in known})


def _names(kind: type[Suspect | Word]) -> list[str]:
    return [field.name for field in fields(kind)]


def _label_columns() -> list[str]:
    ends = ("", "_low", "_high")
    f1, *others = ([f"{name}{end}" for end in ends] for name in _FIGURES)
    # The UI compares by the first column, and shows the second until told otherwise.
    return ["label", *f1, "articles", "group", *chain(*others)]


def _labels(findings: Findings) -> Iterator[Row]:
    for group in findings.report.groups:
        for label in group.labels:
            yield {
                "label": label.label,
                "group": group.group,
                "articles": label.articles,
                **_figures(label),
            }


def _figures(label: LabelReport) -> dict[str, float | None]:
    """Each figure with its interval; unknown where there was nothing to count."""
    found: dict[str, float | None] = {}
    for name in _FIGURES:
        figure: Figure = getattr(label, name)
        known = is_counted(figure)
        for end, value in (("", figure.value), ("_low", figure.low), ("_high", figure.high)):
            found[f"{name}{end}"] = value if known else None
    return found


def _out_of_fold_columns(scheme: Scheme) -> list[str]:
    gold = [f"gold_{group.id}" for group in scheme.groups]
    return ["id", "source", *gold, *(f"{group}_{label}" for group, label in scheme.outputs)]


def _out_of_fold(findings: Findings) -> Iterator[Row]:
    scheme, held = findings.scheme, findings.held
    columns = _out_of_fold_columns(scheme)
    for name, source, labels, likely in zip(
        held.ids, held.sources, held.labels, held.likely.tolist(), strict=True
    ):
        gold = [
            _joined(labels[group.id], group.ids) if group.id in labels else None
            for group in scheme.groups
        ]
        scores = [score if np.isfinite(score) else None for score in likely]
        yield dict(zip(columns, [name, source, *gold, *scores], strict=True))


def _joined(labels: Iterable[str], order: tuple[str, ...]) -> str:
    """Labels in the scheme's order, as a CSV cell has them; none of them is an empty text."""
    return "|".join(sorted(labels, key=order.index))


_ERRORS = [
    "id",
    "source",
    "group",
    "gold",
    "predicted",
    "probability_of_predicted",
    "probability_of_gold",
]


def _errors(findings: Findings) -> Iterator[Row]:
    """Articles that did not get exactly their labels, the surest of each group first.

    Of several labels the probability is that of the least likely one, of none it is unknown.
    """
    for group in findings.scheme.groups:
        told = findings.told_of_all(group)
        sure = np.nan_to_num(told.confidence, nan=-1.0)
        wrong = np.flatnonzero(~told.right)
        for row in wrong[np.argsort(-sure[wrong], kind="stable")].tolist():
            yield _error(told, row)


def _error(told: Told, row: int) -> Row:
    ids = np.array(told.group.ids, object)
    given, gold = told.given[row], told.gold[row]
    return {
        "id": told.ids[row],
        "source": told.sources[row],
        "group": told.group.id,
        "gold": "|".join(ids[gold]),
        "predicted": "|".join(ids[given]),
        "probability_of_predicted": _least(told, row, given),
        "probability_of_gold": _least(told, row, gold),
    }


def _least(told: Told, row: int, chosen: np.ndarray) -> float | None:
    least = float(told.likely[row, chosen].min()) if chosen.any() else np.nan
    return least if np.isfinite(least) else None


def _suspects(findings: Findings) -> Iterator[Row]:
    held = findings.held
    found, _ = suspects(findings.scheme, held.ids, held.labels, held.likely)
    return (one.as_json() for one in found)
