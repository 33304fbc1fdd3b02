from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.errors import StateError
from models.store import Store
from models.version import load_predictor
from training.saving import save
from training.tracker import Tracker
from training.train import Trained


@pytest.fixture(scope="module")
def version(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = Store(tmp_path_factory.mktemp("store"))
    return save(store, trained, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # artefacts go beside the database
        yield Tracker(uri=f"sqlite:///{folder}/mlflow.db", experiment="tests")


@pytest.fixture(scope="module")
def client(tracker: Tracker) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=tracker.uri)


@pytest.fixture(scope="module")
def run(tracker: Tracker, version: Path) -> str:
    return tracker.record(version)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestRecordedRun:
    """MLflow's own warnings are its own business."""

    def test_it_is_finished_and_named_after_the_version(
        self, client: Any, run: str, version: Path
    ) -> None:
        found = client.get_run(run)
        assert found.info.status == "FINISHED"
        assert found.info.run_name == version.name
        assert found.data.tags["version"] == version.name

    def test_it_has_the_parameters_and_metrics(
        self, client: Any, run: str, trained: Trained
    ) -> None:
        data = client.get_run(run).data
        exclusive, multi = trained.recipe.exclusive, trained.recipe.multi
        assert data.params["folds"] == "3"
        assert data.params["exclusive.c"] == str(exclusive.c)
        assert data.params["multi.given_weight"] == str(multi.given_weight)
        assert data.params["multi.blocks"] == ", ".join(block.name for block in multi.blocks)
        assert data.metrics == pytest.approx(trained.report.metrics())

    def test_it_has_the_dataset_with_its_digest(
        self, client: Any, run: str, trained: Trained
    ) -> None:
        dataset = client.get_run(run).inputs.dataset_inputs[0].dataset
        assert dataset.name == "corpus"
        assert dataset.digest == trained.corpus.digest()[:16]

    def test_it_has_figures_and_tables(self, client: Any, run: str) -> None:
        names = {
            artefact.path
            for folder in ("figures", "tables")
            for artefact in client.list_artifacts(run, folder)
        }
        assert names == {
            "figures/type_confusion.png",
            "figures/type_labels.png",
            "figures/domains_labels.png",
            "tables/out_of_fold.json",
            "tables/labels.json",
        }

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
        self, client: Any, run: str, tmp_path: Path
    ) -> None:
        import mlflow

        model = client.get_run(run).outputs.model_outputs[0].model_id
        folder = Path(
            mlflow.artifacts.download_artifacts(f"models:/{model}", dst_path=str(tmp_path))
        )
        names = [path.name for path in folder.rglob("*") if path.is_file()]
        assert "MLmodel" in names
        assert [name for name in names if name.endswith(".pkl")] == []
        assert not (folder / "code" / "labels" / "starter").exists()


def test_a_server_that_is_down_says_that_nothing_is_lost(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    with pytest.raises(StateError) as failed:
        Tracker(uri="http://127.0.0.1:9").record(version)
    assert str(failed.value).startswith("http://127.0.0.1:9: MLflow cannot record the run (")
    assert failed.value.fix == (
        "The version is safe in the store; check --tracking-uri, or train with --no-track"
    )
