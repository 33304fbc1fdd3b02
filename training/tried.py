"""Candidates of a search as child runs: parameters and metrics, so that they sort and chart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from labels.scheme import Scheme
from training.findings import Findings
from training.naming import short
from training.recorded import learner_params
from training.sides import SEARCH

# A trial's figures by the names of the metrics; each begins with the group or kind it is of.
_METRICS = {
    "search_score": "worth",
    "search_f1": "f1",
    "search_log_loss": "loss",
    "search_starter_f1": "starter_f1",
    "search_starter_log_loss": "starter_loss",
    "search_chosen": "chosen",
}


def log_candidates(client: Any, findings: Findings, parent: Any) -> None:
    """Each learner that a search tried as a finished child of the run ``parent``."""
    path = findings.folder / SEARCH
    if not path.exists():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        _log_candidate(client, parent, number, json.loads(line), findings)


def _log_candidate(
    client: Any, parent: Any, number: int, trial: Mapping[str, Any], findings: Findings
) -> None:
    from mlflow.entities import Metric, Param

    now = parent.info.start_time
    of = of_kind(findings.scheme, trial["kind"])
    child = client.create_run(
        parent.info.experiment_id,
        start_time=now,
        run_name=f"{of} candidate {number}{' (best)' if trial['best'] else ''}",
        tags={
            "mlflow.parentRunId": parent.info.run_id,
            # Not "version", by which the run of a version is found.
            "training_version": findings.manifest.version,
            "candidate_of": of,
            "best": str(trial["best"]).lower(),
        },
    ).info.run_id
    try:
        client.log_batch(
            child,
            params=[Param(k, str(v)) for k, v in learner_params("", trial["learner"]).items()],
            metrics=[Metric(name, value, now, 0) for name, value in _figures(of, trial)],
        )
        client.set_terminated(child, end_time=now)
    except BaseException:  # whatever it was, Ctrl-C too: no run is left that seems to go on
        client.set_terminated(child, "FAILED")
        raise


def of_kind(scheme: Scheme, kind: str) -> str:
    """The group that is learnt so, or the kind where several groups are."""
    groups = [group.id for group in scheme.groups if group.kind == kind]
    return groups[0] if len(groups) == 1 else kind


def _figures(of: str, trial: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Scores of exclusive and multi groups are on scales of their own: two columns, not one."""
    for name, key in _METRICS.items():
        if trial[key] is not None:
            yield short(f"{of}_{name}"), round(trial[key], 6)
