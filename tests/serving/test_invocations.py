from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from labels.article import Article
from serving.invocations import MOST_ROWS, parse_invocation
from serving.problems import RefusedBody

JSON = "application/json"
SECRET = "松雾区绝密标记"  # noqa: S105 - what no refusal may repeat
ROW = {"title": f"{SECRET}甲", "content": f"{SECRET}乙"}
NAMES = ["title", "content"]
NO_ROW = '{"title": "…", "content": "…"}'
NO_SPLIT = '{"columns": ["title", "content"], "data": [["…", "…"]]}'


def article(at: int | str = 0, title: str = "甲", content: str = "乙") -> Article:
    return Article(id=str(at), title=title, content=content)


def parse(body: object) -> list[Article]:
    return parse_invocation(json.dumps(body).encode(), JSON)


def split(**changed: object) -> dict[str, object]:
    return {"dataframe_split": {"columns": NAMES, "data": [["甲", "乙"]], **changed}}


TWO = [article(0), article(1, "丙", "丁")]
LISTS = {"title": ["甲", "丙"], "content": ["乙", "丁"]}
RECORDS = [{"title": "甲", "content": "乙"}, {"title": "丙", "content": "丁"}]
FORMS: dict[str, object] = {
    "split": split(data=[["甲", "乙"], ["丙", "丁"]]),
    "split with an index": split(data=[["甲", "乙"], ["丙", "丁"]], index=[7, "八"]),
    "split with a null index": split(data=[["甲", "乙"], ["丙", "丁"]], index=None),
    "records": {"dataframe_records": RECORDS},
    "inputs by row": {"inputs": RECORDS},
    "inputs by column": {"inputs": LISTS},
    "instances by row": {"instances": RECORDS},
    "instances by column": {"instances": LISTS},
    "parameters, which are ignored": {"inputs": RECORDS, "params": {"top": 1}},
    "another key, which is ignored": {"inputs": RECORDS, "signature_name": "serving_default"},
    "another column, which is ignored": {"inputs": [{**row, "url": 5} for row in RECORDS]},
    "another column of another length": {"inputs": {**LISTS, "url": [None]}},
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS.keys())
def test_every_form_gives_the_same_articles(body: object) -> None:
    assert parse(body) == TWO


def test_columns_may_stand_in_any_order_beside_others() -> None:
    given = split(columns=["url", 3, "id", "content", "title"], data=[[None, [], "a", "乙", "甲"]])
    assert parse(given) == [article("a")]


def test_one_value_a_column_is_one_row() -> None:
    assert parse({"inputs": RECORDS[0]}) == [article()]
    assert parse({"instances": {**RECORDS[0], "id": 7, "url": "x"}}) == [article(7)]


def test_ids_are_text_or_whole_numbers_and_otherwise_the_position() -> None:
    rows = [{"id": "标识", **RECORDS[0]}, RECORDS[0], {"id": -7, **RECORDS[0]}]
    assert [one.id for one in parse({"inputs": rows})] == ["标识", "1", "-7"]
    ids = {"inputs": {**LISTS, "id": [10**30, "007"]}}
    assert [one.id for one in parse(ids)] == ["1" + "0" * 30, "007"]


def test_no_rows_are_no_articles_where_their_columns_are_named() -> None:
    assert parse(split(data=[])) == []
    assert parse({"inputs": {"title": [], "content": []}}) == []


def test_texts_may_be_empty_or_longer_than_is_read() -> None:
    row = {"title": "", "content": "乙" * 20_001}
    assert parse({"inputs": [row]}) == [article(0, "", "乙" * 20_001)]


def test_a_key_that_comes_twice_counts_as_it_comes_last() -> None:
    raw = '{"inputs": [], "inputs": [{"title": "丙", "title": "甲", "content": "乙"}]}'
    assert parse_invocation(raw.encode(), JSON) == [article()]


def test_a_bom_is_passed_over() -> None:
    raw = b"\xef\xbb\xbf" + json.dumps(FORMS["records"]).encode()
    assert parse_invocation(raw, JSON) == TWO


def refused(raw: bytes) -> RefusedBody:
    with pytest.raises(RefusedBody) as caught:
        parse_invocation(raw, JSON)
    assert SECRET not in str(caught.value.errors)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


