"""Describing: the routes that say how the service is, and what it can say."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.predictor import Predictor
from serving.metrics import MEDIA_TYPE
from serving.problems import Refused
from serving.service import Service

_SHOWN = ("version", "created", "recipe", "counts", "metrics", "libraries")


class Describing:
    """The routes that say how the service is, and what it can say."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def healthz(self, _: Request) -> Response:
        """Is the process alive?"""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> Response:
        """Is a model loaded and warm, and was the worker not told to stop?"""
        loaded = self._ready()
        return JSONResponse({"status": "ready", "model": loaded})

    async def ping(self, _: Request) -> Response:
        """Ready, as MLflow's scoring protocol asks."""
        self._ready()
        return Response("\n", media_type="text/plain")

    def _ready(self) -> str:
        if self._service.live.draining:
            raise Refused("draining")
        return self._service.live.current().manifest.version

    async def version(self, _: Request) -> Response:
        """The version of MLflow whose scoring protocol this is, as its clients expect."""
        return Response(_mlflow(), media_type="text/plain")

    async def metrics(self, _: Request) -> Response:
        """What was counted, of all workers."""
        return Response(self._service.metrics.page(), headers={"Content-Type": MEDIA_TYPE})

    async def labels(self, _: Request) -> Response:
        """The groups and labels that articles can get."""
        predictor = self._service.live.current().predictor
        return JSONResponse({"groups": _groups(predictor), "model": predictor.version})

    async def model(self, _: Request) -> Response:
        """The version that answers, and its figures."""
        manifest = self._service.live.current().manifest
        return JSONResponse({key: getattr(manifest, key) for key in _SHOWN})


@cache
def _mlflow() -> str:
    return version("mlflow")


def _groups(predictor: Predictor) -> list[dict[str, object]]:
    model = predictor.model
    return [
        {
            "id": group.id,
            "kind": group.kind,
            "zh": group.zh,
            "en": group.en,
            "labels": [
                {
                    "id": label.id,
                    "zh": label.zh,
                    "en": label.en,
                    "definition": label.definition,
                    "threshold": model.rules[group.id].thresholds[at],
                    "trained": model.rules[group.id].trained[at],
                }
                for at, label in enumerate(group.labels)
            ],
        }
        for group in model.scheme.groups
    ]
