from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from labels.errors import InputError
from labels.rows import raise_it, read_rows

Write = Callable[[str, str | bytes | list[object]], str]
NOT_UTF8 = "not UTF-8. Save it as UTF-8, for instance: iconv -f GB18030 -t UTF-8."


def told(path: str, **columns: str) -> list[object]:
    """The cells of each row without its header, or what is said of it."""
    said: list[object] = []

    def reject(error: InputError) -> None:
        said.append(str(error))

    for where, row in read_rows(path, reject, columns=columns):
        assert isinstance(row, dict)
        said.append((where, *row.values()))
    return said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_spreadsheets_read_the_same(write: Write, encoding: str) -> None:
    text = "id,标题\n1,澄湖㐂𠀀\n2,水质\n"
    path = write("a.csv", text.encode(encoding))
    assert told(path) == [("a.csv:2", "1", "澄湖㐂𠀀"), ("a.csv:3", "2", "水质")]


def test_gb18030_is_known_after_a_long_beginning_of_ascii(write: Write) -> None:
    text = "id,title\n" + "1,plain\n" * 100_000 + "2,澄湖\n"
    path = write("a.csv", text.encode("gb18030"))
    assert told(path)[-1] == ("a.csv:100002", "2", "澄湖")


def test_one_record_that_is_not_utf_8_is_left_out_alone(write: Write) -> None:
    path = write("a.csv", "id,t\n1,澄湖\n2,湖".encode() + b'\xff\n3,"' + "水\n质".encode() + b'"\n')
    assert told(path) == [
        ("a.csv:2", "1", "澄湖"),
        f"a.csv:3: {NOT_UTF8}",
        ("a.csv:4", "3", "水\n质"),
    ]


def test_one_record_that_is_not_gb18030_is_left_out_alone(write: Write) -> None:
    rows = "id,t\n" + "1,澄湖水质月报\n" * 90_000
    path = write("a.csv", rows.encode("gb18030") + b"2,\x80\xff\n3,x\n")
    assert told(path)[-3:] == [
        ("a.csv:90001", "1", "澄湖水质月报"),
        "a.csv:90002: not GB18030. Save it as UTF-8.",
        ("a.csv:90003", "3", "x"),
    ]


@pytest.mark.parametrize("bad", [b"\xff", b"\x80\x81", b"\x81\x30"])
def test_one_bad_byte_near_the_top_leaves_a_file_gb18030(write: Write, bad: bytes) -> None:
    rows = "1,澄湖水质月报\n".encode("gb18030") * 5
    path = write("a.csv", b"id,t\n2," + bad + b"\n" + rows)
    assert told(path) == [
        "a.csv:2: not GB18030. Save it as UTF-8.",
        *((f"a.csv:{n}", "1", "澄湖水质月报") for n in range(3, 8)),
    ]


def test_most_lines_say_which_encoding_it_is(write: Write) -> None:
    new, old = "1,澄湖\n".encode(), "1,水质\n".encode("gb18030")
    for content, said in [(new * 3 + old * 2, NOT_UTF8), (new * 2 + b"1,\xff\n" * 2, NOT_UTF8)]:
        found = told(write("a.csv", b"id,t\n" + content))
        assert found[0] == ("a.csv:2", "1", "澄湖")
        assert str(found[-1]).endswith(said)
    assert told(write("a.csv", b"id,t\n" + new + old * 3))[1:] == [
        (f"a.csv:{n}", "1", "水质") for n in (3, 4, 5)
    ]


def test_a_mixed_file_is_utf_8_with_records_left_out(write: Write) -> None:
    path = write("a.csv", "id,t\n1,澄湖\n".encode() + "2,水质\n".encode("gb18030"))
    assert told(path) == [("a.csv:2", "1", "澄湖"), f"a.csv:3: {NOT_UTF8}"]


