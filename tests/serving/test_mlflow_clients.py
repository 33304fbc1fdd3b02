"""What a client of ``mlflow models serve`` sends gets from newstag what it gets from MLflow."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.predictor import Predictor
from models.store import Store
from serving.invocations import parse_invocation
from serving.problems import RefusedBody
from training.tracker import Tracker

# MLflow's own warnings are its own business.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

JSON, CSV = "application/json", "text/csv"
COMMANDS = Path(sys.executable).parent
Rows = list[dict[str, Any]]

ODD: Rows = [
    {"id": "empty", "title": "", "content": ""},
    {"id": "标识", "title": "Ｆｕｌｌ　Ｗｉｄｔｈ", "content": "第一行\r\n第二行\t😀&nbsp;&amp;"},
    {"id": 'quote",', "title": 'a,"b"', "content": "人工智能\u2028大模型\u200b算力"},
    {"id": "long", "title": "青石", "content": "脑机接口与脑电。" * 2_501},
]


@pytest.fixture(scope="module")
def logged(
    trained: Path,
    tmp_path_factory: pytest.TempPathFactory,
    fresh_database: Callable[[Path], str],
) -> Path:
    """The directory of the model that MLflow was given of the trained version."""
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # artefacts go beside the database
        patch.setattr("training.tracker.figures", lambda _: iter(()))  # they take their time
        tracker = Tracker(uri=fresh_database(folder), experiment="tests")
        run = tracker.record(Store(trained).resolve())
        import mlflow

        client: Any = mlflow.MlflowClient(tracking_uri=tracker.uri)
        model = client.get_run(run).outputs.model_outputs[0].model_id
        copied = mlflow.artifacts.download_artifacts(
            f"models:/{model}", dst_path=str(folder), tracking_uri=tracker.uri
        )
    return Path(copied)


@pytest.fixture(scope="module")
def scoring(logged: Path) -> Iterator[TestClient]:
    """MLflow's scoring server, in this process."""
    import mlflow
    from mlflow.pyfunc import scoring_server

    with pytest.MonkeyPatch.context() as patch:
        # Both get something from MLflow that is to be gone after.
        patch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
        patch.setattr("sys.path", list(sys.path))
        app = scoring_server.init(mlflow.pyfunc.load_model(str(logged)))
        with TestClient(app, raise_server_exceptions=False) as started:
            yield started


def by_column(rows: Rows) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def as_split(rows: Rows, **more: object) -> dict[str, Any]:
    columns = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    return {"dataframe_split": {**columns, **more}}


def without_ids(rows: Rows) -> Rows:
    return [{name: row[name] for name in ("title", "content")} for row in rows]


def forms(rows: Rows) -> dict[str, dict[str, Any]]:
    """The same rows in each form of the protocol, and what goes by unread."""
    bare, one = without_ids(rows), rows[0]
    numbered = [{**row, "id": at + 7} for at, row in enumerate(rows)]
    more = [{**row, "url": None, "rank": at, "tags": ["甲"]} for at, row in enumerate(rows)]
    return {
        "split": as_split(rows),
        "split, bare, with an index": as_split(bare, index=list(range(3, 3 + len(bare)))),
        "split, with other columns": as_split(more),
        "split, no rows": {"dataframe_split": {"columns": ["title", "content"], "data": []}},
        "records": {"dataframe_records": rows},
        "records, bare": {"dataframe_records": bare},
        "records, numbered": {"dataframe_records": numbered},
        "records, with other columns": {"dataframe_records": more},
        "inputs": {"inputs": rows},
        "inputs, with other columns": {"inputs": more},
        "inputs, numbered, by column": {"inputs": by_column(numbered)},
        "inputs, bare, by column": {"inputs": by_column(bare)},
        "inputs, no rows": {"inputs": {"title": [], "content": []}},
        "inputs, one row": {"inputs": one},
        "instances": {"instances": rows},
        "instances, by column": {"instances": by_column(rows)},
        "instances, one row": {"instances": one},
        "params and another key": {"inputs": rows, "params": {"top": 1}, "signature_name": "x"},
    }


