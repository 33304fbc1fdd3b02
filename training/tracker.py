"""The tracker: a model version, written into MLflow once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.scheme import Scheme, read_scheme
from models.features import Block
from models.manifest import Manifest, read_manifest
from training.asking import import_mlflow, open_database, reported
from training.figures import confusion_figure, labels_figure
from training.packing import log_version
from training.report import Report
from training.reporting import STYLE_WARNING, judged_by, report_from

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracker:
    """Where runs go: an MLflow tracking URI and the name of an experiment."""

    uri: str
    experiment: str = "newstag"

    def record(self, version: Path) -> str:
        """Log a version directory as one finished run, and return the run's id.

        It needs nothing but the directory. A version that was recorded already is left as it is.

        Raises:
            StateError: the tracking server or database cannot be reached.
            VersionError: not a version directory.
        """
        manifest = read_manifest(version)
        report = report_from(version / "report.json")
        fix = "The version is safe in the store; check --tracking-uri, or train with --no-track"
        with reported(self.uri, "record the run", fix):
            mlflow = import_mlflow()
            open_database(self.uri)
            mlflow.set_tracking_uri(self.uri)
            experiment = mlflow.set_experiment(self.experiment)
            found = _recorded(mlflow, experiment.experiment_id, manifest.version)
            if found:
                return found
            with mlflow.start_run(run_name=manifest.version) as run:
                _log(mlflow, version, manifest, report)
                _log_trials(mlflow, version, run)
            return str(run.info.run_id)


def _recorded(mlflow: Any, experiment: str, version: str) -> str | None:
    query = f"tags.version = '{version}' and attributes.status = 'FINISHED'"
    found = mlflow.MlflowClient().search_runs([experiment], query, max_results=1)
    return str(found[0].info.run_id) if found else None


def _log(mlflow: Any, version: Path, manifest: Manifest, report: Report) -> None:
    scheme = read_scheme(version / "scheme.toml")
    mlflow.set_tags(_tags(manifest, report))
    mlflow.log_params(_params(manifest))
    mlflow.log_metrics(dict(manifest.metrics))
    rows = [json.loads(line) for line in (version / "oof.jsonl").read_text("utf-8").splitlines()]
    table = _out_of_fold_table(scheme, rows)
    dataset = mlflow.data.from_pandas(table, name="corpus", digest=manifest.corpus_digest[:16])
    mlflow.log_input(dataset, context="training")
    mlflow.log_table(table, "tables/out_of_fold.json")
    mlflow.log_table(_label_table(report), "tables/labels.json")
    groups = {group.id: group for group in scheme.groups}
    for figures in report.groups:
        group = groups[figures.group]
        if group.exclusive:
            mlflow.log_figure(confusion_figure(group, figures), f"figures/{group.id}_confusion.png")
        mlflow.log_figure(labels_figure(group, figures), f"figures/{group.id}_labels.png")
    log_version(mlflow, version, scheme, manifest)


def _log_trials(mlflow: Any, version: Path, parent: Any) -> None:
    """Each learner that a search tried as a child run: parameters and metrics only."""
    path = version / "search.jsonl"
    if not path.exists():
        return
    from mlflow.entities import Metric, Param

    client = mlflow.MlflowClient()
    now = parent.info.start_time
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        trial = json.loads(line)
        params = learner_params("", trial["learner"])
        figures = {
            name: trial[name] for name in ("f1", "loss", "starter_f1", "starter_loss", "chosen")
        }
        child = client.create_run(
            parent.info.experiment_id,
            start_time=now,
            run_name=f"{trial['kind']} {number}{' (best)' if trial['best'] else ''}",
            tags={"mlflow.parentRunId": parent.info.run_id, "kind": trial["kind"]},
        )
        try:
            client.log_batch(
                child.info.run_id,
                params=[Param(key, str(value)) for key, value in params.items()],
                metrics=[Metric(key, v, now, 0) for key, v in figures.items() if v is not None],
            )
            client.set_terminated(child.info.run_id, end_time=now)
        except BaseException:  # whatever it was, Ctrl-C too: no run is left that seems to go on
            client.set_terminated(child.info.run_id, "FAILED")
            raise


def _tags(manifest: Manifest, report: Report) -> dict[str, str]:
    sentence = (
        f"Trained on {manifest.counts['articles']} articles ({manifest.counts['given']} given, "
        f"{manifest.counts['starter']} starter). Figures are of {report.evaluated} "
        f"{report.source} articles, {judged_by(report)}."
    )
    if report.source == "starter":
        sentence += f" {STYLE_WARNING}"
    return {
        "version": manifest.version,
        "evaluated_source": report.source,
        "scheme_digest": manifest.scheme_digest,
        "dictionary_digest": manifest.dictionary_digest,
        "corpus_digest": manifest.corpus_digest,
        "mlflow.note.content": sentence,
    }


def _params(manifest: Manifest) -> dict[str, object]:
    """The recipe, what is nested in it by its path, its blocks as readable names."""
    plain: dict[str, object] = {"segmenter": manifest.segmenter}
    for key, value in manifest.recipe.items():
        plain |= learner_params(f"{key}.", value) if isinstance(value, dict) else {key: value}
    return plain


def learner_params(prefix: str, learner: Mapping[str, Any]) -> dict[str, object]:
    """A learner as MLflow's flat parameters."""
    named = ", ".join(Block(**block).name for block in learner["blocks"])
    return {f"{prefix}{key}": value for key, value in learner.items()} | {f"{prefix}blocks": named}


def _out_of_fold_table(scheme: Scheme, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Ids, gold labels and out-of-fold probabilities; no text."""
    import pandas as pd

    return pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "source": [row["source"] for row in rows],
            **{
                f"gold_{g.id}": [_joined(row["gold"].get(g.id)) for row in rows]
                for g in scheme.groups
            },
            **{
                f"{group}_{label}": [row["scores"][group][label] for row in rows]
                for group, label in scheme.outputs
            },
        }
    )


def _joined(labels: list[str] | None) -> str:
    return "unknown" if labels is None else "|".join(labels)


def _label_table(report: Report) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "group": group.group,
                "label": label.label,
                "articles": label.articles,
                **{
                    f"{name}{end}": getattr(getattr(label, name), part)
                    for name in ("precision", "recall", "f1")
                    for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
                },
            }
            for group in report.groups
            for label in group.labels
        ]
    )
