from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import pytest

from labels.errors import BrokenOffError, InputError
from labels.rows import raise_it, read_rows

Write = Callable[[str, str | bytes | list[object]], str]


@pytest.mark.parametrize(
    "number", ["1" * 5000, "-" + "1" * 5000, "1e9999999999999999999", "1e-9999999999999999999"]
)
def test_a_number_out_of_range_ends_the_list(write: Write, number: str) -> None:
    rows = read_rows(write("a.json", f'[{{"id": 1}}, {{"id": {number}}}]'), raise_it)
    assert next(rows) == ("a.json[0]", {"id": 1})
    with pytest.raises(BrokenOffError) as caught:
        next(rows)
    assert str(caught.value) == (
        "a.json[1]: not JSON (a number out of range). Mend or export the file again."
    )


def test_a_number_out_of_range_costs_one_of_json_lines(write: Write) -> None:
    rejected: list[InputError] = []
    path = write("a.jsonl", f'{{"id": {"1" * 5000}}}\n{{"id": 2}}\n')
    assert list(read_rows(path, rejected.append)) == [("a.jsonl:2", {"id": 2})]
    assert [error.where for error in rejected] == ["a.jsonl:1"]


def test_many_digits_in_a_text_are_no_number(write: Write) -> None:
    for text in ("1" * 5000, "\\" + "1" * 5000, '"' + "1" * 200_000 + '"', "\\" * 3 + "1" * 70_000):
        path = write("a.json", json.dumps([{"id": text}, {"id": 2}]))
        assert [row for _, row in read_rows(path, raise_it)] == [{"id": text}, {"id": 2}]


@pytest.mark.parametrize("before", [0, 65_530, 65_536, 70_000])
@pytest.mark.parametrize("digits", [4300, 4301, 70_000])
def test_no_more_digits_than_python_takes_are_a_number(
    write: Write, before: int, digits: int
) -> None:
    found: list[object] = []
    number = "7" * digits
    with contextlib.suppress(BrokenOffError):
        path = write("a.json", " " * before + f"[{number[:2]}, {number}, 3]")
        found.extend(row for _, row in read_rows(path, raise_it))
    assert found == ([77, int(number), 3] if digits == 4300 else [77])


@pytest.mark.parametrize("half", ["\\udc00", "\\ud83d", "\\ud83d\\ud83d"])
def test_half_an_emoji_costs_no_more_than_itself(write: Write, half: str) -> None:
    path = write("a.json", f'[{{"id": "{half}x"}}, {{"id": "\\ud83d\\ude00"}}]')
    marks = "?" * (len(half) // 6)
    assert [row for _, row in read_rows(path, raise_it)] == [{"id": f"{marks}x"}, {"id": "😀"}]


def test_half_an_emoji_in_bytes_is_not_utf_8(write: Write) -> None:
    path = write("a.json", b'[{"id": "\xed\xb0\x80"}]')
    with pytest.raises(InputError, match=r"^a\.json\[0\]: not UTF-8\."):
        list(read_rows(path, raise_it))
