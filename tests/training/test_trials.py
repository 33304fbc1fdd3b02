"""What a search tried, as a version and a tracker hold it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.corpus import Corpus
from models.features import Block
from models.store import Store
from training.recipe import Learner, Recipe
from training.saving import save
from training.tracker import Tracker
from training.train import Trained, train

# MLflow's own warnings are its own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("no_figures"),
]

GOOD = Learner(blocks=(Block(field="whole"),))
POOR = Learner(blocks=(Block(field="title"),))
FEW = {"exclusive": [POOR, GOOD], "multi": [GOOD, replace(GOOD, classifier="logistic")]}

Steps = list[tuple[int, int]]


@pytest.fixture(scope="module")
def steps() -> Steps:
    """What the search says of its progress."""
    return []


@pytest.fixture(scope="module")
def searched(corpus: Corpus, recipe: Recipe, steps: Steps) -> Trained:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.search.candidates", lambda kind, _mixed: FEW[kind])
        return train(
            corpus,
            recipe,
            "rjieba",
            1,
            lambda _done, _of: None,
            lambda done, of: steps.append((done, of)),
        )


@pytest.fixture
def version(searched: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # artefacts go beside the database
    return save(Store(tmp_path / "store"), searched, datetime.now(UTC))


@pytest.fixture
def uri(tmp_path: Path, fresh_database: Callable[[Path], str]) -> str:
    return fresh_database(tmp_path)


@pytest.fixture
def client(uri: str) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=uri)


def test_the_search_tells_how_far_it_is(searched: Trained, steps: Steps) -> None:
    assert len(searched.trials) == 4
    assert steps[-1] == (len(steps), len(steps))


def test_what_was_tried_is_saved_with_the_version(searched: Trained, version: Path) -> None:
    rows = [json.loads(line) for line in (version / "search.jsonl").read_text("utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["exclusive"] * 2 + ["multi"] * 2
    assert sum(row["best"] for row in rows) == 2
    assert searched.recipe.exclusive in FEW["exclusive"]


def test_each_trial_is_a_child_run_with_parameters_and_metrics(
    version: Path, uri: str, client: Any
) -> None:
    run = Tracker(uri=uri).record(version)
    parent = client.get_run(run)
    children = client.search_runs(
        [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run}'"
    )
    assert len(children) == 4
    for child in children:
        assert child.info.status == "FINISHED"
        assert child.data.params["blocks"]
        assert child.data.tags["training_version"] == version.name
        assert "version" not in child.data.tags  # by which the run of a version is found
        of = child.data.tags["candidate_of"]
        named = {f"{of}_search_{name}" for name in ("score", "f1", "log_loss", "chosen")}
        assert named <= child.data.metrics.keys()
        assert client.list_artifacts(child.info.run_id) == []


def test_the_best_candidate_of_a_group_is_the_first_by_its_score(
    version: Path, uri: str, client: Any
) -> None:
    run = Tracker(uri=uri).record(version)
    experiment = client.get_run(run).info.experiment_id
    for group in ("type", "domains"):
        order = [f"metrics.{group}_search_score DESC"]
        children = f"tags.candidate_of = '{group}'"
        found = client.search_runs([experiment], children, order_by=order)
        assert [one.data.tags["best"] for one in found] == ["true", "false"]
        assert found[0].info.run_name.endswith(" (best)")


def test_what_ends_the_recording_leaves_no_run_that_seems_to_go_on(
    version: Path, uri: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    log = mlflow.MlflowClient.log_batch

    def interrupted(client: Any, run_id: str, *given: Any, **more: Any) -> Any:
        if any(one.key == "classifier" for one in more.get("params", ())):  # a child's
            raise KeyboardInterrupt
        return log(client, run_id, *given, **more)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Tracker(uri=uri).record(version)
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert [run.info.status for run in runs] == ["FAILED"] * 2
