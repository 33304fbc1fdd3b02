"""What is counted is what was done, in one worker and in several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor
from serving.exchange import Exchange
from serving.metrics import Metrics, cut_ended

ROOT = Path(__file__).parents[2]
SECRET = "松雾区绝密标记"  # noqa: S105 - what no page may repeat
A, B = "20260101T000000Z-00000001", "20260102T000000Z-00000002"

Counted = Callable[..., float]
Rows = list[dict[str, Any]]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def an_exchange(route: str = "/v1/predict", status: int = 200, code: str = "") -> Exchange:
    return Exchange(
        id="a", method="POST", route=route, began=0, deadline=1, status=status, code=code
    )


def series(page: bytes, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by the values of its labels, which are in the order of their names."""
    families = text_string_to_metric_families(page.decode())
    samples = (sample for family in families for sample in family.samples)
    return {tuple(one.labels.values()): one.value for one in samples if one.name == name}


# Articles


def test_known_articles_are_counted(
    metrics: Metrics, predictor: Predictor, articles: list[Article]
) -> None:
    predictions = predictor.predict(articles)
    metrics.predicted(predictions[:5], 100)
    metrics.predicted(predictions[5:], 23)
    page = metrics.page()
    totals = {
        "articles": len(articles),
        "reviews": sum(one.review for one in predictions),
        "characters": 123,
        "words": sum(one.words for one in predictions),
        "unknown_words": sum(one.unknown for one in predictions),
    }
    assert totals["unknown_words"] < totals["words"]
    assert {name: series(page, f"newstag_{name}_total")[()] for name in totals} == totals
    given = Counter(
        (group, label) for one in predictions for group, some in one.given.items() for label in some
    )
    assert series(page, "newstag_predictions_total") == given
    reasons = Counter((reason,) for one in predictions for reason in one.reasons)
    assert series(page, "newstag_review_reasons_total") == reasons
    assert len(given) > 4
    assert reasons


def test_a_short_text_of_unknown_words_is_counted_as_such(
    metrics: Metrics, predictor: Predictor
) -> None:
    (prediction,) = predictor.predict([Article(id="", title="𰻝𰻝", content="")])
    metrics.predicted([prediction], 2)
    page = metrics.page()
    assert series(page, "newstag_review_reasons_total")[("too_little_text",)] == 1
    assert series(page, "newstag_reviews_total") == {(): 1}
    assert series(page, "newstag_unknown_words_total") == {(): prediction.words}


def test_the_service_counts_what_it_answers(client: TestClient, rows: Rows) -> None:
    answers = client.post("/v1/predict", json=rows).json()
    answers.append(client.post("/v1/predict", json=rows[0]).json())
    answers += client.post("/invocations", json={"instances": rows[:2]}).json()["predictions"]
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    page = answer.content
    given = [("type", answer["type"]["label"]) for answer in answers]
    given += [("domains", one["label"]) for answer in answers for one in answer["domains"]]
    reasons = [(reason,) for answer in answers for reason in answer["reasons"]]
    sent = [*rows, rows[0], *rows[:2]]
    assert series(page, "newstag_predictions_total") == Counter(given)
    assert series(page, "newstag_review_reasons_total") == Counter(reasons)
    assert series(page, "newstag_articles_total") == {(): len(sent)}
    assert series(page, "newstag_reviews_total") == {(): sum(one["review"] for one in answers)}
    assert series(page, "newstag_characters_total") == {
        (): sum(len(row["title"]) + len(row["content"]) for row in sent)
    }


# Requests


def test_durations_are_counted_by_route_and_code(metrics: Metrics, counted: Counted) -> None:
    name = "newstag_request_duration_seconds"
    for seconds in (0.0004, 0.004, 0.004, 60.0):
        metrics.answered(an_exchange(), seconds)
    metrics.answered(an_exchange("/metrics", 403, "not_in_scope"), 0.25)
    page = metrics.page()
    assert series(page, f"{name}_count") == {("200", "/v1/predict"): 4, ("403", "/metrics"): 1}
    assert series(page, f"{name}_sum")["200", "/v1/predict"] == pytest.approx(60.0084)
    buckets = {"0.0005": 1, "0.0025": 1, "0.005": 3, "10.0": 3, "+Inf": 4}
    labels = {"route": "/v1/predict", "code": "200"}
    assert {le: counted(page, f"{name}_bucket", **labels, le=le) for le in buckets} == buckets


