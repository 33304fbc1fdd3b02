from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labels.errors import InputError, UnreadableError
from labels.parquet_rows import fault_of
from labels.positions import place_of
from labels.reading import read_articles
from labels.rows import raise_it, read_rows

Write = Callable[[str, str | bytes | list[object]], str]
Save = Callable[..., str]


@pytest.fixture
def save(write: Write) -> Save:
    def save_columns(name: str = "a.parquet", **columns: Any) -> str:
        path = write(name, b"")
        pq.write_table(pa.table(columns), path)
        return path

    return save_columns


def strictly(path: str, **options: Any) -> list[tuple[str, object]]:
    return list(read_rows(path, raise_it, **options))


def refusal(path: str, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        strictly(path, **options)
    return str(caught.value)


def test_each_row_comes_with_its_number(save: Save) -> None:
    assert strictly(save(id=["甲", "乙"], n=[1, None])) == [
        ("a.parquet[0]", {"id": "甲", "n": 1}),
        ("a.parquet[1]", {"id": "乙", "n": None}),
    ]


def test_a_parquet_file_without_its_ending_is_known(save: Save) -> None:
    assert strictly(save("a.dat", id=[1])) == [("a.dat[0]", {"id": 1})]


@pytest.mark.parametrize(
    "titles",
    [
        pa.array(["湖", None]).dictionary_encode(),
        pa.array(["湖", None], pa.large_string()),
        pa.array(["湖", None], pa.string_view()),
    ],
)
def test_text_is_text_however_it_is_held(save: Save, titles: Any) -> None:
    rows = strictly(save(id=[1, 2], title=titles))
    assert [row for _, row in rows] == [{"id": 1, "title": "湖"}, {"id": 2, "title": None}]


def test_an_article_with_labels_and_a_time_is_read_whole(save: Save) -> None:
    time = pa.array([1_714_979_289_123_456_789], pa.timestamp("ns", tz="Asia/Shanghai"))
    path = save(id=[7], title=["湖"], content=["水"], domains=[["ai", "vr"]], published=time)
    (article,) = read_articles([path], raise_it)
    assert (article.id, article.extra) == ("7", {"domains": ["ai", "vr"]})
    assert article.published == "2024-05-06T15:08:09.123456+08:00"


def test_times_of_every_kind_are_iso_text(save: Save) -> None:
    path = save(
        id=[1],
        a=pa.array([datetime(2024, 5, 6, 7, 8)], pa.timestamp("ms")),  # noqa: DTZ001 - without one
        b=[date(2024, 5, 6)],
        c=pa.array([1], pa.time64("ns")),
    )
    ((_, row),) = strictly(path)
    assert row == {
        "id": 1,
        "a": "2024-05-06T07:08:00",
        "b": "2024-05-06",
        "c": "00:00:00.000000001",
    }


def test_columns_that_nobody_wants_are_not_read(save: Save) -> None:
    path = save(id=[1], title=["湖"], other=["x"])
    assert strictly(path, wanted={"id", "title", "content"}) == [
        ("a.parquet[0]", {"id": 1, "title": "湖"})
    ]


def test_text_that_is_not_utf_8_costs_its_row(save: Save) -> None:
    offsets, data = pa.py_buffer(b"\0\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"\xff\xfea")
    path = save(id=[1, 2], title=pa.Array.from_buffers(pa.string(), 2, [None, offsets, data]))
    rejected: list[InputError] = []
    assert list(read_rows(path, rejected.append)) == [("a.parquet[1]", {"id": 2, "title": "a"})]
    assert [str(error) for error in rejected] == [
        "a.parquet[0]: 'title' cannot be read. Export it again as UTF-8 text."
    ]


def test_a_file_whose_name_is_not_utf_8_is_read(save: Save) -> None:
    path = os.fsdecode(b"\xff.parquet")
    Path(save(id=[1])).rename(path)
    assert strictly(path) == [(f"{path}[0]", {"id": 1})]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([b"42"]),
        pa.array([b"42"], pa.large_binary()),
        pa.array([b"42"], pa.binary(2)),
        pa.array([Decimal(42)], pa.decimal128(20, 0)),
        pa.array([Decimal("42.00")], pa.decimal128(20, 2)),
        pa.array([42], pa.uint64()),
    ],
)
def test_ids_of_many_types_are_read_as_text(save: Save, ids: Any) -> None:
    path = save(id=ids, title=[b"\xe6\xb9\x96"], content=[""])
    (article,) = read_articles([path], raise_it)
    assert (article.id, article.title) == ("42", "湖")


