from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.errors import InputError, NewstagError, StateError, VersionError
from serving.app import create_app
from serving.capacity import Capacity
from serving.edge import Edge
from serving.exchange import Exchange
from serving.live import load
from serving.settings import Settings

ROOT = Path(__file__).parents[2]
LATER = "29991231T235959Z-00000002"
ARTICLE = {"title": "青石", "content": "松雾区绝密标记"}


def app_of(client: TestClient) -> Edge:
    assert isinstance(client.app, Edge)
    return client.app


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


def test_why_a_worker_could_not_start_is_logged(
    tmp_path: Path, logged: list[dict[str, Any]]
) -> None:
    with pytest.raises(StateError) as caught:
        start(create_app(Settings(store=tmp_path)))
    assert [(line["event"], line["reason"]) for line in logged] == [
        ("a worker could not start", str(caught.value))
    ]


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


def test_a_request_keeps_to_the_version_that_it_began_with(
    version: Path, copied: Callable[[Path, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list is tagged in parts, and between two of them another version may take over."""
    later = load(Settings(store=version.parent, model=str(copied(version, LATER))))
    app = create_app(Settings(store=version.parent, model=version.name))
    turn, turns = Capacity.turn, []

    async def swapped(capacity: Capacity, exchange: Exchange) -> None:
        await turn(capacity, exchange)
        turns.append(exchange.id)
        if len(turns) == 2:
            app.service.live._loaded = later

    monkeypatch.setattr(Capacity, "turn", swapped)
    with TestClient(app) as client:
        long = {"title": "青石", "content": "湖水清澈" * 4_000}
        answers = client.post("/v1/predict", json=[long] * 6).json()
        assert len(turns) >= 3
        assert [one["model"] for one in answers] == [version.name] * 6
        assert client.post("/v1/predict", json=ARTICLE).json()["model"] == LATER


def test_an_answer_that_is_too_large_is_refused_for_good(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = client.post("/v1/predict", json=[ARTICLE] * 9)
    sent = len(plain.request.content)
    held = sent + len(plain.content) - len("[]")
    monkeypatch.setattr("serving.capacity.LARGEST", held)
    assert client.post("/v1/predict", json=[ARTICLE] * 9).content == plain.content
    monkeypatch.setattr("serving.capacity.LARGEST", held - 10)  # of commas there are eight
    answer = client.post("/v1/predict", json=[ARTICLE] * 9)
    assert (answer.status_code, answer.json()["code"]) == (422, "answer_too_large")
    assert answer.json()["fix"] == "Ask for fewer articles at a time, or with a smaller explain"
    assert app_of(client).service.capacity._held == 0