def test_problems_are_counted_by_their_code(metrics: Metrics) -> None:
    for code in ("full", "", "too_late", "full", ""):
        metrics.answered(an_exchange(status=503 if code else 200, code=code), 0.1)
    assert series(metrics.page(), "newstag_refused_requests_total") == {
        ("full",): 2,
        ("too_late",): 1,
    }


def test_paths_that_there_are_not_share_one_series(client: TestClient) -> None:
    for path in (f"/{SECRET}", "/a", "/b", "/V1/predict"):
        client.get(path)
    page = client.get("/metrics").content
    count = series(page, "newstag_request_duration_seconds_count")
    assert count == {("404", "other"): 4}
    assert SECRET not in page.decode()


def test_a_request_for_the_counts_is_in_the_next_ones(client: TestClient) -> None:
    client.get("/metrics")
    page = client.get("/metrics").content
    assert series(page, "newstag_request_duration_seconds_count") == {("200", "/metrics"): 1}


# Versions


def test_the_version_that_answers_is_told_and_swaps_are_counted(metrics: Metrics) -> None:
    metrics.answers_with(A)
    page = metrics.page()
    assert series(page, "newstag_model_workers") == {(A,): 1}
    assert series(page, "newstag_model_swaps_total") == {(): 0}
    metrics.answers_with(B)
    page = metrics.page()
    assert series(page, "newstag_model_workers") == {(A,): 0, (B,): 1}
    assert series(page, "newstag_model_swaps_total") == {(): 1}


def test_that_a_version_is_refused_is_told_until_it_is_not(metrics: Metrics) -> None:
    told: list[float] = []
    for now in (False, True, True, False):
        metrics.refuses(now=now)
        told += series(metrics.page(), "newstag_model_refusing_workers").values()
    assert told == [0, 1, 1, 0]


def test_refused_versions_are_counted(metrics: Metrics) -> None:
    metrics.refused_version()
    assert series(metrics.page(), "newstag_model_refusals_total") == {(): 1}


# The page


def test_the_page_is_prometheus_text_with_a_word_on_each_metric(metrics: Metrics) -> None:
    text = metrics.page().decode()
    families = [one for one in text_string_to_metric_families(text) if "newstag" in one.name]
    types = {one.name: one.type for one in families if not one.name.endswith("_created")}
    assert types == {
        "newstag_request_duration_seconds": "histogram",
        "newstag_refused_requests": "counter",
        "newstag_predictions": "counter",
        "newstag_review_reasons": "counter",
        "newstag_articles": "counter",
        "newstag_reviews": "counter",
        "newstag_characters": "counter",
        "newstag_words": "counter",
        "newstag_unknown_words": "counter",
        "newstag_model_workers": "gauge",
        "newstag_model_refusing_workers": "gauge",
        "newstag_model_swaps": "counter",
        "newstag_model_refusals": "counter",
    }
    assert all(one.documentation for one in families)


def test_services_in_one_process_count_apart(metrics: Metrics) -> None:
    metrics.refused_version()
    assert series(Metrics().page(), "newstag_model_refusals_total") == {(): 0}


# Several processes

