"""The tracker: a model version, written into MLflow once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from labels.errors import StateError
from models.manifest import read_manifest
from models.store import Store
from models.sums import PIPELINE, check_sums, same_version, sums_digest
from training.asking import be_patient, open_mlflow, recording, reported, shown
from training.comparison import COMPARISON, Comparison
from training.contrast import comparison_lines
from training.describing import description
from training.figures import figures
from training.findings import Findings, read_findings
from training.packing import log_version
from training.recorded import metrics, params, registered_tags, run_name, tags, verdict
from training.registration import CHAMPION, Registrations
from training.registry import FOLDER, directories
from training.reporting import report_lines
from training.sides import SEARCH
from training.tables import tables
from training.tried import log_candidates
from training.views import views

_EXPERIMENT = {
    # Or the UI takes it for one of prompts and agents, and hides models and metrics.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "**Views**, at the top right: trainings, the best first, and candidates of a search. "
        "Better than the live one? See the tag `verdict`."
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
        what a kill broke off is begun again, as is one whose files were lost. The version becomes
        the champion where it is that of its store and the registry has none; else the challenger,
        unless a later one is or the champion is, or it was shown worse than its champion.

        Raises:
            StateError: the tracking server or database cannot be reached.
            VersionError: not a version directory, or a damaged one.
        """
        manifest = read_manifest(version)
        check_sums(version)
        fix = "The version is safe in the store: newstag models sync records it later"
        with reported(self.uri, "record the run", fix):
            mlflow = open_mlflow(self.uri, retries=1, timeout=10)
            mlflow.MlflowClient().search_experiments(max_results=1)  # one that is down is told soon
            be_patient(retries=2, timeout=30)
            with recording(self.uri, version.parent):
                whole = partial(_holds, mlflow, version)
                findings = read_findings(version)
                run = _finished(mlflow, manifest.version, whole) or self._write(mlflow, findings)
                _register(mlflow.MlflowClient(), findings, run)
                return run

    def attach(self, version: Path, comparison: Comparison) -> str:
        """Keep a comparison as an artefact of a recorded version's run; returns where.

        Raises:
            StateError: the version was not recorded, or no answer.
        """
        name = read_manifest(version).version
        fix = "Check --tracking-uri, or leave --log out"
        with reported(self.uri, "keep the comparison", fix):
            mlflow = open_mlflow(self.uri, retries=1, timeout=30)
            client = mlflow.MlflowClient()
            run = _finished(mlflow, name, lambda _run: True)
            if run is None:
                raise StateError(name, f"no run in {shown(self.uri)}", "Use: newstag models sync")
            place = f"comparisons/{comparison.first}"
            client.log_text(run, comparison.as_json(), f"{place}.json")
            client.log_text(run, "\n".join(comparison_lines(comparison)), f"{place}.txt")
        return f"{place}.txt of run {run}"

    def _write(self, mlflow: Any, findings: Findings) -> str:
        version = findings.folder
        experiment = self._open_experiment(mlflow, findings)
        manifest, report = findings.manifest, findings.report
        told = {
            **verdict(findings.comparison),
            **tags(manifest, report, sums_digest(version)),
            "mlflow.note.content": description(findings),
        }
        named = run_name(manifest, report)
        with mlflow.start_run(experiment_id=experiment, run_name=named, tags=told) as run:
            mlflow.log_params(params(manifest))
            mlflow.log_metrics(metrics(manifest, report))
            _log_inputs(mlflow, findings)
            for name, figure in figures(findings):
                mlflow.log_figure(figure, name)
            mlflow.log_text("\n".join(report_lines(report)), "report.txt")
            _log_files(mlflow, findings)
            log_version(mlflow, version, findings.scheme, manifest)
            log_candidates(mlflow.MlflowClient(), findings, run)
        return str(run.info.run_id)

    def _open_experiment(self, mlflow: Any, findings: Findings) -> str:
        """The experiment's id; what the UI is told of it stays as somebody may have changed it."""
        experiment = mlflow.set_experiment(self.experiment)
        searched = (findings.folder / SEARCH).exists()
        made = views(findings.scheme, experiment.creation_time, searched=searched)
        for key, value in {**_EXPERIMENT, **made}.items():
            if key not in experiment.tags:
                client = mlflow.MlflowClient()
                client.set_experiment_tag(experiment.experiment_id, key, value)
        return str(experiment.experiment_id)