def told(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["predictions"]
    return answer.json()["predictions"]


def ours(predictor: Predictor, raw: bytes, media_type: str) -> list[dict[str, object]]:
    return [one.as_json() for one in predictor.predict(parse_invocation(raw, media_type))]


def test_every_form_gets_the_same_predictions(
    scoring: TestClient, predictor: Predictor, rows: Rows
) -> None:
    given = [*rows[:4], *ODD]
    for name, body in forms(given).items():
        raw = json.dumps(body).encode()
        answer = scoring.post("/invocations", content=raw, headers={"Content-Type": JSON})
        assert ours(predictor, raw, JSON) == told(answer), name


@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "with a BOM"])
def test_csv_of_a_frame_gets_the_same_predictions(
    scoring: TestClient, predictor: Predictor, rows: Rows, bom: str
) -> None:
    import pandas as pd

    # Without the empty texts, which pandas reads as missing and the logged model refuses.
    given = [{**row, "url": ""} for row in [*rows[:4], *ODD[1:]]]
    for frame in (pd.DataFrame(given), pd.DataFrame(without_ids(given))):
        for index in (True, False):
            raw = (bom + frame.to_csv(index=index)).encode()
            answer = scoring.post("/invocations", content=raw, headers={"Content-Type": CSV})
            assert ours(predictor, raw, CSV) == told(answer)


REFUSED: dict[str, object] = {
    "a list": [{"title": "", "content": ""}],
    "no form": {},
    "two forms": {"inputs": [ODD[0]], "instances": [ODD[0]]},
    "no rows": {"inputs": []},
    "records by column": {"dataframe_records": {"title": [""], "content": [""]}},
    "a row that is text": {"inputs": ["甲"]},
    "no content": {"dataframe_records": [{"title": ""}]},
    "a null title": as_split([{"title": None, "content": ""}]),
    "a title that is a number": {"dataframe_records": [{"title": 5, "content": ""}]},
    "a blank id": {"inputs": [{**ODD[0], "id": " "}]},
    "an id of null": {"dataframe_records": [{**ODD[0], "id": None}]},
    "a split with another key": as_split([ODD[0]], orient=1),
    "a column twice": {"dataframe_split": {"columns": ["title", "content", "title"], "data": []}},
    "a row too short": {"dataframe_split": {"columns": ["title", "content"], "data": [[""]]}},
    "columns of different lengths": {"inputs": {"title": [""], "content": []}},
    "half an emoji": {"inputs": [{"title": "\ud800", "content": ""}]},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_mlflow_refuses_is_refused(scoring: TestClient, body: object) -> None:
    raw = json.dumps(body).encode()
    answer = scoring.post("/invocations", content=raw, headers={"Content-Type": JSON})
    assert answer.status_code == 400
    with pytest.raises(RefusedBody):
        parse_invocation(raw, JSON)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def served(log: Path, *words: str | Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server in a process of its own on a free port, ended with what it started."""
    port = free_port()
    # MLflow looks for uvicorn on the path.
    path = os.pathsep.join([str(COMMANDS), os.environ["PATH"]])
    settings = {name: os.environ[name] for name in os.environ if not name.startswith("NEWSTAG_")}
    environment = {**settings, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    address = ["--host", "127.0.0.1", "--port", str(port)]
    command = [COMMANDS / words[0], *words[1:], *address]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process,
    ):
        try:
            yield port, process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def test_the_client_of_mlflow_gets_the_same_labels_from_both_servers(
    trained: Path, logged: Path, rows: Rows, tmp_path: Path
) -> None:
    import pandas as pd
    from mlflow.pyfunc.scoring_server import client

    mlflow_words = ("mlflow", "models", "serve", "-m", logged, "--env-manager", "local")
    given = [*rows[:4], *ODD]
    sent = [pd.DataFrame(given), pd.DataFrame(without_ids(given), index=range(5, 13)), given]
    # What it cannot make of a dict of lists itself, it passes on as text.
    sent += [json.dumps(body) for body in forms(given).values()]
    with (
        served(tmp_path / "mlflow.log", *mlflow_words) as (port, process),
        served(tmp_path / "newstag.log", "newstag", "serve", "--store", trained) as (own, newstag),
    ):
        open_client: Any = client.ScoringServerClient
        theirs, mine = open_client("127.0.0.1", port), open_client("127.0.0.1", own)
        mine.wait_server_ready(timeout=30, scoring_server_proc=newstag)
        theirs.wait_server_ready(timeout=60, scoring_server_proc=process)
        mine.ping()
        assert mine.get_version()
        answers = [(mine.invoke(data), theirs.invoke(data)) for data in sent]
        with pytest.raises(Exception, match=r"Invocation failed \(error code 4\d\d"):
            mine.invoke([])
    for one, other in answers:
        assert dict(one) == dict(other)
    first, _ = answers[0]
    assert [prediction["id"] for prediction in first["predictions"]] == [row["id"] for row in given]
