"""Views: tables of runs with columns, filter and order, as MLflow's UI keeps them.

The UI (3.17) keeps a view as a tag of the experiment and lists it under Views. What it does not
know of a view's state it passes over, what is missing has its usual value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from labels.scheme import Scheme
from training.naming import short
from training.tried import of_kind

_TAG = "mlflow.sharedViewState."
_MOST = 5000  # characters of a tag's value
_GROUPS = 3  # that have columns: more would not be seen at once
_TEXT = 420  # width of a column of sentences, pixels
_VERDICT = "tags.`verdict`"
_LONG = {_VERDICT, "params.`blocks`"}
_CHARACTER, _BESIDE = 8, 25  # of a heading, and of the sign of the order beside it


def views(scheme: Scheme, created: int, *, searched: bool) -> dict[str, str]:
    """Tags of an experiment by name: its trainings and, where one searched, its candidates.

    ``created`` is in milliseconds of Unix time. A view that is too long for a tag is left out.
    """
    made = {"trainings": ("Trainings", _trainings(scheme))}
    kinds = dict.fromkeys(of_kind(scheme, group.kind) for group in scheme.groups)
    for of in kinds if searched else ():
        made[f"candidates-{of}"] = (f"Candidates of a search: {of}", _candidates(of))
    values = {
        f"{_TAG}newstag-{key}": json.dumps(
            {"name": name, "createdAt": created, "updatedAt": created, "state": json.dumps(state)}
        )
        for key, (name, state) in made.items()
    }
    return {tag: value for tag, value in values.items() if len(value) <= _MOST}


def _trainings(scheme: Scheme) -> dict[str, object]:
    columns = ["f1_macro"]
    for group in scheme.groups[:_GROUPS]:
        micro = [] if group.exclusive else ["f1_micro"]
        figures = ["f1_macro", "f1_macro_low", *micro, "reviewed"]
        columns += [short(f"{group.id}_{figure}") for figure in figures]
    best, *others = [_metric(name) for name in columns]
    judged = ["metrics.`evaluated_articles`", "tags.`evaluated_source`", "metrics.`train_seconds`"]
    shown = [best, _VERDICT, *others, *judged, "tags.`version`"]
    return _state("metrics.f1_macro >= 0", 400, shown)


def _candidates(of: str) -> dict[str, object]:
    figures = ("score", "chosen", "f1", "log_loss")
    measured = [_metric(short(f"{of}_search_{name}")) for name in figures]
    said = [f"params.`{name}`" for name in ("classifier", "c", "calibration")]
    shown = [*measured, *said, "params.`blocks`", "tags.`training_version`"]
    return _state(f'tags.candidate_of = "{of}"', 230, shown)


def _state(runs: str, name: int, columns: Sequence[str]) -> dict[str, object]:
    """The best by the first of the columns first; ``name`` is how wide the names of runs are."""
    return {
        "searchFilter": runs,
        "orderByKey": columns[0],
        "orderByAsc": False,
        "selectedColumns": list(columns),
        "columnOrder": ["attributes.`Run Name`", "runDateAndNestInfo", *columns],
        "columnWidths": {"attributes.`Run Name`": name, **{one: _width(one) for one in columns}},
    }


def _width(column: str) -> int:
    """As wide as the heading, but for what is long below it."""
    return _TEXT if column in _LONG else _CHARACTER * len(column.partition(".")[2]) + _BESIDE


def _metric(name: str) -> str:
    return f"metrics.`{name}`"
