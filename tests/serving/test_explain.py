"""Explanations over HTTP: asked for in the query, free where they are not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor

Rows = list[dict[str, Any]]


@pytest.mark.parametrize("query", ["", "?explain=0"])
def test_without_the_question_there_is_no_explanation(
    client: TestClient, rows: Rows, query: str
) -> None:
    assert "explain" not in client.post(f"/v1/predict{query}", json=rows[0]).json()


def test_an_explanation_is_that_of_the_predictor(
    client: TestClient, predictor: Predictor, rows: Rows
) -> None:
    [expected] = predictor.predict([Article(**rows[0])], 3)
    answer = client.post("/v1/predict?explain=3", json=rows[0]).json()
    assert answer == expected.as_json()
    words = answer["explain"]["domains"]["metaverse"]["words"]
    assert 0 < len(words) <= 3
    for word in words:
        assert all(start < end for start, end in word["spans"])


@pytest.mark.parametrize("given", ["-1", "101", "1.5", "ten", "", "²", "0000"])
def test_a_wrong_number_of_words_is_refused(client: TestClient, rows: Rows, given: str) -> None:
    answer = client.post("/v1/predict", params={"explain": given}, json=rows[0])
    assert answer.status_code == 422
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "code": "not_a_parameter",
        "fix": "Mend what errors names; /openapi.json has the schema",
        "errors": [{"parameter": "explain", "detail": "not a whole number from 0 to 100"}],
    }


def test_a_long_list_is_answered_as_its_articles_are(client: TestClient, rows: Rows) -> None:
    """It goes to a thread, so that others do not wait."""
    many = [{**row, "content": row["content"] * 20} for row in rows]
    assert sum(len(row["content"]) for row in many) > 10_000
    alone = [client.post("/v1/predict?explain=2", json=row).json() for row in many]
    assert client.post("/v1/predict?explain=2", json=many).json() == alone
