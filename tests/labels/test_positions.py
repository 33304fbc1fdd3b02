from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from labels.blocks import read_blocks
from labels.errors import InputError, UnreadableError
from labels.positions import place_of

Write = Callable[[str, str | bytes | list[object]], str]


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("in.jsonl:17", ("in.jsonl", "line", 17)),
        ("in.json[3]", ("in.json", "item", 3)),
        ("x.parquet[12]", ("x.parquet", "row", 12)),
        ("in.json", ("in.json", "file", None)),
        ("standard input:2", ("standard input", "line", 2)),
        ("a:b[1].csv:3", ("a:b[1].csv", "line", 3)),
        ("a:1[2].json[0]", ("a:1[2].json", "item", 0)),
        ("a:b.json", ("a:b.json", "file", None)),
    ],
)
def test_a_place_is_a_source_a_unit_and_a_position(
    where: str, place: tuple[str, str, int | None]
) -> None:
    assert place_of(where) == place


@pytest.mark.parametrize("name", ["x:12", "x[3]", "a.json:1"])
def test_an_error_of_a_whole_file_has_no_position(write: Write, name: str) -> None:
    (block,) = read_blocks(write(name, ""))
    (error,) = pickle.loads(pickle.dumps(block)).items()  # noqa: S301 - our own
    assert isinstance(error, InputError)
    assert place_of(error.where) == (name, "file", None)
    with pytest.raises(UnreadableError) as caught:
        next(read_blocks(f"missing/{name}"))
    assert place_of(caught.value.where) == (f"missing/{name}", "file", None)


def test_a_row_of_such_a_file_has_its_own(write: Write) -> None:
    (block,) = read_blocks(write("x:12", '{"id": 1}\noops\n'))
    places = [
        place_of(item.where if isinstance(item, InputError) else item[0]) for item in block.items()
    ]
    assert places == [("x:12", "line", 1), ("x:12", "line", 2)]
