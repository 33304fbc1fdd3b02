from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.errors import StateError
from models.files import sha256
from models.store import Store
from models.sums import PIPELINE, sums_digest
from models.version import load_predictor
from tests.training.pickled import pickles_in
from training.comparing import compare
from training.describing import description
from training.findings import read_findings
from training.saving import Making, save
from training.tracker import Tracker
from training.train import Trained

# MLflow's own warnings are its own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def version(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = Store(tmp_path_factory.mktemp("store"))
    making = Making(seconds=12.5, commit="0123abcd+")
    return save(store, trained, datetime(2026, 1, 2, tzinfo=UTC), making)


@pytest.fixture(scope="module")
def tracker(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[Path], str]
) -> Iterator[Tracker]:
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # artefacts go beside the database
        yield Tracker(uri=fresh_database(folder), experiment="tests")


@pytest.fixture(scope="module")
def client(tracker: Tracker) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=tracker.uri)


@pytest.fixture(scope="module")
def run(tracker: Tracker, version: Path) -> str:
    return tracker.record(version)


class TestRecordedRun:
    def test_it_is_finished_and_named_after_how_good_and_when(
        self, client: Any, run: str, version: Path, trained: Trained
    ) -> None:
        found = client.get_run(run)
        assert found.info.status == "FINISHED"
        of_type, domains = trained.report.groups
        figures = f"type {of_type.f1_macro.value:.3f} domains {domains.f1_macro.value:.3f}"
        assert found.info.run_name == f"{figures} (2026-01-02 00:00 UTC)"
        assert found.data.tags["version"] == version.name

    def test_its_tags_say_what_it_was_made_from(
        self, client: Any, run: str, version: Path, trained: Trained
    ) -> None:
        tags = client.get_run(run).data.tags
        recipe = json.dumps(trained.recipe.as_json(), sort_keys=True).encode()
        assert tags["recipe_digest"] == hashlib.sha256(recipe).hexdigest()
        assert tags["corpus_digest"] == trained.corpus.digest()
        assert tags["scheme_digest"] == trained.corpus.scheme.digest()
        assert tags["dictionary_digest"] == sha256(version / "dictionary.txt")
        assert tags["git_commit"] == "0123abcd+"
        assert tags["sums"] == sums_digest(version)

    def test_its_description_is_that_of_the_version(
        self, client: Any, run: str, version: Path
    ) -> None:
        told = client.get_run(run).data.tags["mlflow.note.content"]
        assert told == description(read_findings(version))

    def test_its_experiment_has_a_view_of_its_trainings(self, client: Any, run: str) -> None:
        experiment = client.get_experiment(client.get_run(run).info.experiment_id)
        views = {key for key in experiment.tags if key.startswith("mlflow.sharedViewState.")}
        assert views == {"mlflow.sharedViewState.newstag-trainings"}
        assert "**Views**" in experiment.tags["mlflow.note.content"]

    def test_it_has_the_parameters(self, client: Any, run: str, trained: Trained) -> None:
        data = client.get_run(run).data
        exclusive, multi = trained.recipe.exclusive, trained.recipe.multi
        assert data.params["folds"] == "3"
        assert data.params["exclusive.c"] == str(exclusive.c)
        assert data.params["multi.given_weight"] == str(multi.given_weight)
        assert data.params["multi.blocks"] == ", ".join(block.name for block in multi.blocks)

    def test_it_has_few_metrics_that_are_named_alike(
        self, client: Any, run: str, trained: Trained
    ) -> None:
        found = client.get_run(run).data.metrics
        report = trained.report
        of_type, domains = report.groups
        assert found["type_f1_macro"] == round(of_type.f1_macro.value, 4)
        assert found["type_f1_macro_low"] == round(of_type.f1_macro.low, 4)
        assert found["domains_f1_micro_high"] == round(domains.f1_micro.high, 4)
        assert found["domains_calibration_error"] == round(domains.calibration_error.value, 4)
        for group in report.groups:
            for label in group.labels:
                assert found[f"{group.group}_f1_{label.label}"] == round(label.f1.value, 4)
        both = (of_type.f1_macro.value + domains.f1_macro.value) / 2
        assert found["f1_macro"] == round(both, 4)
        assert found["type_coverage_at_target"] == round(of_type.coverage_at_target, 4)
        assert found["train_seconds"] == 12.5
        assert found["microseconds_an_article"] > 0
        assert found["model_bytes"] > 1000
        assert len(found) < 40

    def test_it_has_the_dataset_with_its_digest(
        self, client: Any, run: str, trained: Trained
    ) -> None:
        inputs = client.get_run(run).inputs.dataset_inputs
        contexts = {one.dataset.name: one.tags[0].value for one in inputs}
        assert contexts == {"corpus": "training", "given": "evaluation"}
        assert {one.dataset.digest for one in inputs} == {trained.corpus.digest()[:16]}

    def test_it_has_figures_tables_and_the_report(self, client: Any, run: str) -> None:
        def names(folder: str | None = None) -> set[str]:
            return {one.path for one in client.list_artifacts(run, folder)}

        found = names()
        assert {"tables", "report.txt", "pipeline.joblib"} <= found
        tables = ("labels", "out_of_fold", "errors", "suspects", "words")
        assert names("tables") == {f"tables/{name}.json" for name in tables}
        # Not in a folder: the UI lays pictures of runs side by side only from the top.
        figures = {name for name in found if name.endswith(".png")}
        assert {"type_confusion.png", "domains_labels.png"} <= figures
        assert len(figures) >= 10

    def test_recording_again_gives_the_same_run(
        self, tracker: Tracker, run: str, version: Path
    ) -> None:
        assert tracker.record(version) == run

    def test_the_logged_model_says_what_the_version_says(
        self, client: Any, run: str, version: Path, trained: Trained
    ) -> None:
        import mlflow
        import pandas as pd

        model = client.get_run(run).outputs.model_outputs[0].model_id
        logged = mlflow.pyfunc.load_model(f"models:/{model}")
        articles = [sample.article for sample in trained.corpus.samples[:10]]
        rows = pd.DataFrame(
            [{"id": a.id, "title": a.title, "content": a.content} for a in articles]
        )
        ours = [p.as_json() for p in load_predictor(version).predict(articles)]
        assert logged.predict(rows) == ours

    def test_the_logged_model_has_no_pickle_and_no_starter_text(
        self, client: Any, run: str, version: Path, tmp_path: Path
    ) -> None:
        import mlflow

        model = client.get_run(run).outputs.model_outputs[0].model_id
        folder = Path(
            mlflow.artifacts.download_artifacts(f"models:/{model}", dst_path=str(tmp_path))
        )
        (held,) = (folder / "artifacts").iterdir()
        (code,) = (folder / "code").iterdir()
        assert (held / "weights.npy").exists()
        assert (code / "labels" / "scheme.py").exists()
        assert pickles_in(folder) == []
        assert [path for path in folder.rglob("*") if "starter" in path.name] == []
        shutil.copy(version / PIPELINE, held / "weights.npy")  # whatever its name, it is found
        assert pickles_in(folder) == [f"artifacts/{held.name}/weights.npy"]