def _log_inputs(mlflow: Any, findings: Findings) -> None:
    """The tables, one of which says what was trained on and what was measured."""
    source = findings.report.source
    held = tables(findings)
    for name, table in held.items():
        mlflow.log_table(table, f"tables/{name}.json")
    corpus = held["out_of_fold"]
    measured = corpus[corpus["source"] == source]
    digest = findings.manifest.corpus_digest[:16]
    for table, name, context in (
        (corpus, "corpus", "training"),
        (measured, source, "evaluation"),
    ):
        dataset = mlflow.data.from_pandas(table, name=name, digest=digest)
        mlflow.log_input(dataset, context=context)


def _log_files(mlflow: Any, findings: Findings) -> None:
    """What people look into: the comparison with the champion, the pipeline for notebooks."""
    pipeline = findings.folder / PIPELINE
    if pipeline.exists():  # what came from a registry has none
        mlflow.log_artifact(str(pipeline))
    if findings.comparison:
        mlflow.log_artifact(str(findings.folder / COMPARISON))
        mlflow.log_text("\n".join(comparison_lines(findings.comparison)), "comparison.txt")


def _finished(mlflow: Any, version: str, holds: Callable[[str], bool]) -> str | None:
    """The run that recorded a version and ``holds`` it still; runs that a kill left are ended."""
    client = mlflow.MlflowClient()
    experiments = [one.experiment_id for one in client.search_experiments()]
    for run in client.search_runs(experiments, f"tags.version = '{version}'"):
        if run.info.status == "FINISHED" and holds(run.info.run_id):
            return str(run.info.run_id)
        if run.info.status == "RUNNING":
            for one in (*_children(client, run), run):
                client.set_terminated(one.info.run_id, "KILLED")
    return None


def _holds(mlflow: Any, version: Path, run: str) -> bool:
    """Whether the model of a run has the files of the version, whole and the same."""
    client = mlflow.MlflowClient()
    outputs = client.get_run(run).outputs
    held = [one.model_id for one in outputs.model_outputs] if outputs else []

    def listed(model: str, path: str) -> Any:
        client.get_logged_model(model)  # says so where it was deleted, which listing does not
        return client.list_logged_model_artifacts(model, path)

    for model in held:
        if version.name in directories(partial(listed, model)):
            with tempfile.TemporaryDirectory(prefix="newstag-") as name:
                download = mlflow.artifacts.download_artifacts
                folder = Path(download(artifact_uri=f"models:/{model}", dst_path=name))
                return same_version(folder / FOLDER / version.name, version)
    return False


def _children(client: Any, run: Any) -> Iterator[Any]:
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    for child in client.search_runs([run.info.experiment_id], query):
        if child.info.status == "RUNNING":
            yield child


def _register(client: Any, findings: Findings, run: str) -> None:
    """Register a version unless it is, and give it the alias that is its due."""
    registrations, version = Registrations(client=client), findings.folder
    name, champion = findings.manifest.version, Store(version.parent).known()
    if registrations.of(name):
        return
    told = registered_tags(findings.manifest, findings.report, sums_digest(version))
    number = registrations.add(run, told, description(findings))
    registrations.succeed(name, number)
    if champion == name:
        if CHAMPION not in registrations.aliases():  # else another store's, which may be served
            registrations.name(CHAMPION, number)
    elif name > (champion or "") and not _shown_worse(findings):
        registrations.challenge(name, number)


def _shown_worse(findings: Findings) -> bool:
    return bool(findings.comparison and findings.comparison.worse_phrases)
