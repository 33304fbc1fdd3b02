"""The MLflow UI, on the same store as the tracker."""

from __future__ import annotations

import os
import sys

from labels.errors import StateError
from training.asking import open_database, reported

_DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")


def run_ui(uri: str, host: str, port: int) -> None:
    """Replace this process by the UI; it serves until told to stop.

    Raises:
        StateError: the database cannot be opened, or the runs lie on a tracking server, which
            has a UI of its own.
    """
    if uri.startswith(("http://", "https://")):
        raise StateError(uri, "a tracking server, which serves its own UI", "Open it in a browser")
    if not uri.startswith(_DATABASES):
        fix = f"Give a --tracking-uri that begins with one of: {', '.join(_DATABASES)}"
        raise StateError(uri, "no database that MLflow can open", fix)
    with reported(uri, "open the database", "Check --tracking-uri and the file it names"):
        open_database(uri)
    # Four workers and a job runner would take 2 GB for one reader.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    options = {"backend-store-uri": uri, "host": host, "port": str(port), "workers": "1"}
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *arguments])  # noqa: S606 - no shell, and the arguments are ours
