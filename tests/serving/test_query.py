from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from serving.problems import RefusedBody
from serving.query import Query, read_query

SECRET = "松雾区绝密标记"  # noqa: S105 - what no answer may repeat
UNKNOWN = "an unknown parameter; there are explain and truncate"
EXPLAIN = "not a whole number from 0 to 100"
TRUNCATE = "neither true nor false"


def query(text: str) -> Query:
    return read_query(Request({"type": "http", "query_string": text.encode()}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Query()),
        ("explain=0", Query()),
        ("explain=5", Query(explain=5)),
        ("explain=100", Query(explain=100)),
        ("explain=007", Query(explain=7)),
        ("truncate=true", Query(truncate=True)),
        ("truncate=false", Query()),
        ("truncate=true&explain=3", Query(explain=3, truncate=True)),
        ("%65xplain=%35", Query(explain=5)),
        ("&", Query()),
    ],
)
def test_a_query_is_read(text: str, expected: Query) -> None:
    assert query(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "detail"),
    [
        ("fly=1", "", UNKNOWN),
        ("Explain=1", "", UNKNOWN),
        ("explain=1&fly", "", UNKNOWN),
        ("=", "", UNKNOWN),
        (f"{SECRET}={SECRET}", "", UNKNOWN),
        ("explain=1&explain=1", "explain", "given more than once"),
        ("truncate=true&explain=1&truncate=true", "truncate", "given more than once"),
        *(
            (f"explain={value}", "explain", EXPLAIN)
            for value in ("", "-1", "+1", "1.0", "1e1", "101", "0005", "9" * 5000, "true", " 1")
        ),
        ("explain=%EF%BC%95", "explain", EXPLAIN),  # a full-width 5
        ("explain=%D9%A5", "explain", EXPLAIN),  # an Arabic 5
        ("explain=%C2%B2", "explain", EXPLAIN),  # a superscript 2
        ("explain", "explain", EXPLAIN),
        *(
            (f"truncate={value}", "truncate", TRUNCATE)
            for value in ("", "1", "True", "yes", "false ", SECRET)
        ),
    ],
)
def test_another_query_is_refused(text: str, name: str, detail: str) -> None:
    with pytest.raises(RefusedBody) as caught:
        query(text)
    refused = caught.value
    assert (refused.status, refused.code) == (422, "not_a_parameter")
    assert refused.errors == [{"parameter": name, "detail": detail}]


def test_a_refused_query_is_a_problem_that_repeats_nothing(client: TestClient) -> None:
    answer = client.post(f"/v1/predict?{SECRET}={SECRET}", json={"title": "", "content": ""})
    assert answer.status_code == 422
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "code": "not_a_parameter",
        "fix": "Mend what errors names; /openapi.json has the schema",
        "errors": [{"parameter": "", "detail": UNKNOWN}],
    }


def test_what_the_schema_says_of_the_query_holds(client: TestClient) -> None:
    route = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
    found = {one["name"]: one["schema"] for one in route["parameters"]}
    assert found == {
        "explain": {"type": "integer", "minimum": 0, "maximum": 100, "default": 0},
        "truncate": {"enum": ["true", "false"], "default": "false"},
    }
