from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from labels.errors import InputError
from labels.rows import Row, raise_it, read_rows

Write = Callable[[str, str | bytes | list[object]], str]
Pipe = Callable[[str], io.BufferedIOBase]

NAMES = ["a.json", "a.jsonl", "a.ndjson", "a.csv", "a.dat"]
NOT_UTF8 = "not UTF-8. Save it as UTF-8, for instance: iconv -f GB18030 -t UTF-8."


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    def pipe_in(content: str) -> io.BufferedIOBase:
        buffer = io.BufferedReader(io.BytesIO(content.encode()))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=buffer))
        return buffer

    return pipe_in


def strictly(path: str) -> list[Row]:
    return list(read_rows(path, raise_it))


def refusal(path: str) -> str:
    with pytest.raises(InputError) as caught:
        strictly(path)
    return str(caught.value)


def leniently(path: str) -> tuple[list[Row], list[str]]:
    rejected: list[InputError] = []
    rows = list(read_rows(path, rejected.append))
    return rows, [str(error) for error in rejected]


def test_a_json_list_gives_each_item_with_its_index(write: Write) -> None:
    path = write("a.json", '[{"id": "甲"},\n {"id": 2, "share": 0.1}]')
    assert strictly(path) == [("a.json[0]", {"id": "甲"}), ("a.json[1]", {"id": 2, "share": 0.1})]


def test_json_lines_give_each_line_with_its_number(write: Write) -> None:
    path = write("a.jsonl", '{"id": "甲"}\r\n\n  \n{"id": 2}')
    assert strictly(path) == [("a.jsonl:1", {"id": "甲"}), ("a.jsonl:4", {"id": 2})]


def test_csv_gives_each_row_under_its_header(write: Write) -> None:
    path = write("a.csv", "id,title\r\n1,澄湖\r\n\r\n2,\r\n")
    assert strictly(path) == [
        ("a.csv:2", {"id": "1", "title": "澄湖"}),
        ("a.csv:4", {"id": "2", "title": ""}),
    ]


def test_a_csv_cell_may_hold_quotes_commas_and_line_breaks(write: Write) -> None:
    path = write("a.csv", 'id,content\n1,"第一段,\n\n他说""好""。\r\n第三段"\n2,短\n')
    assert [row for _, row in strictly(path)] == [
        {"id": "1", "content": '第一段,\n\n他说"好"。\r\n第三段'},
        {"id": "2", "content": "短"},
    ]


def test_a_csv_cell_may_be_longer_than_the_csv_module_allows_by_itself(write: Write) -> None:
    long = "水" * 200_000
    assert strictly(write("a.csv", f"id,content\n1,{long}\n")) == [
        ("a.csv:2", {"id": "1", "content": long})
    ]


def test_the_ending_may_be_in_capitals(write: Write) -> None:
    assert strictly(write("A.JSON", '[{"id": 1}]')) == [("A.JSON[0]", {"id": 1})]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('\n [{"id": 1}]', ("a.dat[0]", {"id": 1})),
        ('{"id": 1}\n', ("a.dat:1", {"id": 1})),
        ("id\n1\n", ("a.dat:2", {"id": "1"})),
    ],
)
def test_a_file_of_unknown_ending_is_read_as_its_first_character_says(
    write: Write, content: str, row: Row
) -> None:
    assert strictly(write("a.dat", content)) == [row]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (' [{"id": "甲"}]', ("standard input[0]", {"id": "甲"})),
        ('{"id": "甲"}\n', ("standard input:1", {"id": "甲"})),
        ("id\n甲\n", ("standard input:2", {"id": "甲"})),
        ("\ufeffid\n甲\n", ("standard input:2", {"id": "甲"})),
    ],
)
def test_standard_input_is_read_as_its_first_character_says(
    pipe: Pipe, content: str, row: Row
) -> None:
    pipe(content)
    assert strictly("-") == [row]


@pytest.mark.parametrize("content", ["[1]", "{}", "id\n1\n"])
def test_standard_input_stays_open(pipe: Pipe, content: str) -> None:
    buffer = pipe(content)
    assert len(strictly("-")) == 1
    assert not buffer.closed


def test_empty_standard_input_is_refused(pipe: Pipe) -> None:
    pipe("")
    assert refusal("-") == "standard input: an empty file. Export it again, or leave it out."


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", ["", " ", "\r\n\t \n", "\ufeff", "\ufeff\n"])
def test_an_empty_file_is_refused(write: Write, name: str, content: str) -> None:
    assert refusal(write(name, content)) == (
        f"{name}: an empty file. Export it again, or leave it out."
    )


def test_a_missing_file_is_refused(write: Write) -> None:
    write("b.json", "[]")
    assert refusal("a.json") == (
        "a.json: no such file or directory. Check the path and its permissions."
    )


