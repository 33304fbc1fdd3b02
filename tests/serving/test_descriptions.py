from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from labels.scheme import shipped_scheme
from models.manifest import read_manifest
from models.store import Store
from serving.edge import Edge

TAGGED = ["200", "400", "408", "413", "415", "422", "500", "503"]
NOT_READY = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "code": "not_ready",
    "fix": "Ask again in a second",
}


def test_the_process_is_alive_before_and_after_its_start(app: Edge) -> None:
    assert TestClient(app).get("/healthz").json() == {"status": "ok"}
    with TestClient(app) as started:
        assert started.get("/healthz").json() == {"status": "ok"}


def test_the_service_is_ready_between_start_and_end(app: Edge, trained: Path) -> None:
    client = TestClient(app)
    before = client.get("/readyz")
    assert (before.status_code, before.json()) == (503, NOT_READY)
    assert before.headers["content-type"] == "application/problem+json"
    with client:
        during = client.get("/readyz")
        assert (during.status_code, during.json()) == (
            200,
            {"status": "ready", "model": Store(trained).champion()},
        )
    assert client.get("/readyz").status_code == 503


def test_labels_are_those_of_the_scheme_with_names_and_definitions(
    client: TestClient, trained: Path
) -> None:
    body = client.get("/v1/labels").json()
    assert body["model"] == Store(trained).champion()
    assert [
        {
            **{key: group[key] for key in ("id", "kind", "zh", "en")},
            "labels": [
                {key: label[key] for key in ("id", "zh", "en", "definition")}
                for label in group["labels"]
            ],
        }
        for group in body["groups"]
    ] == [
        {
            "id": group.id,
            "kind": group.kind,
            "zh": group.zh,
            "en": group.en,
            "labels": [
                {"id": label.id, "zh": label.zh, "en": label.en, "definition": label.definition}
                for label in group.labels
            ],
        }
        for group in shipped_scheme().groups
    ]


def test_labels_say_from_which_score_they_are_given_and_whether_they_were_learnt(
    client: TestClient, trained: Path
) -> None:
    rules: Any = read_manifest(Store(trained).resolve("champion")).rules
    groups = client.get("/v1/labels").json()["groups"]
    assert {
        group["id"]: [(label["threshold"], label["trained"]) for label in group["labels"]]
        for group in groups
    } == {
        name: list(zip(rule["thresholds"], rule["trained"], strict=True))
        for name, rule in rules.items()
    }


def test_the_model_tells_its_version_recipe_and_figures(client: TestClient, trained: Path) -> None:
    body = client.get("/v1/model").json()
    manifest = json.loads((Store(trained).resolve() / "manifest.json").read_text("utf-8"))
    assert list(body) == ["version", "created", "recipe", "counts", "metrics", "libraries"]
    assert body == {key: manifest[key] for key in body}


def test_openapi_names_every_route_and_what_it_answers(client: TestClient) -> None:
    answer = client.get("/openapi.json")
    paths = json.loads(answer.content)["paths"]
    assert {
        (method, path): sorted(route["responses"])
        for path, methods in paths.items()
        for method, route in methods.items()
    } == {
        ("post", "/v1/predict"): TAGGED,
        ("post", "/invocations"): TAGGED,
        ("get", "/healthz"): ["200", "400", "500"],
        ("get", "/readyz"): ["200", "400", "500", "503"],
        ("get", "/ping"): ["200", "400", "500", "503"],
        ("get", "/version"): ["200", "400", "500", "503"],
        ("get", "/metrics"): ["200", "400", "500", "503"],
        ("get", "/v1/labels"): ["200", "400", "500", "503"],
        ("get", "/v1/model"): ["200", "400", "500", "503"],
    }


def test_predicting_keeps_the_name_that_generated_clients_call_it_by(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
    assert post["operationId"] == "predict_v1_predict_post"


def test_every_route_is_answered_without_the_framework(app: Edge) -> None:
    described = {
        (method, route.path): route.endpoint
        for route in app.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert app.endpoints == described
    # Nine for programs; for people three, two of them by HEAD too, and so their three files.
    assert len(described) == 9 + 5 + 6


def test_openapi_describes_the_problems(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
    for status in ("400", "413", "415", "422", "503"):
        (media,) = post["responses"][status]["content"].items()
        assert media[0] == "application/problem+json"
        assert media[1]["schema"]["required"] == ["type", "title", "status", "code", "fix"]


def test_openapi_describes_the_body_as_an_article_or_a_list(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
    one, many = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert sorted(one["properties"]) == ["account", "content", "id", "published", "title", "url"]
    assert one["required"] == ["title", "content"]
    assert (many["type"], many["minItems"], many["maxItems"]) == ("array", 1, 64)
    assert many["items"] == one


def test_the_examples_of_openapi_are_answered(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    answers = [client.post("/v1/predict", json=one["value"]) for one in examples.values()]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_the_description_is_a_page_as_well(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "/openapi.json" in page.text
