"""Alerts and dashboard: whether their queries parse, and ask for what the service counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # has no types, and comes with MLflow
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from docs.reference.codes import codes
from serving.app import create_app
from serving.rendering import ASSETS
from serving.settings import Settings
from tests.deploy.conftest import ROOT, Tool

FOLDER = ROOT / "deploy" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/newstag.json").read_text("utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
# What Grafana fills in, and something that it could be.
FILLED = {"$job": "newstag", "$instance": ".*", "$group": "type", "$__rate_interval": "1m"}


def shown() -> Iterator[str]:
    """The queries of the dashboard, as Prometheus gets them."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            query: str = target["expr"]
            for name, value in FILLED.items():
                query = query.replace(name, value)
            yield query


@pytest.fixture(scope="module")
def page(trained: Path) -> str:
    """What a service counts that has tagged something, refused something and been asked."""
    with TestClient(create_app(Settings(store=trained.parent / "open"))) as client:
        client.post("/v1/predict", json={"title": "脑机接口", "content": "𰻝𰻝"})
        client.post("/v1/predict", json={"title": 5})
        return client.get("/metrics").text


@pytest.fixture(scope="module", autouse=True)
def _without_keys(trained: Path) -> None:
    """The store beside, where nobody needs a key."""
    target = trained.parent / "open"
    if not target.exists():
        target.mkdir()
        for path in trained.iterdir():
            if path.name != "keys.json":
                (target / path.name).symlink_to(path)


def asked(query: str) -> set[str]:
    """The names of what the service counts in a query."""
    return set(re.findall(r"\bnewstag_\w+", query))


def samples(page: str) -> dict[str, set[str]]:
    """The names of all samples on a page of metrics, with those of their labels."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
        if family.type == "counter":
            found.setdefault(f"{family.name}_total", set())
    return found


@pytest.mark.parametrize("queries", ["alerts", "dashboard"])
def test_every_metric_is_one_that_the_service_has(queries: str, page: str) -> None:
    named = [rule["expr"] for rule in RULES] if queries == "alerts" else list(shown())
    wanted = set().union(*map(asked, named))
    assert len(wanted) > 8
    assert wanted - set(samples(page)) == set()


def test_every_metric_of_the_service_is_on_the_dashboard(page: str) -> None:
    there = {re.sub(r"_(sum|count|bucket)$", "", name) for name in samples(page)}
    drawn = {re.sub(r"_(sum|count|bucket)$", "", one) for one in set().union(*map(asked, shown()))}
    assert {name for name in there if name.startswith("newstag_")} - drawn == set()


def matchers(query: str) -> Iterator[tuple[str, str, str]]:
    """What a query asks of labels: metric, label and value."""
    for name, inner in re.findall(r"\b(newstag_\w+)\{([^}]*)\}", query):
        for label, value in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', inner):
            yield name, label, value


def test_every_label_is_one_that_the_metric_has(page: str) -> None:
    known = samples(page)
    outside = {"job", "instance"}
    for query in [*(rule["expr"] for rule in RULES), *shown()]:
        for name, label, _value in matchers(query):
            assert label in known[name] | outside, query


def tried() -> Iterator[str]:
    """The series on which the alerts are tried."""
    for path in FOLDER.glob("*_test.yml"):
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            yield from (given["series"] for given in test["input_series"])


@pytest.mark.parametrize("queries", ["alerts", "dashboard", "series of the tests"])
def test_every_code_is_one_that_the_service_answers(queries: str) -> None:
    alerts = [rule["expr"] for rule in RULES]
    chosen = {"alerts": alerts, "dashboard": list(shown())}.get(queries, list(tried()))
    of_problems = {one.code for one in codes()}
    statuses = {"200", *(str(one.status) for one in codes())}
    wanted = {
        (name == "newstag_refused_requests_total", one)
        for name, label, value in chain.from_iterable(map(matchers, chosen))
        for one in value.split("|")
        if label == "code"
    }
    assert len(wanted) >= 2
    for problem, code in wanted:
        assert any(re.fullmatch(code, known) for known in (of_problems if problem else statuses)), (
            code
        )


def test_a_share_of_errors_is_one_of_what_was_asked_and_not_of_probes() -> None:
    left_out = re.compile("/healthz|/readyz|/ping|/metrics|/assets/.+")
    assert all(map(left_out.fullmatch, ["/healthz", "/readyz", "/ping", "/metrics", *ASSETS]))
    queries = [rule["expr"] for rule in RULES if rule.get("alert") == "NewstagErrors"]
    shares = [*queries, *(query for query in shown() if "5.." in query and " / " in query)]
    assert len(shares) == 2
    for query in shares:
        assert query.count(f'route!~"{left_out.pattern}"') == 2  # of errors, and of all


def test_prometheus_reads_configuration_and_rules(tool: Tool) -> None:
    done = tool("promtool", "check", "config", "--syntax-only", "scrape.yml", cwd=FOLDER)
    assert done.returncode == 0, done.stderr
    done = tool("promtool", "check", "rules", "--lint-fatal", "alerts.yml", cwd=FOLDER)
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


@pytest.mark.parametrize("name", ["alerts_test.yml", "alerts_week_test.yml"])
def test_alerts_fire_for_what_they_are_about(name: str, tool: Tool) -> None:
    done = tool("promtool", "test", "rules", name, cwd=FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_and_explained() -> None:
    tried = "".join(path.read_text("utf-8") for path in FOLDER.glob("*_test.yml"))
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    alerts = [rule for rule in RULES if "alert" in rule]
    assert len(alerts) == 11
    for rule in alerts:
        assert f"alertname: {rule['alert']}" in tried
        assert rule["alert"] in page
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_what_fired_is_told_of_the_rules_of_today() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    (told,) = re.findall(r"^- \*\*Prometheus 2\.42\*\*.*$", page, flags=re.MULTILINE)
    (fired,) = re.findall(r"and ([^.]*) fired when a service was stopped\.", told)
    assert re.findall(r"Newstag\w+", fired) == ["NewstagDown"]
    assert "rule of `NewstagModelRefused`, which was tried by `promtool test rules` only" in told


def test_prometheus_reads_every_query_of_the_dashboard(tool: Tool, tmp_path: Path) -> None:
    queries = list(shown())
    assert not [query for query in queries if "$" in query]
    rules = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(queries)]
    (tmp_path / "panels.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8"
    )
    done = tool("promtool", "check", "rules", "panels.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{len(queries)} rules found" in done.stdout


def test_panels_have_names_places_and_queries_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["title"]
        assert panel["type"] == "row" or panel["targets"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        own = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not own & cells, panel["title"]
        cells |= own


def test_the_dashboard_asks_for_variables_that_it_has() -> None:
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    text = json.dumps(DASHBOARD["panels"])
    used = {name for name in re.findall(r"\$\{?(\w+)", text) if not name.startswith("__")}
    assert used == names