WORKER = f"""
import sys
from serving.exchange import Exchange
from serving.metrics import Metrics, cut_ended

metrics = Metrics()
metrics.answers_with("{A}")
exchange = Exchange(id="a", method="GET", route="/v1/model", began=0, deadline=1, status=200)
for _ in range(int(sys.argv[1])):
    metrics.answered(exchange, 0.25)
    metrics.refused_version()
print("ready", flush=True)
for order in sys.stdin:
    if order == "swap\\n":
        metrics.answers_with("{B}")
    sys.stdout.buffer.write(metrics.page() + b"# EOF\\n")
    sys.stdout.flush()
"""


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
"""


class Worker:
    """A process that has counted so many requests, and gives the page of all when asked."""

    def __init__(self, folder: Path, requests: int, before: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", before + WORKER, str(requests)],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def page(self, order: str = "page") -> bytes:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{order}\n".encode())
        self.process.stdin.flush()
        return b"".join(iter(self.process.stdout.readline, b"# EOF\n"))

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.communicate()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Sequence[Worker]]:
    """Two processes of one service, which counted 2 and 3 requests."""
    started = [Worker(tmp_path, 2), Worker(tmp_path, 3)]
    yield started
    for worker in started:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)


def test_every_worker_shows_the_counts_of_all(workers: Sequence[Worker]) -> None:
    for page in [worker.page() for worker in workers]:
        assert series(page, "newstag_model_refusals_total") == {(): 5}
        name = "newstag_request_duration_seconds"
        assert series(page, f"{name}_count") == {("200", "/v1/model"): 5}
        assert series(page, f"{name}_sum") == {("200", "/v1/model"): 1.25}
        assert series(page, "newstag_model_workers") == {(A,): 2}
        assert b"pid=" not in page


def test_workers_that_swap_one_after_the_other_are_told_apart(workers: Sequence[Worker]) -> None:
    page = workers[0].page("swap")
    assert series(page, "newstag_model_workers") == {(A,): 1, (B,): 1}
    page = workers[1].page("swap")
    assert series(page, "newstag_model_workers") == {(A,): 0, (B,): 2}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_worker_that_has_ended_leaves_its_counts_and_answers_no_more(
    workers: Sequence[Worker], number: int
) -> None:
    workers[1].end(number)
    page = workers[0].page()
    assert series(page, "newstag_model_refusals_total") == {(): 5}
    assert series(page, "newstag_request_duration_seconds_count") == {("200", "/v1/model"): 5}
    assert series(page, "newstag_model_workers") == {(A,): 1}


def test_a_worker_is_not_what_an_ended_one_with_its_process_id_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / f"gauge_livesum_{os.getpid()}.db"
    kept = [tmp_path / f"counter_{os.getpid()}.db", tmp_path / "gauge_livesum_1.db"]
    for path in (own, *kept):
        path.write_bytes(b"counts")
    Metrics()
    assert own.read_bytes() == b"counts"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    Metrics()
    assert set(own.read_bytes()) == {0}
    assert [path.read_bytes()[:6] for path in kept] == [b"counts", b"counts"]


def test_the_counts_of_a_worker_have_their_room_before_they_are_made(
    workers: Sequence[Worker], tmp_path: Path
) -> None:
    files = [path.stat() for path in tmp_path.glob(f"*_{workers[0].process.pid}.db")]
    assert len(files) == 3
    assert [one for one in files if one.st_blocks * 512 < one.st_size or not one.st_size] == []


def test_what_an_ended_worker_counted_stays_and_its_room_is_given_back(
    workers: Sequence[Worker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers[1].end(signal.SIGKILL)
    process = workers[1].process.pid
    (tmp_path / f"counter_{process}0.db").write_bytes(bytes(100))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    cut_ended(process)
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("*.db")}
    assert 8 < sizes[f"counter_{process}.db"] < 10_000
    assert 8 < sizes[f"histogram_{process}.db"] < 10_000
    assert sizes[f"counter_{process}0.db"] == 100
    assert sizes[f"counter_{workers[0].process.pid}.db"] > 200_000
    page = workers[0].page()
    assert series(page, "newstag_model_refusals_total") == {(): 5}
    assert series(page, "newstag_request_duration_seconds_count") == {("200", "/v1/model"): 5}


def test_a_worker_without_room_for_its_counts_keeps_them_to_itself(
    workers: Sequence[Worker], tmp_path: Path
) -> None:
    full = Worker(tmp_path, 7, before=FULL)
    assert series(full.page(), "newstag_model_refusals_total") == {(): 5}
    assert series(workers[0].page(), "newstag_model_refusals_total") == {(): 5}
    assert list(tmp_path.glob(f"*_{full.process.pid}.db")) == []
    full.end(signal.SIGKILL)