def test_a_directory_is_refused(write: Write) -> None:
    write("b.json", "[]")
    Path("a").mkdir()
    assert refusal("a") == "a: is a directory. Check the path and its permissions."


@pytest.mark.parametrize(("name", "content"), [("a.json", " [ ] "), ("a.csv", "id,title\n")])
def test_a_file_without_a_row_is_refused(write: Write, name: str, content: str) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write(name, content))
    assert str(refused.value) == (f"{name}: no row in it. Export it again, or leave it out.")


@pytest.mark.parametrize("content", ['"text"', "5", "null", "true"])
def test_a_json_file_of_a_single_value_is_refused(write: Write, content: str) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write("a.json", content))
    assert str(refused.value) == (
        "a.json: one value, not a list. Put the articles in a list, [ … ], or name the file "
        ".jsonl if it holds one a line."
    )


def test_a_large_integer_in_a_json_list_is_read_as_in_json_lines(write: Write) -> None:
    path = write("a.json", '[{"hash": 18446744073709551615}]')
    assert strictly(path) == [("a.json[0]", {"hash": 18446744073709551615})]


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [("a.jsonl", "\n\n{}\n", "a.jsonl:3"), ("a.csv", "\n\nid\n1\n", "a.csv:4")],
)
def test_blank_lines_at_the_top_are_counted(
    write: Write, name: str, content: str, where: str
) -> None:
    assert [place for place, _ in strictly(write(name, content))] == [where]


def test_brackets_within_brackets_are_refused_before_they_fill_the_memory(write: Write) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write("a.json", "[" * 100_000))
    assert str(refused.value) == "a.json: nested more than 100 deep. Export it again."


def test_a_fault_in_json_is_told_without_the_text_around_it(write: Write) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write("a.json", '[{"id": "1", "title": "保密" "content": "不许外传"}]'))
    assert str(refused.value).startswith("a.json[0]: not JSON (parse error: ")
    assert "保密" not in str(refused.value)
    assert "b'" not in str(refused.value)


def test_a_csv_column_that_stands_twice_is_refused(write: Write) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write("a.csv", "id,content,content\n1,a,b\n"))
    assert str(refused.value) == "a.csv:1: column 'content' stands twice. Rename one."


@pytest.mark.parametrize("content", ['{"id": 1}', '\n{"articles": []}', "\ufeff{}"])
def test_an_object_instead_of_a_list_is_refused_with_both_ways_out(
    write: Write, content: str
) -> None:
    assert refusal(write("a.json", content)) == (
        "a.json: an object, not a list. "
        "Put the articles in a list, [ … ], or name the file .jsonl if it holds one a line."
    )


def test_a_json_file_that_is_not_json_is_refused(write: Write) -> None:
    assert refusal(write("a.json", "nope")) == (
        "a.json[0]: not JSON (lexical error: invalid string in json text.). "
        "Mend or export the file again."
    )


def test_the_items_before_the_break_of_a_truncated_json_list_still_come(write: Write) -> None:
    rows = read_rows(write("a.json", '[{"id": 1}, {"id": 2}, {"id": '), raise_it)
    assert [next(rows), next(rows)] == [("a.json[0]", {"id": 1}), ("a.json[1]", {"id": 2})]
    with pytest.raises(InputError) as caught:
        next(rows)
    assert str(caught.value) == (
        "a.json[2]: not JSON (parse error: premature EOF). Mend or export the file again."
    )


def test_what_follows_a_json_list_is_refused(write: Write) -> None:
    assert refusal(write("a.json", '[{"id": 1}] [{"id": 2}]')) == (
        "a.json[1]: not JSON (parse error: trailing garbage). Mend or export the file again."
    )


def test_a_broken_json_list_cannot_be_read_on_even_leniently(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        leniently(write("a.json", '[{"id": 1} {"id": 2}]'))
    assert str(caught.value) == (
        "a.json[1]: not JSON (parse error: after array element, I expect ',' or ']'). "
        "Mend or export the file again."
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nope", "Expecting value: line 1 column 1 (char 0)"),
        ('{"id": NaN}', "NaN is not JSON"),
        ('{"id": -Infinity}', "-Infinity is not JSON"),
    ],
)
def test_a_line_that_is_not_json_is_refused_with_its_number(
    write: Write, line: str, reason: str
) -> None:
    assert refusal(write("a.jsonl", f'{{"id": 1}}\n{line}\n')) == (
        f"a.jsonl:2: not JSON ({reason}). Give one object a line."
    )


def test_a_line_of_endless_brackets_is_refused_and_not_a_crash(write: Write) -> None:
    rows, rejected = leniently(write("a.jsonl", "[" * 200_000 + '\n{"id": 2}\n'))
    assert rows == [("a.jsonl:2", {"id": 2})]
    assert rejected == ["a.jsonl:1: nested more than 100 deep. Give one object a line."]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_hundred_brackets_within_brackets_are_read_and_one_more_is_not(
    write: Write, name: str
) -> None:
    def row(deep: int) -> str:
        text = '{"id": 1, "more": ' + "[" * (deep - 1) + "]" * (deep - 1) + "}"
        return f"[{text}]" if name == "a.json" else text

    assert len(strictly(write(name, row(100)))) == 1
    assert "nested more than 100 deep" in refusal(write(name, row(101)))


