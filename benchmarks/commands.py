"""The commands of the servers that benchmarks start, ``{port}`` standing for the port."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.processes import HOST, PROGRAMS


def newstag(*arguments: str) -> list[str]:
    return [str(PROGRAMS / "newstag"), *arguments]


def serve(store: Path) -> list[str]:
    """One worker, and everything else as it is by default."""
    return newstag("serve", "--store", str(store), "--port", "{port}")


def serve_logged(model: str, manager: str = "local") -> list[str]:
    """MLflow's own server of a logged model, in this environment or in one that it makes."""
    options = ["--env-manager", manager, "--host", HOST, "--port", "{port}"]
    return [str(PROGRAMS / "mlflow"), "models", "serve", "--model-uri", model, *options]


def predict_logged(model: str, manager: str, rows: str, answers: str) -> list[str]:
    """MLflow's own reading of rows from a file, in an environment that it makes."""
    files = ["--input-path", rows, "--output-path", answers]
    options = ["--env-manager", manager, "--content-type", "json", *files]
    return [str(PROGRAMS / "mlflow"), "models", "predict", "--model-uri", model, *options]


def serve_bare(*log: str) -> list[str]:
    """With "log" uvicorn writes its access log."""
    return [sys.executable, "-m", "benchmarks.bare", "{port}", *log]
