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
_NAME, _TEXT = 400, 420  # widths of columns, pixels
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
    figures_of = [_metric(name) for name in (*columns, "evaluated_articles", "train_seconds")]
    return _state("metrics.f1_macro >= 0", figures_of, ["tags.`verdict`", "tags.`version`"])


def _candidates(of: str) -> dict[str, object]:
    figures = [_metric(short(f"{of}_search_{name}")) for name in ("score", "f1", "log_loss")]
    said = [f"params.`{name}`" for name in ("blocks", "classifier", "c", "calibration")]
    return _state(f'tags.candidate_of = "{of}"', figures, [*said, "tags.`training_version`"])


def _state(runs: str, figures: Sequence[str], texts: Sequence[str]) -> dict[str, object]:
    """The best by the first of the figures first."""
    widths = {name: _CHARACTER * len(name.partition(".")[2]) + _BESIDE for name in figures}
    widths |= dict.fromkeys(texts, _TEXT)
    return {
        "searchFilter": runs,
        "orderByKey": figures[0],
        "orderByAsc": False,
        "selectedColumns": list(widths),
        "columnOrder": ["attributes.`Run Name`", "runDateAndNestInfo", *widths],
        "columnWidths": {"attributes.`Run Name`": _NAME, **widths},
    }


def _metric(name: str) -> str:
    return f"metrics.`{name}`"
