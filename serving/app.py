"""The app: every route, what OpenAPI says of it, and who answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from serving.access import OPEN
from serving.describing import Describing
from serving.edge import Edge, Endpoint
from serving.invocation_schema import INVOCATION_SCHEMA
from serving.live import Loaded
from serving.pages import Pages, told
from serving.problems import Problem, described, internal_problem, problem_of
from serving.rendering import ASSETS
from serving.schema import INVOKED, PREDICT, PREDICTED, TAGGING_PROBLEMS, text
from serving.service import Service
from serving.settings import Settings
from serving.tagging import Tagging

_INTERNAL = described(400, 500)
_NOT_READY = described(400, 500, 503)


def create_app(settings: Settings, loaded: Loaded | None = None) -> Edge:
    """The app for these settings; a model that is not ``loaded`` yet is when it starts."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start(loaded)
        yield
        await service.stop()

    app = FastAPI(
        title="newstag",
        description="One type and any number of domains for a Chinese newsroom post.",
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
    _add_tagging(app, Tagging(service))
    _add_describing(app, Describing(service))
    _add_pages(app, Pages(service))
    _describe_keys(app, service)
    return Edge(app, service, _plain(app))


def _add_tagging(app: FastAPI, tagging: Tagging) -> None:
    app.post(
        "/v1/predict",
        name="predict",
        summary="Tag one article, or a list of 1 to 64",
        openapi_extra=PREDICT,
        responses={200: PREDICTED, **TAGGING_PROBLEMS},
    )(tagging.predict)
    app.post(
        "/invocations",
        name="invoke",
        summary="Tag rows as MLflow's scoring protocol has them",
        openapi_extra=INVOCATION_SCHEMA,
        responses={200: INVOKED, **TAGGING_PROBLEMS},
    )(tagging.invoke)


def _add_describing(app: FastAPI, describing: Describing) -> None:
    for path, endpoint, summary, responses in (
        ("/healthz", describing.healthz, "Is the process alive?", _INTERNAL),
        ("/readyz", describing.readyz, "Is a model loaded, and the end not near?", _NOT_READY),
        ("/v1/labels", describing.labels, "The groups and labels there are", _NOT_READY),
        ("/v1/model", describing.model, "The version that answers, and its figures", _NOT_READY),
    ):
        app.get(path, summary=summary, responses=responses)(endpoint)
    for path, endpoint, summary, said in (
        ("/ping", describing.ping, "Ready, as MLflow's protocol asks", "A line feed"),
        ("/version", describing.version, "Of MLflow, whose protocol is spoken", "A version"),
        ("/metrics", describing.metrics, "Counts for Prometheus", "Prometheus' text format"),
    ):
        responses = {200: text(said), **_NOT_READY}
        app.get(path, summary=summary, response_class=Response, responses=responses)(endpoint)


def _add_pages(app: FastAPI, pages: Pages) -> None:
    """What people see is no part of the interface for programs."""
    shown = ["GET", "HEAD"]
    app.api_route("/", methods=[*shown, "POST"], include_in_schema=False)(pages.tag)
    app.api_route("/model", methods=shown, include_in_schema=False)(pages.model)
    for path in ASSETS:
        app.api_route(path, methods=shown, include_in_schema=False)(pages.asset)


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: a path or method that there is not."""
    problem, exchange = problem_of(error), request.scope["exchange"]
    exchange.code = problem.code
    return await told(problem, request, exchange)


async def _internal(_: Request, __: Exception) -> Problem:
    """What breaks within the framework: the edge gets it too, and logs it."""
    return internal_problem()


def _plain(app: FastAPI) -> dict[tuple[str, str], Endpoint]:
    """The endpoints that take a request and give an answer: FastAPI adds nothing to them."""
    return {
        (method, route.path): route.endpoint
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _describe_keys(app: FastAPI, service: Service) -> None:
    """Let OpenAPI say which routes need a key, where keys are in force."""
    describe = app.openapi
    refused = {str(status): one for status, one in described(401, 403).items()}

    def openapi() -> dict[str, Any]:
        found = describe()
        if not service.access.closed:
            return found
        found.setdefault("components", {})["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer"}
        }
        for path, methods in found["paths"].items():
            for route in methods.values() if path not in OPEN else ():
                route["security"] = [{"key": []}]
                route["responses"].update(refused)
        return found

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it
