"""The MLflow UI, on the same store as the tracker."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from labels.errors import StateError
from training.asking import open_database, reported, shown

_DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")


def run_ui(uri: str, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Replace this process by the UI; it serves until told to stop.

    Where it will be is announced once the database is known to open.

    Raises:
        StateError: the database cannot be opened, or the runs lie on a tracking server, which
            has a UI of its own.
    """
    if uri.startswith(("http://", "https://")):
        raise StateError(
            shown(uri), "a tracking server, which serves its own UI", "Open it in a browser"
        )
    if not uri.startswith(_DATABASES):
        fix = f"Give a --tracking-uri that begins with one of: {', '.join(_DATABASES)}"
        raise StateError(shown(uri), "no database that MLflow can open", fix)
    with reported(uri, "open the database", "Check --tracking-uri and the file it names"):
        open_database(uri)
    announce(f"The MLflow UI will be at http://{host}:{port} in some seconds")
    # Four workers and a job runner would take 2 GB for one reader.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    options = {"backend-store-uri": uri, "host": host, "port": str(port), "workers": "1"}
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *arguments])  # noqa: S606 - no shell, and the arguments are ours