def test_a_server_that_is_down_says_that_nothing_is_lost(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    with pytest.raises(StateError) as failed:
        Tracker(uri="http://127.0.0.1:9").record(version)
    assert str(failed.value).startswith("http://127.0.0.1:9: MLflow cannot record the run (")
    assert failed.value.fix == (
        "The version is safe in the store: newstag models sync records it later"
    )


@pytest.mark.usefixtures("no_figures")
def test_a_run_that_a_kill_broke_off_is_ended_and_recorded_anew(
    trained: Trained, tracker: Tracker, client: Any, run: str, tmp_path: Path
) -> None:
    version = save(Store(tmp_path), trained, datetime(2026, 1, 3, tzinfo=UTC))
    experiment = client.get_run(run).info.experiment_id
    left = client.create_run(experiment, tags={"version": version.name}).info.run_id
    parent = {"mlflow.parentRunId": left}
    child = client.create_run(experiment, tags=parent).info.run_id
    again = tracker.record(version)
    assert again not in {left, run}
    assert client.get_run(again).info.status == "FINISHED"
    assert [client.get_run(one).info.status for one in (left, child)] == ["KILLED", "KILLED"]


@pytest.mark.usefixtures("no_figures")
def test_the_first_version_of_a_store_has_no_verdict_and_the_next_has_one(
    trained: Trained, tracker: Tracker, client: Any, run: str, tmp_path: Path
) -> None:
    assert "verdict" not in client.get_run(run).data.tags
    first, second = (
        save(Store(tmp_path), trained, datetime(2026, 1, day, tzinfo=UTC)) for day in (5, 6)
    )
    later = tracker.record(second)
    assert client.get_run(later).data.tags["verdict"] == (
        f"no difference: all 120 common articles get the same labels (against {first.name})"
    )
    kept = {one.path for one in client.list_artifacts(later)}
    assert {"comparison.json", "comparison.txt"} <= kept


def test_a_comparison_is_kept_with_the_run_of_the_second(
    tracker: Tracker, client: Any, run: str, version: Path
) -> None:
    place = tracker.attach(version, compare(version, version))
    assert place == f"comparisons/{version.name}.txt of run {run}"
    kept = {one.path for one in client.list_artifacts(run, "comparisons")}
    assert kept == {f"comparisons/{version.name}.{ending}" for ending in ("json", "txt")}


def test_a_comparison_cannot_be_kept_with_a_version_that_has_no_run(
    trained: Trained, tracker: Tracker, run: str, tmp_path: Path
) -> None:
    del run  # the database is there
    version = save(Store(tmp_path), trained, datetime(2026, 1, 4, tzinfo=UTC))
    with pytest.raises(StateError, match=r"no run in sqlite:.*Use: newstag models sync"):
        tracker.attach(version, compare(version, version))
