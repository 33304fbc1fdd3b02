"""Four trainings begun at once on a fresh SQLite database, and four against a tracking server.

    python -m benchmarks.at_once

Each trains the shipped starter articles with a seed of its own. Afterwards every run must be
finished, with its metrics, tables, figures and a model that loads, and be registered once; the
database must be whole. Ends with 1 where anything is not so.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.commands import newstag
from benchmarks.processes import HOST, PROGRAMS, end_when_told, environment, server
from models.store import Store
from training.asking import import_mlflow
from training.registration import Registrations

_TRAININGS = 4


def train_at_once(folder: Path, store: Path, uri: str) -> list[int]:
    """Exit codes of trainings that were begun at the same moment."""
    begun = []
    for seed in range(_TRAININGS):
        options = ["--store", str(store), "--tracking-uri", uri, "--seed", str(seed)]
        with (folder / f"train-{seed}.txt").open("wb") as said:
            begun.append(
                subprocess.Popen(  # noqa: S603 - no shell, and the command is the benchmark's
                    [*newstag("train", "--jobs", "1"), *options],
                    cwd=folder,
                    env=environment(),
                    stdout=said,
                    stderr=said,
                )
            )
    return [one.wait() for one in begun]


def faults(store: Path, uri: str) -> list[str]:
    """What is not as it should be of the runs in ``uri``."""
    mlflow = import_mlflow()
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    versions = Store(store).versions()
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    found = [
        f"run {run.info.run_id} is {run.info.status}"
        for run in runs
        if run.info.status != "FINISHED"
    ]
    if sorted(run.data.tags["version"] for run in runs) != versions:
        found.append(f"{len(runs)} runs of {len(versions)} versions")
    if len(versions) != _TRAININGS:
        found.append(f"{len(versions)} versions of {_TRAININGS} trainings")
    registered = Registrations(client=client).all()
    if sorted(one.version for one in registered) != versions:
        found.append(f"registered: {[one.version for one in registered]}")
    if sum("champion" in one.aliases for one in registered) != 1:
        found.append("not one champion in the registry")
    for run in runs:
        found += _faults_of(mlflow, client, run)
    return found


def _faults_of(mlflow: Any, client: Any, run: Any) -> Iterator[str]:
    name = run.data.tags["version"]
    files = client.list_artifacts(run.info.run_id)
    figures = [one.path for one in files if one.path.endswith(".png")]
    tables = client.list_artifacts(run.info.run_id, "tables")
    if len(figures) < 6 or len(tables) < 5:
        yield f"{name}: figures or tables are missing: {figures}, {len(tables)} tables"
    if "type_f1_macro" not in run.data.metrics:
        yield f"{name}: no metrics"
    model = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
    answer = model.predict([{"title": "元宇宙", "content": "元宇宙头显开始发售。"}])
    if len(answer) != 1 or answer[0]["model"] != name:
        yield f"{name}: the model answers {answer}"


def _told(where: str, codes: Sequence[int], found: Sequence[str]) -> bool:
    print(f"{where}: {len(codes)} trainings ended with {list(codes)}; {len(found)} faults")
    for line in found:
        print(f"  {line}")
    return not any(codes) and not found


def main() -> None:
    end_when_told()
    with tempfile.TemporaryDirectory(prefix="newstag-") as temporary:
        folder = Path(temporary)
        (folder / "sqlite").mkdir()
        database = folder / "sqlite" / "mlflow.db"
        uri = f"sqlite:///{database}"
        codes = train_at_once(folder / "sqlite", folder / "sqlite" / "store", uri)
        found = faults(folder / "sqlite" / "store", uri)
        with sqlite3.connect(database) as connection:
            checked = connection.execute("PRAGMA integrity_check").fetchone()[0]
        found += [] if checked == "ok" else [f"the database: {checked}"]
        good = _told("a fresh SQLite database", codes, found)

        (folder / "server").mkdir()
        command = [str(PROGRAMS / "mlflow"), "server", "--host", HOST, "--port", "{port}"]
        backend = ["--backend-store-uri", f"sqlite:///{folder / 'server' / 'runs.db'}", "-w", "1"]
        with server([*command, *backend], "/health", folder / "server") as tracking:
            tracking.wait()
            codes = train_at_once(folder / "server", folder / "server" / "store", tracking.url(""))
            good &= _told("a server", codes, faults(folder / "server" / "store", tracking.url("")))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
