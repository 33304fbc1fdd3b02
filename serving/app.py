"""The service: predictions over HTTP."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.routing import Route

from labels.article import Article
from models.manifest import Manifest, read_manifest
from models.predictor import Predictor
from models.store import Store
from models.version import load_predictor
from serving.body import SCHEMA, parse_body, read_body, read_explain
from serving.problems import NotReady, described, install
from serving.settings import Settings, settings_from


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model version, ready to answer."""

    folder: Path
    manifest: Manifest
    predictor: Predictor


def load(settings: Settings) -> Loaded:
    """The version that the settings name.

    Raises:
        StateError: there is none.
        VersionError: it is refused.
    """
    folder = Store(settings.store).resolve(settings.model)
    return Loaded(
        folder=folder,
        manifest=read_manifest(folder),
        predictor=load_predictor(folder, settings.segmenter),
    )


def create_app(settings: Settings, loaded: Loaded | None = None) -> FastAPI:
    """The app for these settings; a model that is not ``loaded`` yet is when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        model = loaded or load(settings)
        app.state.manifest = model.manifest
        app.state.predictor = model.predictor
        # Predicting holds the processor: more calls at once than cores only wait on each other.
        app.state.limiter = CapacityLimiter(os.cpu_count() or 1)
        # What is there now stays: the collector need not look at it again while it answers.
        gc.collect()
        gc.freeze()
        yield
        app.state.predictor = None
        gc.unfreeze()

    app = FastAPI(
        title="newstag",
        description="One type and any number of domains for a Chinese newsroom post.",
        lifespan=lifespan,
    )
    install(app)
    _add_predict(app)
    _add_probes(app)
    _add_descriptions(app)
    return app


# What takes 2 to 4 ms, in characters to read: handing it to a thread would cost the others more.
_AT_ONCE = 20_000
_ARTICLE = 1_500  # characters that an article costs whatever its length
_EXPLAINED = 3  # times that, where words are shown


def _work(articles: Sequence[Article], explain: int) -> int:
    """What a request costs, in characters to read."""
    characters = sum(len(article.title) + len(article.content) for article in articles)
    return characters + _ARTICLE * len(articles) * (_EXPLAINED if explain else 1)


def create_app_from_environment() -> FastAPI:
    """What each worker process runs."""
    return create_app(settings_from())


def _add_predict(app: FastAPI) -> None:
    app.post(
        "/v1/predict",
        name="predict",
        summary="Tag one article, or a list of 1 to 64",
        openapi_extra=SCHEMA,
        responses={200: {"description": "A prediction, or a list of them"}, **described()},
    )(_predict)
    # The route above describes; this one, found before it, answers. FastAPI's own way to an
    # endpoint takes 35 of the 500 µs that an article does, for dependencies that are not there.
    app.router.routes.insert(0, Route("/v1/predict", _predict, methods=["POST"], name="predict"))


async def _predict(request: Request) -> Response:
    _require_json(request)
    explain = read_explain(request)
    articles, many = parse_body(await read_body(request))
    predictor = _predictor(request)
    if _work(articles, explain) <= _AT_ONCE:
        predictions = predictor.predict(articles, explain)
    else:
        work = partial(predictor.predict, articles, explain)
        limiter = request.app.state.limiter
        predictions = await anyio.to_thread.run_sync(work, limiter=limiter)
    # The id is optional over HTTP; without one the answer says null.
    answers = [{**one.as_json(), "id": one.id or None} for one in predictions]
    # Several times as fast as json.dumps, which an explanation would feel.
    body = to_json(answers if many else answers[0])
    return Response(body, media_type="application/json")


def _require_json(request: Request) -> None:
    given = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if given != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _predictor(request: Request) -> Predictor:
    """The model that answers.

    Raises:
        NotReady: before one is loaded, and once the service shuts down.
    """
    predictor: Predictor | None = getattr(request.app.state, "predictor", None)
    if predictor is None:
        raise NotReady
    return predictor


def _add_probes(app: FastAPI) -> None:
    @app.get("/healthz", summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Is a model loaded?", responses={503: {"description": "Not yet"}})
    async def readyz(request: Request) -> JSONResponse:
        _predictor(request)
        return JSONResponse({"status": "ready"})


def _add_descriptions(app: FastAPI) -> None:
    @app.get("/v1/labels", summary="The groups and labels that articles can get")
    async def labels(request: Request) -> dict[str, Any]:
        predictor = _predictor(request)
        return {"groups": _groups(predictor), "model": predictor.version}

    @app.get("/v1/model", summary="The model version that answers, and its figures")
    async def model(request: Request) -> dict[str, Any]:
        _predictor(request)
        manifest: Manifest = request.app.state.manifest
        shown = ("version", "created", "recipe", "counts", "metrics", "libraries")
        return {key: getattr(manifest, key) for key in shown}


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
