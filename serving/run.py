"""Running the service: a port, and as many worker processes as asked for."""

from __future__ import annotations

import os
import socket
from dataclasses import replace

import uvicorn

from labels.errors import StateError
from serving.app import create_app, load
from serving.settings import Settings


def run(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until told to stop.

    Raises:
        StateError: the address cannot be bound, or there is no model.
        VersionError: the model is refused.
    """
    loaded = load(settings)
    _refuse_taken(host, port)
    if workers == 1:
        uvicorn.run(create_app(settings, loaded), host=host, port=port)
        return
    # Every worker answers with this version, also one that is started again after a promotion.
    settings = replace(settings, model=str(loaded.folder.resolve()))
    os.environ.update(settings.as_environment())
    factory = "serving.app:create_app_from_environment"
    uvicorn.run(factory, factory=True, host=host, port=port, workers=workers)


def _refuse_taken(host: str, port: int) -> None:
    """Bind and let go: uvicorn would log a taken port and end the process by itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = str(error.strerror).split(" (")[0]  # without the address, told already
        what = f"cannot be bound ({reason})"
        raise StateError(f"{host}:{port}", what, "Choose another --host or --port") from error
