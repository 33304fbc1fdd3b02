"""Asking MLflow: its library and database, whose failures become errors of ours."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from labels.errors import NewstagError, StateError
from models.files import locked

_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<file>[^?]*)(?:\?.*)?")
_SECRET = re.compile(r"((?:password|passwd|sslpassword)=)[^&]*")  # in the query of a URI
_TABLES = {"alembic_version", "experiments"}  # of MLflow, one of which is there from the first on
_LONGEST = 200  # characters of what a library says
_PATIENCE = ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT")
_OURS: dict[str, str] = {}  # what we set in the environment, to tell it from what users set


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite URI, whatever options stand behind it; None for another kind of URI."""
    found = _SQLITE.fullmatch(uri)
    return Path(found["file"]) if found else None


def no_database(uri: str) -> bool:
    """Whether the URI names a SQLite file that nobody has made yet."""
    path = sqlite_file(uri)
    return path is not None and not path.exists()


def shown(uri: str) -> str:
    """The URI as it may be printed, without a password."""
    try:
        password = urlsplit(uri).password
    except ValueError:  # no URI that anybody could open
        return uri
    hidden = uri.replace(f":{password}@", ":***@") if password else uri
    return _SECRET.sub(r"\1***", hidden)


def import_mlflow() -> Any:
    """The library: 2 s and 170 MB, so it is imported only where runs are written or read."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # A run of somebody else's, which ours would overwrite.
    os.environ.pop("MLFLOW_RUN_ID", None)
    import mlflow
    import mlflow.store.db.utils as database

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It prints statements of SQL and tracebacks of what it raises as well.
    logging.getLogger(database.__name__).setLevel(logging.CRITICAL)
    # It would try for 102 s to reach a database that is not there: so it is about 2 s.
    database.MAX_RETRY_COUNT = 5
    return mlflow


def open_mlflow(uri: str, retries: int, timeout: int) -> Any:
    """The library, with its runs and its registry at this URI.

    A request to a server that is down is sent ``retries`` times more, to one that does not answer
    it waits ``timeout`` seconds, unless the environment says otherwise: the patience of MLflow
    itself is minutes of silence.
    """
    be_patient(retries, timeout)
    mlflow = import_mlflow()
    open_database(uri)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)  # or MLFLOW_REGISTRY_URI would count
    return mlflow


def be_patient(retries: int, timeout: int) -> None:
    """So much from now on, as ``open_mlflow`` has it."""
    for name, value in zip(_PATIENCE, (str(retries), str(timeout)), strict=True):
        if os.environ.get(name) == _OURS.get(name):
            os.environ[name] = _OURS[name] = value


def open_database(uri: str) -> None:
    """Create the tables of a SQLite database, one process at a time.

    Several processes that open a fresh database at once corrupt it for good.

    Raises:
        StateError: it is no database, or cannot be opened.
    """
    path = sqlite_file(uri)
    if path is None:
        return
    _refuse_no_database(uri, path)
    mlflow = import_mlflow()
    with ExitStack() as alone:
        try:
            alone.enter_context(locked(path.with_name(path.name + ".lock")))
        except OSError:  # a folder that may only be read: nobody makes a database in it
            if not path.exists():
                raise
        mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments(max_results=1)


def _refuse_no_database(uri: str, path: Path) -> None:
    """MLflow would take its time, and print more than it says."""
    if not path.exists():
        return
    fix = "Give a database of MLflow with --tracking-uri, or a path where none is yet"
    if path.is_dir():
        raise StateError(uri, "a folder, not a SQLite database", fix)
    try:
        with closing(_read_only(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        if "locked" in str(error):  # somebody is writing
            return
        raise StateError(uri, f"not a SQLite database ({error})", fix) from error
    if tables and _TABLES.isdisjoint(name for (name,) in tables):
        raise StateError(uri, "a SQLite database of another program", fix)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


@contextmanager
def recording(uri: str, store: Path) -> Iterator[None]:
    """One recorder of a database at a time, or of the store where a server has the runs.

    So none is recorded twice, and what seems to go on was broken off. SQLite would answer the
    others with an error.
    """
    path = sqlite_file(uri)
    of_database = path and path.with_name(f"{path.name}.recording.lock")
    with locked(of_database or store / ".recording.lock"):
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
        raise StateError(
            shown(uri), f"MLflow cannot {what} ({_reason(error, uri)})", fix
        ) from error


def _reason(error: BaseException, uri: str) -> str:
    """What it says, and what the innermost cause says where the end would be cut off."""
    said = str(error).replace(uri, shown(uri)).strip().split("\n")[0]
    if len(said) <= _LONGEST:
        return said or type(error).__name__
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    inner = " ".join(str(chain[-1]).replace(uri, shown(uri)).split())
    innermost = inner[-_LONGEST:] or type(chain[-1]).__name__
    return f"{said[:_LONGEST]}…{f': {innermost}' if chain[1:] else ''}"
