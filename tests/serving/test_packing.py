from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from labels.scheme import shipped_scheme
from serving.output import column_names
from serving.packing import kind_of, pack, rows_for

SCHEME = shipped_scheme()


def write_rows(path: Path, count: int, long: int = 0) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(column_names(SCHEME))
        for at in range(count):
            name = f'a"{at},\r\n' + "x" * long
            rows.writerow([name, "news", "0.25", "ai|metaverse", "0.5|0.4", "true", "x|y", "v"])


@pytest.mark.parametrize(
    ("path", "kind", "rows"),
    [
        ("out", "", "jsonl"),
        ("a.b/OUT.JSONL", ".jsonl", "jsonl"),
        ("x.csv", ".csv", "csv"),
        ("x.y.parquet", ".parquet", "csv"),
        ("x.csv.gz", ".csv.gz", "csv"),
        ("x.jsonl.gz", ".jsonl.gz", "jsonl"),
        ("x.gz", ".gz", None),
        ("x.parquet.gz", ".parquet.gz", None),
        ("x.xlsx", ".xlsx", None),
    ],
)
def test_the_ending_says_the_kind(path: str, kind: str, rows: str | None) -> None:
    assert kind_of(path) == kind
    assert rows_for(kind) == rows


def test_parquet_has_types_and_every_row(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", 3, long=200_000)  # longer than the csv module takes by itself
    assert pack(tmp_path / "rows", ".parquet", SCHEME, tmp_path / "packed")
    table = pq.read_table(tmp_path / "packed")
    assert [str(field.type) for field in table.schema] == (
        ["string", "string", "double", "string", "string", "bool", "string", "string"]
    )
    assert table.slice(2).to_pylist() == [
        {
            "id": 'a"2,\r\n' + "x" * 200_000,
            "type": "news",
            "type_score": 0.25,
            "domains": "ai|metaverse",
            "domains_score": "0.5|0.4",
            "review": True,
            "reasons": "x|y",
            "model": "v",
        }
    ]


def test_parquet_of_many_rows_has_groups_of_a_fixed_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.packing._ROW_GROUP", 40)
    write_rows(tmp_path / "rows", 100)
    pack(tmp_path / "rows", ".parquet", SCHEME, tmp_path / "packed")
    found = pq.ParquetFile(tmp_path / "packed").metadata
    assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == [40, 40, 20]


def test_parquet_of_no_row_has_its_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", 0)
    pack(tmp_path / "rows", ".parquet", SCHEME, tmp_path / "packed")
    assert pq.read_table(tmp_path / "packed").num_rows == 0


def test_gzip_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", 1000)
    for name in ("one", "two"):
        assert pack(tmp_path / "rows", ".csv.gz", SCHEME, tmp_path / name)
    one = (tmp_path / "one").read_bytes()
    assert gzip.decompress(one) == (tmp_path / "rows").read_bytes()
    assert one == (tmp_path / "two").read_bytes()
    assert one[4:8] == bytes(4)  # no time in it


def test_rows_of_plain_kinds_are_the_output_already(tmp_path: Path) -> None:
    for kind in ("", ".jsonl", ".csv"):
        assert not pack(tmp_path / "rows", kind, SCHEME, tmp_path / "packed")
    assert not (tmp_path / "packed").exists()
