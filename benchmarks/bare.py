"""The bare route: what FastAPI alone does with the same body.

    python -m benchmarks.bare PORT [log]

FastAPI finds, parses and answers here as it does by itself. Nothing is logged, unless uvicorn is
to write its access log, as it does by itself and as newstag writes its own.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


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
    port, *log = sys.argv[1:]
    uvicorn.run(bare_app(), host="127.0.0.1", port=int(port), access_log=bool(log))


if __name__ == "__main__":
    main()