def test_a_record_stands_where_it_begins(write: Write) -> None:
    path = write("a.csv", 'id,t\n1,"a\nb"\n2,"c\nd",e\n3,f\n')
    assert told(path) == [
        ("a.csv:2", "1", "a\nb"),
        "a.csv:4: 3 cells under a header of 2. Quote cells that hold commas or line breaks.",
        ("a.csv:6", "3", "f"),
    ]


def test_a_quote_that_is_never_closed_costs_one_record(write: Write) -> None:
    path = write("a.csv", 'id,t\n1,"a\n2,b\n3,c\n')
    assert told(path) == [
        "a.csv:2: not CSV (unexpected end of data). Mend the quotes or export it again.",
        ("a.csv:3", "2", "b"),
        ("a.csv:4", "3", "c"),
    ]


def test_a_quote_that_is_closed_by_the_next_one_costs_one_record(write: Write) -> None:
    path = write("a.csv", 'id,t\n1,"a\n2,b\n3,"c"\n4,d\n')
    assert told(path) == [
        "a.csv:2: not CSV (',' expected after '\"'). Mend the quotes or export it again.",
        ("a.csv:3", "2", "b"),
        ("a.csv:4", "3", "c"),
        ("a.csv:5", "4", "d"),
    ]


def test_a_runaway_quote_is_given_up_and_costs_one_record(write: Write) -> None:
    path = write("a.csv", 'id,t\n1,"a\n' + f"2,{'b' * 1022}\n" * 4200)
    found = told(path)
    assert found[0] == (
        "a.csv:2: a record of more than 4 Mi characters. Look for a quote that is never closed."
    )
    assert len(found) == 4201
    assert found[-1] == ("a.csv:4202", "2", "b" * 1022)


def test_a_long_record_is_refused_and_the_next_one_read(write: Write) -> None:
    path = write("a.csv", f"id,t\n1,{'a' * (5 << 20)}\n2,b\n")
    assert told(path)[1:] == [("a.csv:3", "2", "b")]


def test_a_line_that_is_too_long_to_keep_is_refused(write: Write) -> None:
    path = write("a.csv", f"id,t\n1,{'a' * (17 << 20)}\n2,b\n")
    assert told(path) == ["a.csv:2: longer than 16 MiB. Export it again.", ("a.csv:3", "2", "b")]


def test_a_nul_byte_costs_its_record(write: Write) -> None:
    path = write("a.csv", "id,t\n1,a\0b\n2,水\n")
    assert told(path) == ["a.csv:2: a NUL byte in it. Export it again.", ("a.csv:3", "2", "水")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_three_ways(write: Write, end: str) -> None:
    path = write("a.csv", f'id,t{end}1,"澄{end}湖"{end}2,\u2028水\x85{end}')
    assert told(path) == [("a.csv:2", "1", f"澄{end}湖"), ("a.csv:4", "2", "\u2028水\x85")]


def test_an_id_under_another_name_is_looked_for_under_it(write: Write) -> None:
    path = write("a.csv", "编号,标题\n1,澄湖\n")
    assert told(path, id="编号") == [("a.csv:2", "1", "澄湖")]
    with pytest.raises(InputError) as caught:
        told(write("a.csv", "id,标题\n1,澄湖\n"), id="编号")
    assert str(caught.value) == (
        "a.csv:1: no column 编号, but: id, 标题. "
        "Begin with a line of column names, 编号 among them, separated by commas."
    )


def test_a_header_that_cannot_be_read_refuses_the_file(write: Write) -> None:
    for content, said in [(b'id,"t', "not CSV"), (b"id,\xff\n1,a\n", "not UTF-8")]:
        with pytest.raises(InputError) as caught:
            told(write("a.csv", content))
        assert str(caught.value).startswith(f"a.csv:1: {said}")


def test_a_strict_reader_stops_at_the_first_wrong_record(write: Write) -> None:
    rows: Iterator[object] = read_rows(write("a.csv", 'id,t\n1,a\n2,"b\n'), raise_it)
    assert next(rows) == ("a.csv:2", {"id": "1", "t": "a"})
    with pytest.raises(InputError, match="unexpected end of data"):
        next(rows)
