"""The tracker: a model version, written into MLflow once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.errors import StateError
from labels.scheme import read_scheme
from models.manifest import read_manifest
from models.store import Store
from models.sums import PIPELINE, check_sums, sums_digest
from training.asking import import_mlflow, open_database, recording, reported
from training.comparison import COMPARISON, Comparison, read_comparison
from training.contrast import comparison_lines
from training.coverage import coverage_at_target
from training.describing import description
from training.figures import figures
from training.packing import log_version
from training.recorded import metrics, params, run_name, tags
from training.registration import CHALLENGER, CHAMPION, Registrations
from training.reporting import report_from, report_lines
from training.tables import tables
from training.tried import log_candidates

_EXPERIMENT = {
    # Or the UI takes it for one of prompts and agents, and hides models and metrics.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "Sort trainings by `f1_macro`, or by `type_f1_macro` and `domains_f1_micro`. Candidates of "
        "a search lie below their training: sort them by `type_search_score` or "
        "`domains_search_score`, the best is first. Is a run better than the live one, and how "
        "much of that is noise? `comparison.txt` among its artifacts says so."
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracker:
    """Where runs go: an MLflow tracking URI and the name of an experiment."""

    uri: str
    experiment: str = "newstag"

    def record(self, version: Path) -> str:
        """Log a version directory as one finished run, register it, and return the run's id.

        It needs nothing but the directory. A version that was recorded already is left as it is;
        what a kill broke off is begun again. The version becomes the challenger, or the champion
        where it is that of its store and the registry has none.

        Raises:
            StateError: the tracking server or database cannot be reached.
            VersionError: not a version directory, or a damaged one.
        """
        manifest = read_manifest(version)
        check_sums(version)
        fix = "The version is safe in the store: newstag models sync records it later"
        with reported(self.uri, "record the run", fix):
            mlflow = import_mlflow()
            open_database(self.uri)
            mlflow.set_tracking_uri(self.uri)
            with recording(self.uri, version.parent):
                client = mlflow.MlflowClient()
                run = _finished(client, manifest.version) or self._write(mlflow, version)
                _register(client, version, run)
                return run

    def attach(self, version: Path, comparison: Comparison) -> str:
        """Keep a comparison as an artefact of a recorded version's run; returns where.

        Raises:
            StateError: the version was not recorded, or no answer.
        """
        name = read_manifest(version).version
        fix = "Check --tracking-uri, or leave --log out"
        with reported(self.uri, "keep the comparison", fix):
            mlflow = import_mlflow()
            open_database(self.uri)
            client = mlflow.MlflowClient(tracking_uri=self.uri)
            run = _finished(client, name)
            if run is None:
                raise StateError(name, f"no run in {self.uri}", "Use: newstag models sync")
            place = f"comparisons/{comparison.first}"
            client.log_text(run, comparison.as_json(), f"{place}.json")
            client.log_text(run, "\n".join(comparison_lines(comparison)), f"{place}.txt")
        return f"{place}.txt of run {run}"

    def _write(self, mlflow: Any, version: Path) -> str:
        experiment = self._open_experiment(mlflow)
        manifest, report = read_manifest(version), report_from(version / "report.json")
        scheme = read_scheme(version / "scheme.toml")
        told = {
            **tags(manifest, report, sums_digest(version)),
            "mlflow.note.content": description(version),
        }
        named = run_name(manifest, report)
        with mlflow.start_run(experiment_id=experiment, run_name=named, tags=told) as run:
            mlflow.log_params(params(manifest))
            mlflow.log_metrics(metrics(manifest, report, coverage_at_target(version)))
            _log_inputs(mlflow, version)
            for name, figure in figures(version):
                mlflow.log_figure(figure, f"figures/{name}")
            mlflow.log_text("\n".join(report_lines(report)), "report.txt")
            _log_files(mlflow, version)
            log_version(mlflow, version, scheme, manifest)
            log_candidates(mlflow.MlflowClient(), version, scheme, run)
        return str(run.info.run_id)

    def _open_experiment(self, mlflow: Any) -> str:
        """The experiment's id; what the UI is told of it stays as somebody may have changed it."""
        experiment = mlflow.set_experiment(self.experiment)
        for key, value in _EXPERIMENT.items():
            if key not in experiment.tags:
                client = mlflow.MlflowClient()
                client.set_experiment_tag(experiment.experiment_id, key, value)
        return str(experiment.experiment_id)


def _log_inputs(mlflow: Any, version: Path) -> None:
    """The tables, one of which says what was trained on and what was measured."""
    manifest, report = read_manifest(version), report_from(version / "report.json")
    held = tables(version)
    for name, table in held.items():
        mlflow.log_table(table, f"tables/{name}.json")
    corpus = held["out_of_fold"]
    measured = corpus[corpus["source"] == report.source]
    digest = manifest.corpus_digest[:16]
    for table, name, context in (
        (corpus, "corpus", "training"),
        (measured, report.source, "evaluation"),
    ):
        dataset = mlflow.data.from_pandas(table, name=name, digest=digest)
        mlflow.log_input(dataset, context=context)


def _log_files(mlflow: Any, version: Path) -> None:
    """What people look into: the comparison with the champion, the pipeline for notebooks."""
    compared = version / COMPARISON
    for path in (compared, version / PIPELINE):
        if path.exists():
            mlflow.log_artifact(str(path))
    if compared.exists():
        mlflow.log_text("\n".join(comparison_lines(read_comparison(compared))), "comparison.txt")


def _finished(client: Any, version: str) -> str | None:
    """The run that recorded a version; runs that a kill left behind are ended."""
    experiments = [one.experiment_id for one in client.search_experiments()]
    for run in client.search_runs(experiments, f"tags.version = '{version}'"):
        if run.info.status == "FINISHED":
            return str(run.info.run_id)
        if run.info.status == "RUNNING":
            for one in (*_children(client, run), run):
                client.set_terminated(one.info.run_id, "KILLED")
    return None


def _children(client: Any, run: Any) -> Iterator[Any]:
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    for child in client.search_runs([run.info.experiment_id], query):
        if child.info.status == "RUNNING":
            yield child


def _register(client: Any, version: Path, run: str) -> None:
    """Register a version unless it is, and give it the alias that is its due."""
    registrations = Registrations(client=client)
    manifest, report = read_manifest(version), report_from(version / "report.json")
    if registrations.of(manifest.version):
        return
    told = {key: f"{value:.6g}" for key, value in metrics(manifest, report, {}).items()}
    told |= tags(manifest, report, sums_digest(version))
    number = registrations.add(run, told, description(version))
    if Store(version.parent).champion() != manifest.version:
        registrations.name(CHALLENGER, number)
    elif CHAMPION not in registrations.aliases():  # else another store's, which may be served
        registrations.name(CHAMPION, number)
