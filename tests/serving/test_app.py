from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.errors import InputError, NewstagError, StateError, VersionError
from serving.app import create_app
from serving.edge import Edge
from serving.settings import Settings

ROOT = Path(__file__).parents[2]
ARTICLE = {"title": "青石", "content": "松雾区绝密标记"}


def start(app: Edge) -> None:
    with TestClient(app):
        pass


def test_an_empty_store_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        start(create_app(Settings(store=tmp_path)))
    assert str(caught.value) == f"{tmp_path}: no model version yet. Run: newstag train."


def test_a_damaged_model_stops_the_start(version: Path) -> None:
    (version / "weights.npy").write_bytes(b"")
    with pytest.raises(VersionError) as caught:
        start(create_app(Settings(store=version.parent)))
    assert str(caught.value) == (
        f"{version / 'weights.npy'}: an altered file: its sum is not that of SHA256SUMS. "
        "Train again, or copy the version again from where it was made."
    )


def test_making_the_app_reads_no_model(tmp_path: Path) -> None:
    app = create_app(Settings(store=tmp_path / "nowhere"))
    assert TestClient(app).get("/healthz").status_code == 200


def test_a_version_outside_the_store_is_served_from_its_directory(
    version: Path, tmp_path: Path
) -> None:
    settings = Settings(store=tmp_path / "empty", model=str(version))
    with TestClient(create_app(settings)) as client:
        assert client.get("/v1/model").json()["version"] == version.name


def test_both_segmenters_answer_the_same(trained: Path, client: TestClient) -> None:
    reference = create_app(Settings(store=trained, segmenter="jieba"))
    with TestClient(reference) as slow:
        theirs = slow.post("/v1/predict", json=ARTICLE)
    assert theirs.json() == client.post("/v1/predict", json=ARTICLE).json()


def break_predictor(app: Any, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def predict(*_: object) -> None:
        raise error

    monkeypatch.setattr(app.service.live.current().predictor, "predict", predict)


def test_an_internal_error_is_a_problem_that_says_nothing_of_its_cause(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_predictor(client.app, monkeypatch, RuntimeError(ARTICLE["content"]))
    answer = client.post("/v1/predict", json=ARTICLE)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal_error",
        "fix": "Try again; if it stays, tell the operator, whose log has the cause",
    }
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (InputError("title", "too odd", "Send another"), 422, "Unprocessable Content"),
        (StateError("store", "gone", "Send another"), 503, "Service Unavailable"),
        (VersionError("store", "gone", "Send another"), 503, "Service Unavailable"),
    ],
    ids=["input", "state", "version"],
)
def test_an_error_of_ours_says_what_and_how_to_mend_it(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    error: NewstagError,
    status: int,
    title: str,
) -> None:
    break_predictor(client.app, monkeypatch, error)
    answer = client.post("/v1/predict", json=ARTICLE)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": "refused",
        "fix": "Send another",
        "detail": f"{error.where}: {error.what}",
    }


def test_answering_logs_nothing_by_itself(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert client.post("/v1/predict", json=ARTICLE).status_code == 200
    ours = [record.name for record in caplog.records if record.name.split(".")[0] == "serving"]
    assert ours == []


def test_serving_loads_nothing_heavy(trained: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from labels.article import Article\n"
        "import serving.app, serving.run, serving.batch\n"
        "from models.store import Store\n"
        "from models.version import load_predictor\n"
        f"predictor = load_predictor(Store(Path({str(trained)!r})).resolve())\n"
        "predictor.predict([Article(id='', title='青石', content='湖水清澈')])\n"
        "heavy = 'mlflow pandas sklearn matplotlib scipy sqlalchemy dask training'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