def test_brackets_in_a_text_are_no_nesting(write: Write) -> None:
    assert len(strictly(write("a.jsonl", json.dumps({"id": 1, "content": "[{" * 500})))) == 1


def test_a_strict_reader_of_json_lines_stops_at_the_first_bad_row(write: Write) -> None:
    rows = read_rows(write("a.jsonl", '{"id": 1}\nnope\n{"id": 3}\n'), raise_it)
    assert next(rows) == ("a.jsonl:1", {"id": 1})
    with pytest.raises(InputError, match=r"^a\.jsonl:2: not JSON"):
        next(rows)
    assert list(rows) == []


def test_a_lenient_reader_of_json_lines_goes_on_after_bad_rows(write: Write) -> None:
    content = b'{"id": 1}\nnope\n' + "甲\n".encode("gbk") + b'{"id": 4}\n'
    rows, rejected = leniently(write("a.jsonl", content))
    assert rows == [("a.jsonl:1", {"id": 1}), ("a.jsonl:4", {"id": 4})]
    assert rejected == [
        "a.jsonl:2: not JSON (Expecting value: line 1 column 1 (char 0)). Give one object a line.",
        f"a.jsonl:3: {NOT_UTF8}",
    ]


@pytest.mark.parametrize(("row", "cells"), [("2", 1), ("2,澄湖,水质", 3)])
def test_a_csv_row_of_another_length_is_refused(write: Write, row: str, cells: int) -> None:
    assert refusal(write("a.csv", f"id,title\n1,湖\n{row}\n")) == (
        f"a.csv:3: {cells} cells under a header of 2. Quote cells that hold commas or line breaks."
    )


def test_a_lenient_reader_of_csv_goes_on_after_a_short_row(write: Write) -> None:
    rows, rejected = leniently(write("a.csv", "id,title\n1\n2,湖\n"))
    assert rows == [("a.csv:3", {"id": "2", "title": "湖"})]
    assert rejected == [
        "a.csv:2: 1 cells under a header of 2. Quote cells that hold commas or line breaks."
    ]


def test_a_csv_quote_that_never_ends_is_refused(write: Write) -> None:
    assert refusal(write("a.csv", 'id,title\n1,"澄湖')) == (
        "a.csv:2: not CSV (unexpected end of data). Mend the quotes or export it again."
    )


def test_text_after_a_csv_quote_is_refused(write: Write) -> None:
    assert refusal(write("a.csv", 'id,title\n1,"澄"湖\n')) == (
        "a.csv:2: not CSV (',' expected after '\"'). Mend the quotes or export it again."
    )


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.json", '[{"id": 1}, {"id": "澄湖"}]', "a.json[1]"),
        ("a.jsonl", '{"id": 1}\n{"id": "澄湖"}\n', "a.jsonl:2"),
    ],
)
def test_another_encoding_is_refused_with_the_way_to_mend_it(
    write: Write, name: str, content: str, where: str
) -> None:
    assert refusal(write(name, content.encode("gbk"))) == f"{where}: {NOT_UTF8}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_by_name(write: Write, name: str, encoding: str) -> None:
    content = '\ufeff[{"id": "甲"}]'.encode(encoding)
    assert refusal(write(name, content)) == f"{name}: not UTF-8 but UTF-16. Save it as UTF-8."


@pytest.mark.parametrize(
    ("name", "content", "row"),
    [
        ("a.json", '[{"id": "甲"}]', ("a.json[0]", {"id": "甲"})),
        ("a.jsonl", '{"id": "甲"}', ("a.jsonl:1", {"id": "甲"})),
        ("a.csv", "id\n甲\n", ("a.csv:2", {"id": "甲"})),
        ("a.csv", '"id"\n甲\n', ("a.csv:2", {"id": "甲"})),
    ],
)
def test_utf_8_with_a_byte_order_mark_is_read_as_without(
    write: Write, name: str, content: str, row: Row
) -> None:
    assert strictly(write(name, "\ufeff" + content)) == [row]


@pytest.mark.parametrize("header", ["id;title;content", "编号,标题,正文", "one line of words"])
def test_a_csv_without_a_column_id_is_refused_once_with_what_it_has(
    write: Write, header: str
) -> None:
    with pytest.raises(InputError) as refused:
        strictly(write("a.csv", f"{header}\n1,2,3\n4,5,6\n"))
    found = header.replace(",", ", ")
    assert str(refused.value) == (
        f"a.csv:1: no column id, but: {found}. Begin with a line of column names, id among them, "
        "separated by commas."
    )
