"""Invocations that come as CSV."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from labels.article import Article
from serving.invocations import MOST_ROWS, parse_invocation
from serving.problems import RefusedBody

SECRET = "松雾区绝密标记"  # noqa: S105 - what no refusal may repeat


def article(at: int | str = 0, title: str = "甲", content: str = "乙") -> Article:
    return Article(id=str(at), title=title, content=content)


def parse(text: str) -> list[Article]:
    return parse_invocation(text.encode(), "text/csv")


TWO = [article(0), article(1, "丙", "丁")]

TABLES: dict[str, tuple[str, list[Article]]] = {
    "plain": ("title,content\n甲,乙\n丙,丁\n", TWO),
    "a BOM": ("\ufefftitle,content\n甲,乙\n丙,丁\n", TWO),
    "a quoted header with a BOM": ('\ufeff"title","content"\n甲,乙\n丙,丁\n', TWO),
    "CRLF": ("title,content\r\n甲,乙\r\n丙,丁\r\n", TWO),
    "CR": ("title,content\r甲,乙\r丙,丁", TWO),
    "blank lines": ("\ntitle,content\n\n甲,乙\n \n丙,丁\n\n", TWO),
    "other columns": (",content,url,title\n0,乙,,甲\n1,丁,x,丙\n", TWO),
    "ids": ("id,title,content\n007,甲,乙\n,丙,丁\n", [article("007"), article(1, "丙", "丁")]),
    "quotes": (
        'title,content\n"甲,""乙""","一\r\n二\u2028三"\n',
        [article(0, '甲,"乙"', "一\r\n二\u2028三")],
    ),
    "blanks at the ends": ("title,content\n 甲 ,\t乙\n", [article(0, " 甲 ", "\t乙")]),
    "numbers": ("title,content\n005,true\n", [article(0, "005", "true")]),
    "what pandas takes for missing": (
        "title,content\nNA,null\n,\n",
        [article(0, "NA", "null"), article(1, "", "")],
    ),
    "a NUL": ("title,content\n甲\0,乙\n", [article(0, "甲\0", "乙")]),
    "a cell over 128 KiB": (
        f"title,content\n甲,{'乙' * 50_000}\n",
        [article(0, "甲", "乙" * 50_000)],
    ),
}


@pytest.mark.parametrize(("text", "expected"), TABLES.values(), ids=TABLES.keys())
def test_csv_is_read_as_it_stands(text: str, expected: list[Article]) -> None:
    assert parse(text) == expected


NO_CSV = 'not CSV; quote cells that hold commas, quotes or lines, and write " as ""'
EMPTY = "empty; send a header line with title and content, then one line a row"
NO_TABLES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", EMPTY),
    "a BOM alone": (b"\xef\xbb\xbf", EMPTY),
    "blank lines": (b"\n \n", EMPTY),
    "GBK": (f"title,content\n{SECRET},\n".encode("gbk"), "not UTF-8; send the text as UTF-8"),
    "an open quote": (f'title,content\n"{SECRET},\n'.encode(), NO_CSV),
    "a quote that ends early": (f'title,content\n"{SECRET}"{SECRET},\n'.encode(), NO_CSV),
    "no content": (f"title,{SECRET}\n,\n".encode(), "no column content; send title and content"),
    "a blank before a name": (b"title, content\n,\n", "no column content; send title and content"),
    "a column twice": (b"title,content,id,id\n,,,\n", "column id twice"),
    "too few cells": (
        f"title,content\n,\n\n{SECRET}\n".encode(),
        "line 4: 1 cells under a header of 2",
    ),
    "too many cells": (
        f'title,content\n"\n",{SECRET},\n'.encode(),
        "line 3: 3 cells under a header of 2",
    ),
}


@pytest.mark.parametrize(("raw", "detail"), NO_TABLES.values(), ids=NO_TABLES.keys())
def test_what_is_no_table_is_refused(raw: bytes, detail: str) -> None:
    with pytest.raises(RefusedBody) as caught:
        parse_invocation(raw, "text/csv")
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert (error.status, error.code) == (HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_invocation")
    assert error.errors == [{"pointer": "", "detail": detail}]


def test_a_header_alone_is_no_articles() -> None:
    assert parse("title,content\n") == []


def test_more_than_5000_lines_are_refused() -> None:
    assert len(parse("title,content\n" + "甲,乙\n" * MOST_ROWS)) == MOST_ROWS
    with pytest.raises(RefusedBody) as caught:
        parse("title,content\n" + "甲,乙\n" * (MOST_ROWS + 1))
    detail = "5001 rows; send at most 5000 at a time"
    assert caught.value.errors == [{"pointer": "", "detail": detail}]
