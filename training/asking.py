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
_LONGEST = 200  # characters of what a library says


def import_mlflow() -> Any:
    """The library: 2 s and 170 MB, so it is imported only where runs are written or read."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # Its own patience with a server that is down is four minutes of silence.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
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
def recording(uri: str, store: Path) -> Iterator[None]:
    """One recorder of a database at a time, or of the store where a server has the runs.

    So none is recorded twice, and what seems to go on was broken off. SQLite would answer the
    others with an error.
    """
    path = Path(uri.removeprefix(SQLITE))
    of_database = path.with_name(f"{path.name}.recording.lock")
    with locked(of_database if uri.startswith(SQLITE) else store / ".recording.lock"):
        yield


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
        raise StateError(uri, f"MLflow cannot {what} ({_reason(error)})", fix) from error


def _reason(error: BaseException) -> str:
    """What it says, and what the innermost cause says where the end would be cut off."""
    said = str(error).split("\n")[0]
    if len(said) <= _LONGEST:
        return said or type(error).__name__
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    innermost = " ".join(str(chain[-1]).split())[-_LONGEST:] or type(chain[-1]).__name__
    return f"{said[:_LONGEST]}…{f': {innermost}' if chain[1:] else ''}"
