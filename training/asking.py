"""Asking MLflow: its library and database, whose failures become errors of ours."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labels.errors import NewstagError, StateError
from models.files import locked

SQLITE = "sqlite:///"


def import_mlflow() -> Any:
    """The library: 2 s and 170 MB, so it is imported only where runs are written or read."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def open_database(uri: str) -> None:
    """Create the tables of a SQLite database, one process at a time.

    Several processes that open a fresh database at once corrupt it for good.
    """
    if not uri.startswith(SQLITE):
        return
    path = Path(uri.removeprefix(SQLITE))
    mlflow = import_mlflow()
    with locked(path.with_name(path.name + ".lock")):
        mlflow.MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


@contextmanager
def reported(uri: str, what: str, fix: str) -> Iterator[None]:
    """Any failure of the library or the server, as an error that says where."""
    try:
        with warnings.catch_warnings():
            # It advises type hints and an input example; the signature is ours.
            warnings.simplefilter("ignore", UserWarning)
            yield
    except NewstagError:
        raise
    except Exception as error:  # its backends raise whatever their drivers raise
        reason = str(error).split("\n")[0][:200] or type(error).__name__
        raise StateError(uri, f"MLflow cannot {what} ({reason})", fix) from error
