from __future__ import annotations

import asyncio
from time import perf_counter
from typing import NoReturn

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from labels.article import Article
from serving.body import LARGEST_BODY, parse_body, read_body
from serving.capacity import Capacity
from serving.exchange import Exchange


async def unread() -> NoReturn:
    raise AssertionError("the body was read")


def read(length: str) -> bytes:
    headers = {b"content-length": length.encode()}
    request = Request({"type": "http", "sent": headers}, unread)
    exchange = Exchange(
        id="", method="POST", route="/v1/predict", began=0, deadline=perf_counter() + 9
    )
    return asyncio.run(read_body(request, exchange, Capacity(1)))


def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(HTTPException) as caught:
        read(str(LARGEST_BODY + 1))
    assert caught.value.status_code == 413


def test_a_declared_length_within_the_limit_is_read() -> None:
    with pytest.raises(AssertionError, match="the body was read"):
        read(str(LARGEST_BODY))


def test_an_article_and_a_list_are_told_apart() -> None:
    article = Article(id="a1", title="青石", content="水")
    body = '{"id": "a1", "title": "青石", "content": "水"}'
    assert parse_body(body.encode()) == ([article], False)
    assert parse_body(f" [{body}]".encode()) == ([article], True)


def test_the_predictor_gets_nothing_but_id_title_and_content() -> None:
    body = '{"title": "青石", "content": "水", "url": "u", "account": "a", "published": "p"}'
    assert parse_body(body.encode()) == ([Article(id="", title="青石", content="水")], False)
