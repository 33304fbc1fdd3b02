from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.body import LARGEST_BODY

JSON = {"Content-Type": "application/json"}
SECRET = "松雾区绝密标记"  # noqa: S105 - what no answer and no log line may repeat
ARTICLE = {"id": "a1", "title": f"{SECRET}甲", "content": f"{SECRET}乙"}

NOT_JSON = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "code": "not_json",
    "fix": "Send one JSON article or a list of them, as UTF-8",
}
REASONS = {
    "nothing": "EOF while parsing a value at line 1 column 0",
    "half an emoji": "unexpected end of hex escape at line 1 column 75",
    "GBK": "invalid unicode code point at line 1 column 24",
    "100,000 open brackets": "recursion limit exceeded at line 1 column 202",
}


def text(**changed: object) -> bytes:
    return json.dumps({**ARTICLE, **changed}, ensure_ascii=False).encode()


def raw(content: str) -> bytes:
    """An article whose content is the given JSON."""
    return f'{{"title": "{SECRET}", "content": {content}}}'.encode()


UNREADABLE = {
    "nothing": b"",
    "blanks": b" \n",
    "words": SECRET.encode(),
    "half an article": text()[:-1],
    "an article and more": text() + b"]",
    "single quotes": b"{'title': '', 'content': ''}",
    "a BOM": b"\xef\xbb\xbf" + text(),
    "GBK": text().decode().encode("gbk"),
    "UTF-16": text().decode().encode("utf-16"),
    "half an emoji": raw(f'"{SECRET}\\ud800"'),
    "a raw NUL": raw(f'"{SECRET}\0"'),
    "100,000 open brackets": b"[" * 100_000,
    "100,000 brackets in an article": raw("[" * 100_000 + "]" * 100_000),
    "100,000 objects in each other": b'{"title":' * 100_000,
    "an id of 5,000 digits": b'{"id": ' + b"9" * 5000 + b', "title": "", "content": ""}',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_is_no_json_is_refused(client: TestClient, name: str) -> None:
    answer = client.post("/v1/predict", content=UNREADABLE[name], headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    ((pointer, detail),) = [one.values() for one in problem.pop("errors")]
    assert problem == NOT_JSON
    assert pointer == ""
    # Where the parser stopped; how it says so is its own, but for some that matter.
    assert detail.startswith("not valid JSON in UTF-8: ")
    assert REASONS.get(name, " at line ") in detail


NO_TEXT = "Input should be a valid string"
NO_OBJECT = "Input should be an object"
UNKNOWN = "an unknown key; an article has id, title, content, published, account, url"
MALFORMED = {
    "a number": (b"5", "", NO_OBJECT),
    "a string": (json.dumps(SECRET).encode(), "", NO_OBJECT),
    "null": (b"null", "", NO_OBJECT),
    "NaN": (b"NaN", "", NO_OBJECT),
    "a list of Infinity": (b"[Infinity]", "/0", NO_OBJECT),
    "a list in a list": (b"[[]]", "/0", NO_OBJECT),
    "no title": (b'{"content": ""}', "/title", "Field required"),
    "no content": (b'{"title": ""}', "/content", "Field required"),
    "a null content": (raw("null"), "/content", NO_TEXT),
    "a content that is NaN": (raw("NaN"), "/content", NO_TEXT),
    "a content that is Infinity": (raw("-Infinity"), "/content", NO_TEXT),
    "a content that is a list": (raw("[]"), "/content", NO_TEXT),
    "an id that is a number": (text(id=5), "/id", NO_TEXT),
    "an empty id": (text(id=""), "/id", "String should have at least 1 character"),
    "an id of 501 characters": (
        text(id="a" * 501),
        "/id",
        "String should have at most 500 characters",
    ),
    "20,001 characters": (
        text(content=(SECRET * 3000)[:20_001]),
        "/content",
        "String should have at most 20000 characters; cut it, or ask with ?truncate=true",
    ),
    "an unknown key": (text(author=SECRET), "", UNKNOWN),
    "an unknown key that is a text": (text(**{SECRET: 1}), "", UNKNOWN),
    "an empty list": (
        b"[]",
        "",
        "List should have at least 1 item after validation, not 0",
    ),
    "65 articles": (
        b"[" + b",".join([text()] * 65) + b"]",
        "",
        "List should have at most 64 items after validation, not 65",
    ),
    "a list with one that is none": (
        b"[" + text() + b"," + raw("3") + b"]",
        "/1/content",
        NO_TEXT,
    ),
}


def not_an_article(*errors: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "code": "not_an_article",
        "fix": "Mend what errors names; /openapi.json has the schema",
        "errors": [{"pointer": pointer, "detail": detail} for pointer, detail in errors],
    }


@pytest.mark.parametrize(("body", "pointer", "detail"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_article_is_refused_with_a_pointer(
    client: TestClient, body: bytes, pointer: str, detail: str
) -> None:
    answer = client.post("/v1/predict", content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == not_an_article((pointer, detail))


def test_every_fault_of_a_list_is_named_and_nothing_is_answered(client: TestClient) -> None:
    body = [ARTICLE, {"title": SECRET}, {**ARTICLE, "content": None, "author": SECRET}]
    answer = client.post("/v1/predict", json=body)
    assert answer.json() == not_an_article(
        ("/1/content", "Field required"),
        ("/2/content", NO_TEXT),
        ("/2", UNKNOWN),
    )


def test_at_most_20_faults_are_named(client: TestClient) -> None:
    answer = client.post("/v1/predict", json=[{}] * 64)
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        f"/{at}/{key}" for at in range(10) for key in ("title", "content")
    ]


@pytest.mark.parametrize(
    "given", ["text/plain", "text/csv", "application/vnd.api+json", "application/x-ndjson", ""]
)
def test_another_content_type_is_refused(client: TestClient, given: str) -> None:
    answer = client.post("/v1/predict", content=text(), headers={"Content-Type": given})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unsupported Media Type",
        "status": 415,
        "code": "unsupported_media_type",
        "fix": "Send Content-Type: application/json",
    }
    assert answer.status_code == 415


def check_too_large(answer: Any) -> None:
    body = answer.json()
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["status"]) == ("about:blank", 413)
    assert body["code"] == "body_too_large"
    assert body["fix"] == "Send a body of at most 4 MiB: fewer articles at a time"


def test_a_body_of_4_mib_is_read(client: TestClient) -> None:
    answer = client.post("/v1/predict", content=text().rjust(LARGEST_BODY), headers=JSON)
    assert answer.request.headers["content-length"] == str(4 * 1024 * 1024)
    assert answer.status_code == 200


def test_a_larger_body_with_its_length_is_refused(client: TestClient) -> None:
    check_too_large(client.post("/v1/predict", content=text().rjust(LARGEST_BODY + 1)))


def chunks() -> Iterator[bytes]:
    """Eight mebibytes of text that never become an article."""
    for _ in range(128):
        yield (SECRET.encode() * 10_000)[: 64 * 1024]


def test_a_larger_body_in_chunks_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/predict", content=chunks(), headers=JSON)
    assert answer.request.headers["transfer-encoding"] == "chunked"
    check_too_large(answer)


def test_a_body_in_chunks_is_read_whole(client: TestClient) -> None:
    given = text()
    parts = (given[at : at + 5] for at in range(0, len(given), 5))
    answer = client.post("/v1/predict", content=parts, headers=JSON)
    assert answer.json()["id"] == "a1"


NO_PATH = (404, "not_found", "See /openapi.json for the paths there are")
NO_METHOD = (405, "method_not_allowed", "See /openapi.json for the methods of this path")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", NO_PATH),
        ("POST", "/v1", NO_PATH),
        ("GET", "/v1/predict", NO_METHOD),
        ("DELETE", "/v1/model", NO_METHOD),
    ],
)
def test_a_wrong_path_or_method_is_a_problem(
    client: TestClient, method: str, path: str, expected: tuple[int, str, str]
) -> None:
    status, code, fix = expected
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "fix": fix,
    }


