"""Every line is JSON, and none holds a word of what somebody sent."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import logging.config
import re
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.exchange import Exchange
from serving.logs import CONFIG, JsonLines, RequestLog, noted, trace

SECRET = "松雾区绝密标记"  # noqa: S105 - what no log line may repeat


def record(message: str, *args: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("newstag", logging.WARNING, __file__, 1, message, args, None)
    vars(made).update(more)
    return made


def line(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(made)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    assert datetime.fromisoformat(found.pop("time")).utcoffset() == timedelta(0)
    return found


def raised() -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        fail()
    return caught.value


def fail() -> None:
    raise RuntimeError(SECRET)


def test_a_record_is_a_line() -> None:
    assert line(record("full")) == {"level": "warning", "event": "full"}


def test_a_record_is_formatted_with_its_arguments() -> None:
    assert line(record("%d of %s", 3, "四"))["event"] == "3 of 四"


def test_what_is_noted_stands_beside_the_event() -> None:
    made = record("refused", **noted(reason='a "b"\n\\', count=2, none=None))
    assert line(made) == {
        "level": "warning",
        "event": "refused",
        "reason": 'a "b"\n\\',
        "count": 2,
        "none": None,
    }


@pytest.mark.parametrize("text", ['"', "\\", "\n\r\t", "\0\x1f", "\u2028", "号", "\ud800", "</x>"])
def test_every_text_fits_into_a_line(text: str) -> None:
    assert line(record("%s", text, **noted(reason=text))) == {
        "level": "warning",
        "event": text.partition("\n")[0],  # below it asyncio repeats what an exception says
        "reason": text,
    }


def test_of_an_exception_kind_and_places_are_told() -> None:
    error = raised()
    found = trace(error)["more"]
    assert found["error"] == "RuntimeError"
    assert [re.sub(r"^.*/|:\d+", "", place) for place in found["trace"]] == [
        "test_logs.py raised",
        "test_logs.py fail",
    ]
    assert SECRET not in json.dumps(found, ensure_ascii=False)


def test_an_exception_that_was_never_raised_has_no_places() -> None:
    assert trace(KeyError(SECRET)) == {"more": {"error": "KeyError", "trace": []}}


def test_an_exception_that_others_log_tells_no_message_either() -> None:
    error = raised()
    made = record("failed", exc_info=(type(error), error, error.__traceback__))
    found = line(made)
    assert (found["event"], found["error"], len(found["trace"])) == ("failed", "RuntimeError", 2)
    assert SECRET not in JsonLines().format(made)


def test_a_record_of_no_exception_is_a_line_too() -> None:
    assert line(record("failed", exc_info=(None, None, None)))["event"] == "failed"


# As it is set up


@contextmanager
def configured() -> Iterator[None]:
    """Logging as the service sets it up, and then as it was before."""
    names = ("newstag", "uvicorn", "asyncio")
    logs = [logging.getLogger(name) for name in names]
    before = [(log.handlers[:], log.level, log.propagate) for log in logs]
    logging.config.dictConfig(CONFIG)
    yield
    for log, (handlers, level, propagate) in zip(logs, before, strict=True):
        log.handlers, log.propagate = handlers, propagate
        log.setLevel(level)


@pytest.mark.parametrize("name", ["newstag", "uvicorn", "uvicorn.error", "asyncio"])
def test_what_is_logged_is_one_line_on_standard_error(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    error = raised()
    with configured():
        logging.getLogger(name).error("failed", exc_info=error)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert json.loads(err)["event"] == "failed"
    assert SECRET not in err


def test_a_failure_that_nobody_asked_for_tells_no_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def lose_a_failure() -> None:
        lost = asyncio.ensure_future(asyncio.to_thread(fail))
        await asyncio.wait([lost])
        del lost
        gc.collect()

    with configured():
        asyncio.run(lose_a_failure())
    err = capsys.readouterr().err
    found = json.loads(err)
    assert (found["event"], found["error"]) == (
        "Task exception was never retrieved",
        "RuntimeError",
    )
    assert SECRET not in err


def test_ours_tells_more_than_others(capsys: pytest.CaptureFixture[str]) -> None:
    with configured():
        for name in ("newstag", "uvicorn.error", "asyncio"):
            logging.getLogger(name).info("%s", name)
            logging.getLogger(name).debug("%s", name)
    err = capsys.readouterr().err
    assert [json.loads(text)["event"] for text in err.splitlines()] == ["newstag"]


# Requests


def an_exchange(**more: Any) -> Exchange:
    return Exchange(
        id="a1", method="POST", route="/v1/predict", began=0, deadline=1, status=200, **more
    )


def written(capsys: pytest.CaptureFixture[str], *exchanges: Exchange) -> list[dict[str, Any]]:
    """The lines of requests that end in one round of the event loop."""

    async def end() -> None:
        log = RequestLog()
        for exchange in exchanges:
            log.add(exchange, 0.0123456)
        assert capsys.readouterr().err == ""

    asyncio.run(end())
    return [json.loads(text) for text in capsys.readouterr().err.splitlines()]


def test_a_request_is_a_line_with_what_is_known_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = written(capsys, an_exchange())
    assert datetime.fromisoformat(found.pop("time")).utcoffset() == timedelta(0)
    assert found == {
        "level": "info",
        "event": "request",
        "request_id": "a1",
        "method": "POST",
        "route": "/v1/predict",
        "status": 200,
        "seconds": 0.012346,
    }


def test_key_code_and_articles_are_told_where_there_are_any(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = {"articles": 3, "characters": 40, "review": 1, "model": "20261123T201500Z-1f3a9c2e"}
    (found,) = written(capsys, an_exchange(key="desk", code="too_late", **done))
    assert {key: found[key] for key in ("key", "code", *done)} == {
        "key": "desk",
        "code": "too_late",
        **done,
    }


def test_requests_of_one_round_are_written_together_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", writes.append)

    async def end() -> None:
        log = RequestLog()
        for code in ("a", "b"):
            log.add(an_exchange(code=code), 0.1)
        await asyncio.sleep(0)
        log.add(an_exchange(code="c"), 0.1)

    asyncio.run(end())
    assert [[json.loads(one)["code"] for one in text.splitlines()] for text in writes] == [
        ["a", "b"],
        ["c"],
    ]


def test_a_line_is_never_cut_by_those_of_another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe takes 4096 bytes in one piece, and more of them with others between."""
    writes: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", writes.append)

    async def end() -> None:
        log = RequestLog()
        for at in range(100):
            log.add(an_exchange(code=f"{at}"), 0.1)

    asyncio.run(end())
    assert max(len(text.encode()) for text in writes) <= select.PIPE_BUF
    assert len(writes) < 10
    codes = [json.loads(line)["code"] for text in writes for line in text.splitlines()]
    assert codes == [f"{at}" for at in range(100)]


def test_no_line_holds_a_word_of_an_article(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"id": SECRET, "title": SECRET, "content": SECRET, "url": SECRET, "account": SECRET}
    for body in (row, [row, row], {**row, SECRET: 1}, {**row, "title": None}, [SECRET]):
        client.post("/v1/predict", params={"explain": "3"}, json=body)
    client.post("/invocations", json={"instances": [row]})
    client.get(
        f"/{SECRET}", params={SECRET: SECRET}, headers={"Referer": "/x", "User-Agent": 'curl/"8'}
    )
    err = capsys.readouterr().err
    lines = [json.loads(text) for text in err.splitlines()]
    assert [one["status"] for one in lines] == [200, 200, 422, 422, 422, 200, 404]
    assert not any(marker in err for marker in (SECRET, json.dumps(SECRET)[1:-1], "%E6%9D%BE"))
