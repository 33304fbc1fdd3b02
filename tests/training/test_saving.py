from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import joblib
import pytest

from models.store import Store
from models.version import load_predictor
from training.reporting import report_from
from training.saving import save
from training.train import Trained

NOW = datetime(2026, 11, 23, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def version(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(Store(tmp_path_factory.mktemp("store")), trained, NOW)


def test_a_saved_version_predicts_what_the_trained_model_does(
    trained: Trained, version: Path
) -> None:
    from models.predictor import Predictor

    articles = [sample.article for sample in trained.corpus.samples]
    loaded = load_predictor(version)
    fresh = Predictor(trained.model, loaded.version)
    assert [p.as_json() for p in loaded.predict(articles)] == [
        p.as_json() for p in fresh.predict(articles)
    ]


def test_a_version_is_named_after_its_time_and_its_content(
    trained: Trained, version: Path, tmp_path: Path
) -> None:
    assert version.name.startswith("20261123T201500Z-")
    assert save(Store(tmp_path), trained, NOW).name == version.name


def test_the_version_has_every_file_of_the_format(version: Path) -> None:
    assert {path.name for path in version.iterdir()} >= {
        "manifest.json",
        "scheme.toml",
        "dictionary.txt",
        "golden.jsonl",
        "oof.jsonl",
        "corpus.jsonl",
        "report.json",
        "pipeline.joblib",
        "SHA256SUMS",
        "vocabulary.txt",
        "shifts.npy",
        "slots.npy",
        "rows.npy",
        "idf.npy",
        "weights.npy",
    }


def test_out_of_fold_rows_have_id_gold_and_scores_and_no_text(
    trained: Trained, version: Path
) -> None:
    rows = [json.loads(line) for line in (version / "oof.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == len(trained.corpus)
    assert set(rows[0]) == {"id", "source", "gold", "scores"}
    assert rows[0]["id"] == "a1"
    assert rows[0]["gold"] == {"domains": [], "type": ["policy_notice"]}
    assert set(rows[0]["scores"]["type"]) == {
        "policy_notice",
        "news",
        "event",
        "research_breakthrough",
    }


def test_corpus_rows_have_digests_and_no_text(version: Path) -> None:
    rows = [json.loads(line) for line in (version / "corpus.jsonl").read_text("utf-8").splitlines()]
    assert set(rows[0]) == {"id", "text", "sketch"}
    assert len(rows[0]["text"]) == 64
    assert len(rows[0]["sketch"]) == 64 * 8


def test_the_report_is_read_back_as_it_was(trained: Trained, version: Path) -> None:
    assert report_from(version / "report.json") == trained.report


def test_the_pipeline_loads_and_names_what_it_scores(version: Path) -> None:
    pipelines = joblib.load(version / "pipeline.joblib")
    assert set(pipelines) == {"type", "domains"}
    assert pipelines["domains"]["labels"] == [
        "ai",
        "brain_computer_interface",
        "biomedicine",
        "metaverse",
    ]
    assert pipelines["type"]["columns"][0] == ("title", "word")
