from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor

Rows = list[dict[str, Any]]


def test_an_article_gets_an_answer_of_the_contracts_shape(
    client: TestClient, predictor: Predictor, rows: Rows
) -> None:
    answer = client.post("/v1/predict", json=rows[0])
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(body) == ["id", "type", "domains", "review", "reasons", "scores", "model"]
    assert body["id"] == "p1"
    assert body["type"] == {
        "label": "policy_notice",
        "score": body["scores"]["type"]["policy_notice"],
    }
    assert body["review"] is bool(body["reasons"])
    assert body["model"] == predictor.version


def test_an_article_and_a_list_of_it_get_the_same_answer(client: TestClient, rows: Rows) -> None:
    one = client.post("/v1/predict", json=rows[0]).json()
    assert client.post("/v1/predict", json=[rows[0]]).json() == [one]


def test_a_list_keeps_its_order_and_its_ids(client: TestClient, rows: Rows) -> None:
    answers = client.post("/v1/predict", json=rows[::-1]).json()
    assert [answer["id"] for answer in answers] == [row["id"] for row in rows[::-1]]


def test_an_answer_does_not_depend_on_its_neighbours(client: TestClient, rows: Rows) -> None:
    alone = [client.post("/v1/predict", json=row).json() for row in rows]
    assert client.post("/v1/predict", json=rows).json() == alone


@pytest.mark.parametrize("given", [{}, {"id": None}], ids=["missing", "null"])
def test_without_an_id_the_answer_says_null(
    client: TestClient, rows: Rows, given: dict[str, None]
) -> None:
    row = {"title": rows[0]["title"], "content": rows[0]["content"], **given}
    assert client.post("/v1/predict", json=row).json()["id"] is None
    assert [one["id"] for one in client.post("/v1/predict", json=[row, rows[0]]).json()] == [
        None,
        "p1",
    ]


def test_two_articles_may_have_one_id(client: TestClient, rows: Rows) -> None:
    answers = client.post("/v1/predict", json=[rows[0], {**rows[1], "id": "p1"}]).json()
    assert [answer["id"] for answer in answers] == ["p1", "p1"]
    assert answers[0]["scores"] != answers[1]["scores"]


def test_what_else_is_known_of_an_article_changes_nothing(client: TestClient, rows: Rows) -> None:
    more = {"published": "2031-05-06", "account": "青石晚报", "url": "https://example.org/1"}
    plain = client.post("/v1/predict", json=rows[0]).json()
    assert client.post("/v1/predict", json={**rows[0], **more}).json() == plain


def test_64_articles_are_answered(client: TestClient, rows: Rows) -> None:
    answer = client.post("/v1/predict", json=(rows * 3)[:64])
    assert answer.status_code == 200
    assert len(answer.json()) == 64


def test_20_000_characters_are_read_and_not_truncated(client: TestClient) -> None:
    text = "青石大学团队在期刊发表论文。实验结果显示突破。" * 1000
    answer = client.post("/v1/predict", json={"title": "青石", "content": text[:20_000]})
    assert answer.status_code == 200
    assert "truncated" not in answer.json()["reasons"]


def test_an_empty_article_is_answered_and_sent_to_review(client: TestClient) -> None:
    answer = client.post("/v1/predict", json={"title": "", "content": ""})
    assert answer.status_code == 200
    assert answer.json()["review"] is True
    assert "too_little_text" in answer.json()["reasons"]


def test_blanks_around_the_body_do_no_harm(client: TestClient, rows: Rows) -> None:
    body = b' \r\n\t[ {"title": "", "content": ""} ] \n'
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = client.post("/v1/predict", content=body, headers=headers)
    assert [one["id"] for one in answer.json()] == [None]
    assert len(client.post("/v1/predict", json=rows).json()) == len(rows)


def test_a_body_without_content_type_is_taken_for_json(client: TestClient) -> None:
    answer = client.post("/v1/predict", content=b'{"title": "", "content": ""}')
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 200


def test_the_last_of_two_equal_keys_counts(client: TestClient, predictor: Predictor) -> None:
    body = '{"title": "一", "title": "青石市科技局召开年度工作会议", "content": ""}'
    answer = client.post("/v1/predict", content=body.encode())
    last = Article(id="", title="青石市科技局召开年度工作会议", content="")
    assert answer.json()["scores"] == predictor.predict([last])[0].scores


def test_a_nul_in_a_text_is_a_blank(client: TestClient) -> None:
    with_nul = client.post("/v1/predict", json={"title": "青石\0晚报", "content": "湖水\0清澈"})
    with_blank = client.post("/v1/predict", json={"title": "青石 晚报", "content": "湖水 清澈"})
    assert with_nul.status_code == 200
    assert with_nul.json() == with_blank.json()
