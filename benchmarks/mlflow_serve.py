"""Elsewhere: a logged version in a fresh environment answers as the service does, to the digit.

    python -m benchmarks.mlflow_serve [--articles FILE…] [--store DIR] [--json FILE]

takes some minutes and a package index. MLflow makes the environment with uv, from what the model
says that it needs, in the benchmark's own folder. Without ``--store`` the version is trained on
the starter articles; the articles are the starter's unless others are given. What differs ends it
with exit code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar
from benchmarks.commands import predict_logged, serve, serve_logged
from benchmarks.logging_models import Tracking
from benchmarks.options import parser_of
from benchmarks.processes import Server, end_when_told, environment, server
from benchmarks.results import describe, write_result
from benchmarks.subject import articles_of, starter_corpus, trained_version
from models.store import Store

_AT_ONCE = 40  # rows of a request
_PATIENCE = 1_200  # seconds for an environment

Rows = Sequence[dict[str, str]]
Answers = list[dict[str, Any]]


def main() -> None:
    end_when_told()
    parser = parser_of(__doc__, "mlflow_serve.json", rounds=1)
    parser.add_argument("--store", type=Path, metavar="DIR")
    options = parser.parse_args()
    articles = articles_of(options.articles)
    rows = [{"id": one.id, "title": one.title, "content": one.content} for one in articles]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MLFLOW_ENV_ROOT"] = str(folder / "environments")
        store = options.store or trained_version(folder / "store", starter_corpus()).parent
        logged = Tracking(folder).log_version(Store(store.resolve()).resolve())
        served, seconds = _served(logged, rows, folder)
        sides = {
            "mlflow models serve": served,
            "mlflow models predict": _predicted(logged, rows, folder),
        }
        _refuse_newstag(folder / "environments")
        ours = _service(store.resolve(), rows, folder)
    bars = [
        Bar(name=f"{side}: answers unlike the service's", required=0, measured=count, most=True)
        for side, answers in sides.items()
        for count in [sum(one != other for one, other in zip(ours, answers, strict=True))]
    ]
    write_result(options.json, describe(articles), 1, bars, **{"ready in seconds": seconds})
    sys.exit(not all(bar.held for bar in bars))


def _served(logged: str, rows: Rows, folder: Path) -> tuple[Answers, float]:
    """What MLflow's server answers, and how long it took to make its environment and start."""
    with server(serve_logged(logged, "uv"), "/ping", folder) as one:
        seconds = one.wait(_PATIENCE)
        told = [_posted(one, "/invocations", {"dataframe_records": part}) for part in _parts(rows)]
        return [answer for each in told for answer in each["predictions"]], seconds


def _predicted(logged: str, rows: Rows, folder: Path) -> Answers:
    """What ``mlflow.models.predict`` writes, which this command calls."""
    (folder / "rows.json").write_text(json.dumps({"dataframe_records": rows}), "utf-8")
    command = predict_logged(logged, "uv", "rows.json", "answers.json")
    done = subprocess.run(  # noqa: S603 - no shell, and the command is the benchmark's
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"mlflow models predict: {done.stderr[-2_000:]}")
    told: Answers = json.loads((folder / "answers.json").read_text("utf-8"))["predictions"]
    return told


def _service(store: Path, rows: Rows, folder: Path) -> Answers:
    with server(serve(store), "/readyz", folder) as one:
        one.wait()
        told = [_posted(one, "/v1/predict?truncate=true", part) for part in _parts(rows)]
        return [answer for each in told for answer in each]


def _parts(rows: Rows) -> list[Rows]:
    return [rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE)]


def _posted(to: Server, path: str, body: object) -> Any:
    status, answer = to.post(path, json.dumps(body).encode())
    if status != 200:
        sys.exit(f"{path}: status {status}")
    return json.loads(answer)


def _refuse_newstag(environments: Path) -> None:
    """End the benchmark unless there is one environment, and nothing of newstag in it."""
    (python,) = environments.glob("*/bin/python")
    code = "from importlib.util import find_spec as f; exit(any(map(f, ['newstag', 'models'])))"
    if subprocess.run([python, "-I", "-c", code], check=False).returncode:  # noqa: S603 - ours
        sys.exit("newstag is in the environment that MLflow made")


if __name__ == "__main__":
    main()