UNREADABLE = {
    "nothing": b"",
    "words": SECRET.encode(),
    "half a body": json.dumps({"inputs": [ROW]}).encode()[:-1],
    "a body and more": json.dumps({"inputs": [ROW]}).encode() + b"]",
    "GBK": json.dumps({"inputs": [ROW]}, ensure_ascii=False).encode("gbk"),
    "UTF-16": json.dumps({"inputs": [ROW]}).encode("utf-16"),
    "half an emoji": b'{"inputs": [{"title": "\\ud800", "content": ""}]}',
    "half an emoji in a key": b'{"\\udc00": 1, "inputs": []}',
    "100,000 open brackets": b"[" * 100_000,
    "100,000 objects in each other": b'{"inputs":' * 100_000,
    "an id of 5,000 digits": b'{"inputs": [{"id": ' + b"9" * 5000 + b"}]}",
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_is_no_json_is_refused(raw: bytes) -> None:
    error = refused(raw)
    assert (error.status, error.code) == (HTTPStatus.BAD_REQUEST, "not_json")
    detail = "not valid JSON in UTF-8; half an emoji is none"
    assert error.errors == [{"pointer": "", "detail": detail}]
    assert error.fix == f"Send {EXAMPLE} as UTF-8"


EXACTLY_ONE = "send exactly one of dataframe_split, dataframe_records, inputs, instances, not"
EXAMPLE = f'{{"dataframe_records": [{NO_ROW}]}}'
MISSING = 'missing; send text, "" where there is none'
NULL = 'null; send text, "" where there is none'
NO_TEXT = 'not text; send text, "" where there is none'
NO_ID = "not an id; send text that is not blank or a whole number"
NO_LIST = f"not a list; send [{NO_ROW}]"
NO_CELLS = "not a list of 2 values, one a column"
NOT_LISTS = "not a list, as another column is; send lists of one value a row"
KEYS = f"send columns, data and no other key but index: {NO_SPLIT}"
BESIDE = "title and content are single values beside a list; send lists"
MALFORMED: dict[str, tuple[object, str, str]] = {
    "a list": ([ROW], "", f"not an object; send {EXAMPLE}"),
    "null": (None, "", f"not an object; send {EXAMPLE}"),
    "no form": ({SECRET: [ROW]}, "", f"{EXACTLY_ONE} none: {EXAMPLE}"),
    "two forms": (
        {"inputs": [ROW], "dataframe_records": [ROW]},
        "",
        f"{EXACTLY_ONE} dataframe_records and inputs: {EXAMPLE}",
    ),
    "records by column": ({"dataframe_records": ROW}, "/dataframe_records", NO_LIST),
    "inputs that are text": ({"inputs": SECRET}, "/inputs", NO_LIST),
    "no row": ({"inputs": []}, "/inputs", f"an empty list; send at least one row: [{NO_ROW}]"),
    "a row of none": ({"inputs": [ROW, None]}, "/inputs/1", f"not an object; send {NO_ROW}"),
    "a text of a row": ({"instances": [SECRET]}, "/instances/0", f"not an object; send {NO_ROW}"),
    "no title": ({"inputs": [{"content": SECRET}]}, "/inputs/0/title", MISSING),
    "a null title": ({"inputs": [ROW, {**ROW, "title": None}]}, "/inputs/1/title", NULL),
    "a number for a title": ({"inputs": [{**ROW, "title": 5}]}, "/inputs/0/title", NO_TEXT),
    "a list for a content": (
        {"inputs": [{**ROW, "content": [SECRET]}]},
        "/inputs/0/content",
        NO_TEXT,
    ),
    "an id of null": ({"inputs": [{**ROW, "id": None}]}, "/inputs/0/id", NO_ID),
    "an id that is blank": ({"inputs": [{**ROW, "id": "\u3000"}]}, "/inputs/0/id", NO_ID),
    "an id of a fraction": ({"inputs": [{**ROW, "id": 5.5}]}, "/inputs/0/id", NO_ID),
    "an id of true": ({"inputs": [{**ROW, "id": True}]}, "/inputs/0/id", NO_ID),
    "a column missing": (
        {"inputs": {"title": [SECRET]}},
        "/inputs/content",
        "missing; send a list of texts",
    ),
    "columns of different lengths": (
        {"inputs": {"title": [SECRET], "content": []}},
        "/inputs",
        "lists of different lengths (title 1, content 0); send one value a row in each",
    ),
    "a list and a text": (
        {"inputs": {"title": [SECRET], "content": SECRET}},
        "/inputs/content",
        NOT_LISTS,
    ),
    "one row beside a list": ({"inputs": {**ROW, "url": [SECRET]}}, "/inputs", BESIDE),
    "a null of a column": ({"inputs": {"title": [None], "content": [""]}}, "/inputs/title/0", NULL),
    "one row with a null": ({"instances": {**ROW, "title": None}}, "/instances/title", NULL),
    "a split that is a list": ({"dataframe_split": [ROW]}, "/dataframe_split", KEYS),
    "a split without data": ({"dataframe_split": {"columns": NAMES}}, "/dataframe_split", KEYS),
    "a split with another key": (split(**{SECRET: 1}), "/dataframe_split", KEYS),
    "a split without columns": (
        {"dataframe_split": {"data": [ROW]}},
        "/dataframe_split/columns",
        'not a list of names; send ["title", "content"]',
    ),
    "columns of lists": (
        split(columns=["title", "content", [SECRET]]),
        "/dataframe_split/columns",
        'not a list of names; send ["title", "content"]',
    ),
    "a column of another name": (
        split(columns=["title", SECRET]),
        "/dataframe_split/columns",
        "no column content; send title and content",
    ),
    "a column twice": (
        split(columns=["title", "content", "title"], data=[["", "", ""]]),
        "/dataframe_split/columns",
        "column title twice",
    ),
    "data of null": (
        split(data=None),
        "/dataframe_split/data",
        f"not a list of rows; send {NO_SPLIT}",
    ),
    "an index that is no list": (
        split(index=7),
        "/dataframe_split/index",
        "not a list; leave it out, it is not read",
    ),
    "a row too short": (split(data=[["", ""], [SECRET]]), "/dataframe_split/data/1", NO_CELLS),
    "a row too long": (split(data=[["", "", SECRET]]), "/dataframe_split/data/0", NO_CELLS),
    "a row that is an object": (split(data=[ROW]), "/dataframe_split/data/0", NO_CELLS),
    "a null in a split": (
        split(columns=["url", *NAMES], data=[["", SECRET, None]]),
        "/dataframe_split/data/0/2",
        NULL,
    ),
}


@pytest.mark.parametrize(("body", "pointer", "detail"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_invocation_is_refused_with_a_pointer(
    body: object, pointer: str, detail: str
) -> None:
    error = refused(json.dumps(body).encode())
    assert (error.status, error.code) == (HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_invocation")
    assert error.errors == [{"pointer": pointer, "detail": detail}]


def test_every_fault_is_named_and_at_most_20() -> None:
    error = refused(json.dumps({"inputs": [ROW, {"title": None, "id": ""}]}).encode())
    assert [(fault["pointer"], fault["detail"]) for fault in error.errors] == [
        ("/inputs/1/title", NULL),
        ("/inputs/1/content", MISSING),
        ("/inputs/1/id", NO_ID),
    ]
    assert len(refused(json.dumps({"inputs": [{}] * 30}).encode()).errors) == 20
    assert len(refused(json.dumps({"inputs": [5] * 30}).encode()).errors) == 20


MOST: dict[str, tuple[object, str]] = {
    "records": ({"dataframe_records": [ROW] * (MOST_ROWS + 1)}, "/dataframe_records"),
    "split": (split(data=[["", ""]] * (MOST_ROWS + 1)), "/dataframe_split/data"),
    "columns": ({"inputs": dict.fromkeys(NAMES, [""] * (MOST_ROWS + 1))}, "/inputs"),
}


@pytest.mark.parametrize(("body", "pointer"), MOST.values(), ids=MOST.keys())
def test_more_than_5000_rows_are_refused(body: object, pointer: str) -> None:
    detail = "5001 rows; send at most 5000 at a time"
    assert refused(json.dumps(body).encode()).errors == [{"pointer": pointer, "detail": detail}]


def test_5000_rows_are_read() -> None:
    assert len(parse({"inputs": [ROW] * MOST_ROWS})) == MOST_ROWS


def test_a_missing_number_in_a_column_that_nobody_reads_does_no_harm() -> None:
    body = b'{"dataframe_records": [{"title": "", "content": "", "published": NaN}]}'
    assert parse_invocation(body, JSON) == [Article(id="0", title="", content="")]


def test_a_title_that_is_missing_as_a_number_is_no_text() -> None:
    body = b'{"dataframe_records": [{"title": NaN, "content": ""}]}'
    with pytest.raises(RefusedBody) as caught:
        parse_invocation(body, JSON)
    detail = 'not text; send text, "" where there is none'
    assert caught.value.errors == [{"pointer": "/dataframe_records/0/title", "detail": detail}]
