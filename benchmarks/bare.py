"""The bare route: what FastAPI alone does with the same body, under the service's own uvicorn.

    python -m benchmarks.bare STORE PORT

goes the way of ``newstag serve`` up to the app, which is replaced: so both have the same settings
of uvicorn, whatever they are. FastAPI finds, parses and answers here as it does by itself;
newstag's own route leaves out what it does for dependencies.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from serving.run import run
from serving.settings import Settings


class Body(BaseModel):
    """The fields of an article."""

    id: str | None = None
    title: str
    content: str
    published: str | None = None
    account: str | None = None
    url: str | None = None


def bare_app() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/predict")
    async def predict(body: Body) -> dict[str, Any]:
        return {"id": body.id, "type": {"label": "news", "score": 0.5}, "domains": []}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {"status": "ready"}

    return app


def main() -> None:
    store, port = sys.argv[1:]
    configure = uvicorn.Config.__init__

    def configured(self: uvicorn.Config, app: Any, *given: Any, **settings: Any) -> None:
        del app
        configure(self, bare_app(), *given, **settings)

    uvicorn.Config.__init__ = configured  # type: ignore[method-assign] # see above
    run(Settings(store=Path(store)), "127.0.0.1", int(port), 1)


if __name__ == "__main__":
    main()