def test_wrong_paths_and_methods_are_counted_and_logged_by_code(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/nowhere")
    client.get("/v1/predict")
    page = client.get("/metrics").text
    assert 'newstag_refused_requests_total{code="not_found"} 1.0' in page
    assert 'newstag_refused_requests_total{code="method_not_allowed"} 1.0' in page
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    codes = [line["code"] for line in lines if "code" in line]
    assert codes == ["not_found", "method_not_allowed"]


def test_a_path_with_a_slash_too_many_is_not_found(client: TestClient) -> None:
    answer = client.post("/v1/predict/?explain=1", follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_is_told_the_right_one(client: TestClient) -> None:
    assert client.get("/v1/predict").headers["allow"] == "POST"


SENT = {
    "an article": text(),
    "a list": b"[" + text() + b"]",
    **UNREADABLE,
    **{name: body for name, (body, _, _) in MALFORMED.items()},
}


@pytest.mark.parametrize("body", SENT.values(), ids=SENT.keys())
def test_no_answer_and_no_log_repeats_an_article(
    client: TestClient, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = client.post("/v1/predict", content=body, headers=JSON)
    told = answer.text + json.dumps(dict(answer.headers)) + caplog.text
    assert answer.status_code in {200, 400, 422}
    for marker in (SECRET, json.dumps(SECRET)[1:-1]):
        assert marker not in told