def test_an_id_that_is_a_float_is_refused_by_its_type(save: Save) -> None:
    rejected: list[InputError] = []
    path = save(id=[1.0], title=[""], content=[""])
    assert not list(read_articles([path], rejected.append))
    assert [str(error) for error in rejected] == [
        "a.parquet[0]: id is a number with a decimal point. Export it as text or as a whole number."
    ]


@pytest.mark.parametrize(
    "published",
    [
        pa.array([1 << 60], pa.timestamp("ms")),
        pa.array([1 << 30], pa.date32()),
        pa.array([1 << 62], pa.duration("s")),
        pa.array([20240506]),
        pa.array([["2024"]]),
        pa.array([b"\xff"]),
    ],
)
def test_a_time_of_an_odd_type_costs_no_row(save: Save, published: Any) -> None:
    path = save(id=["1"], title=[""], content=[""], published=published, url=published)
    (article,) = read_articles([path], raise_it)
    assert article.id == "1"


def test_a_row_of_a_file_without_its_ending_is_a_row(save: Save) -> None:
    ((where, _),) = strictly(save("a.dat", id=[1]))
    assert place_of(where) == ("a.dat", "row", 0)
    assert place_of(pickle.loads(pickle.dumps(where))) == ("a.dat", "row", 0)  # noqa: S301 - our own


def test_a_file_that_is_not_parquet_is_refused(write: Write) -> None:
    assert refusal(write("a.parquet", "id,title\n1,2\n3,4\n")) == (
        "a.parquet: not Parquet that can be read (Parquet magic bytes not found in footer). "
        "Copy or export it again."
    )
    assert refusal(write("b.parquet", "")) == (
        "b.parquet: not Parquet that can be read (Parquet file size is 0 bytes). "
        "Copy or export it again."
    )


def test_a_name_of_a_column_that_is_not_utf_8_refuses_the_file(save: Save) -> None:
    path = save(id=[1], title=["a"])
    Path(path).write_bytes(Path(path).read_bytes().replace(b"title", b"\xfftle"))
    assert refusal(path).startswith("a.parquet: not Parquet that can be read (")


def test_a_file_that_is_cut_short_is_refused(save: Save) -> None:
    path = save(id=[1])
    Path(path).write_bytes(Path(path).read_bytes()[:-20])
    assert refusal(path).startswith("a.parquet: not Parquet that can be read (")


def test_a_file_without_ids_or_rows_is_refused(save: Save) -> None:
    assert refusal(save(标题=["湖"])) == (
        "a.parquet: no column id, but: 标题. Export it with a column id of ids."
    )
    assert refusal(save(id=["a"]), columns={"id": "编号"}) == (
        "a.parquet: no column 编号, but: id. Export it with a column 编号 of ids."
    )
    assert refusal(save(id=pa.array([], pa.string()))) == (
        "a.parquet: no row in it. Export it again, or leave it out."
    )


def test_a_disk_that_fails_is_the_fault_of_the_system() -> None:
    error = fault_of("a.parquet", 3, OSError(5, "Input/output error"))
    assert isinstance(error, UnreadableError)
    assert str(error) == (
        "a.parquet: cannot be read (Input/output error). Check the disk or the connection."
    )


def test_a_large_row_group_is_not_held_whole(save: Save) -> None:
    texts = [f"{n}" * 400 for n in range(20_000)]
    path = save(id=range(20_000), content=texts)
    del texts
    before = pa.total_allocated_bytes()
    highest = max(pa.total_allocated_bytes() for _ in read_rows(path, raise_it))
    assert highest - before < 16 << 20
