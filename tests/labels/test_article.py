from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from labels.article import Article, article_from
from labels.errors import InputError

ROW: dict[str, object] = {"id": "w1", "title": "澄湖水质月报", "content": "本月水质良好。"}


def refusal(row: object) -> str:
    with pytest.raises(InputError) as caught:
        article_from(row, "a.jsonl:3")
    return str(caught.value)


def without(key: str) -> dict[str, object]:
    return {name: value for name, value in ROW.items() if name != key}


def test_an_article_keeps_its_text_as_given_and_knows_where_it_stood() -> None:
    article = article_from({**ROW, "title": " 澄湖　Ａ\r\n"}, "a.jsonl:3")
    assert article == Article(
        id="w1", title=" 澄湖　Ａ\r\n", content="本月水质良好。", where="a.jsonl:3"
    )


def test_the_newsroom_export_has_keys_of_its_own() -> None:
    row = {
        "文章标识符aid": 71,
        "标题title": "澄湖水质月报",
        "链接url": "https://example.org/71",
        "时间time": "2024-05-06 07:08",
        "公众号名称": "澄湖观察",
        "finalContent": "本月水质良好。",
    }
    assert article_from(row, "export.json[0]") == Article(
        id="71",
        title="澄湖水质月报",
        content="本月水质良好。",
        url="https://example.org/71",
        published="2024-05-06 07:08",
        account="澄湖观察",
        where="export.json[0]",
    )


def test_our_own_key_goes_before_that_of_the_export() -> None:
    article = article_from({**ROW, "finalContent": "另一个版本。"}, "here")
    assert (article.content, article.extra) == ("本月水质良好。", {})


def test_unknown_keys_are_kept() -> None:
    article = article_from({**ROW, "type": "news", "心情": {"x": [1, None]}}, "here")
    assert article.extra == {"type": "news", "心情": {"x": [1, None]}}


@pytest.mark.parametrize("row", [None, "text", 7, ["w1"], True])
def test_a_row_that_is_not_an_object_is_refused(row: object) -> None:
    assert refusal(row) == ('a.jsonl:3: not an object. Give {"id": …, "title": …, "content": …}.')


def test_a_missing_title_is_refused_with_both_of_its_keys() -> None:
    assert refusal(without("title")) == (
        'a.jsonl:3: no title. Add title or 标题title; "" where there is none.'
    )


def test_a_missing_content_is_refused_with_both_of_its_keys() -> None:
    assert refusal(without("content")) == (
        'a.jsonl:3: no content. Add content or finalContent; "" where there is none.'
    )


@pytest.mark.parametrize("name", ["title", "content"])
def test_a_null_text_is_refused(name: str) -> None:
    assert refusal({**ROW, name: None}) == (
        f'a.jsonl:3: {name} is null. Give {name} as text, "" where there is none.'
    )


@pytest.mark.parametrize("name", ["title", "content"])
@pytest.mark.parametrize("value", [12, 1.5, ["一段"], False])
def test_a_text_that_is_not_text_is_refused(name: str, value: object) -> None:
    assert refusal({**ROW, name: value}) == (
        f'a.jsonl:3: {name} is not text. Give {name} as text, "" where there is none.'
    )


def test_an_empty_title_and_content_are_accepted() -> None:
    article = article_from({"id": "w1", "title": "", "content": ""}, "here")
    assert (article.title, article.content) == ("", "")


def test_a_missing_id_is_refused() -> None:
    assert refusal(without("id")) == (
        "a.jsonl:3: no id. Give each article an id of its own, text or a number."
    )


@pytest.mark.parametrize("value", [None, "", " \t", True, math.nan, ["w1"]])
def test_an_id_that_is_neither_text_nor_a_number_is_no_id(value: object) -> None:
    assert refusal({**ROW, "id": value}) == (
        "a.jsonl:3: no id. Give each article an id of its own, text or a number."
    )


@pytest.mark.parametrize(("value", "name"), [(42, "42"), (0, "0"), (2**70, str(2**70))])
def test_an_integer_id_is_accepted_as_text(value: int, name: str) -> None:
    assert article_from({**ROW, "id": value}, "here").id == name


def test_half_an_emoji_is_kept_in_the_text() -> None:
    row = {**ROW, "title": "澄湖\ud83d", "content": "\ude00水质"}
    article = article_from(row, "here")
    assert (article.title, article.content) == ("澄湖\ud83d", "\ude00水质")


def test_half_an_emoji_is_refused_in_the_id() -> None:
    assert refusal({**ROW, "id": "w\ud83d"}) == (
        "a.jsonl:3: id is not valid Unicode. Export it again as UTF-8."
    )


@pytest.mark.parametrize("name", ["url", "published", "account"])
def test_the_other_fields_may_be_null_and_are_then_empty(name: str) -> None:
    assert getattr(article_from({**ROW, name: None}, "here"), name) == ""


@pytest.mark.parametrize("value", [1.0, 1e17, math.inf, Decimal("1.5")])
def test_an_id_that_may_have_lost_digits_is_refused(value: object) -> None:
    assert refusal({**ROW, "id": value}) == (
        "a.jsonl:3: id is a number with a decimal point. Export it as text or as a whole number."
    )


@pytest.mark.parametrize("value", [Decimal(42), Decimal("42.00"), Decimal("4.2e1")])
def test_a_decimal_without_a_fraction_is_an_id(value: Decimal) -> None:
    assert article_from({**ROW, "id": value}, "here").id == "42"


@pytest.mark.parametrize("name", ["url", "published", "account"])
@pytest.mark.parametrize(
    ("value", "text"), [(20240506, "20240506"), (1.5, "1.5"), (True, ""), (b"x", ""), (["x"], "")]
)
def test_the_other_fields_cost_no_row_whatever_they_are(
    name: str, value: object, text: str
) -> None:
    assert getattr(article_from({**ROW, name: value}, "here"), name) == text


def digest(**changes: Any) -> str:
    return article_from({**ROW, **changes}, "here").text_digest()


def test_the_text_digest_depends_on_the_text_only() -> None:
    assert digest() == digest(id="w2", url="https://example.org", theme="water")


def test_the_text_digest_tells_title_from_content() -> None:
    assert digest(title="甲乙", content="丙") != digest(title="甲", content="乙丙")


def test_half_an_emoji_has_a_text_digest_too() -> None:
    assert digest(content="水质\ud83d") != digest(content="水质\ud83e")
