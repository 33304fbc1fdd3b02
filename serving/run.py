"""Running the service: a port, and as many worker processes as asked for."""

from __future__ import annotations

import os

import uvicorn

from models.store import Store
from models.version import load_predictor
from serving.app import create_app
from serving.settings import Settings


def run(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until told to stop.

    Raises:
        NewstagError: no model, or one that is refused; found before the port is opened.
    """
    load_predictor(Store(settings.store).resolve(settings.model), settings.segmenter)
    if workers == 1:
        uvicorn.run(create_app(settings), host=host, port=port)
        return
    os.environ.update(settings.as_environment())
    factory = "serving.app:create_app_from_environment"
    uvicorn.run(factory, factory=True, host=host, port=port, workers=workers)
