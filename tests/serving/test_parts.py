from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labels.blocks import Item, read_blocks
from labels.errors import InputError, StateError, UnreadableError
from serving.folder import Folder
from serving.joined import moved
from serving.locations import Location, files_of, located
from serving.part_work import Task, do_part
from serving.parts import lines_before, parts_of
from serving.portions import Portions
from serving.work import Work

Rows = list[dict[str, Any]]
LINES = b'{"id": 1}\n\n{"id": 2, "x": "\xe6\xb0\xb4"}\r\nno json\n[3]\n{"id": 4'


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of a store that is no disk."""
    folder = f"memory:///{uuid4().hex}"
    yield folder
    fs, path = fsspec.core.url_to_fs(folder)
    if fs.exists(path):
        fs.rm(path, recursive=True)


@pytest.fixture
def task(memory: str, rows: Rows, work: Work) -> Task:
    """The articles and a row that is none, to be done as one part into that store."""
    source = f"{memory}/in.jsonl"
    given = [*rows, {"id": "x"}]
    write(source, "".join(json.dumps(row) + "\n" for row in given).encode())
    folder = Folder(place=located(f"{memory}/out.jsonl"))
    folder.begin({"run": "r"})
    (part,) = parts_of(found(source), 10**9, {}, ())
    return Task(part=part, work=work, folder=folder, run="r", wanted=(), strict=False, block=1000)


def write(url: str, data: bytes) -> None:
    fs, path = fsspec.core.url_to_fs(url)
    fs.pipe_file(path, data)


def found(*urls: str) -> list[Location]:
    return files_of(urls, lambda _: False)


def value_of(item: Item, before: int = 0) -> object:
    """An item that can be compared, when so many lines of the file are before its part."""
    if isinstance(item, InputError):
        return str(moved(item, before))
    return moved(InputError(item[0], "", ""), before).where, item[1]


def in_parts(path: Path, size: int) -> list[object]:
    """What the parts of a file hold, of about so many bytes each."""
    parts = parts_of(found(str(path)), size, {}, {"id", "title"})
    return [
        value_of(item, lines_before(part))
        for part in parts
        for block in Portions(part, {}, {"id", "title"}).blocks(1000)
        for item in block.items()
    ]


def locally(path: Path) -> list[object]:
    """What the local run reads of it."""
    blocks = read_blocks(str(path), wanted={"id", "title"})
    return [value_of(item) for block in blocks for item in block.items()]


@pytest.mark.parametrize("size", [5, 9, 10, 11, 12, 25, 40, 1000])
@pytest.mark.parametrize("lines", [LINES, b"\xef\xbb\xbf" + LINES, LINES + b"\n", b"\n\n" + LINES])
def test_every_line_is_in_one_part_under_its_number(
    tmp_path: Path, lines: bytes, size: int
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(lines)
    assert in_parts(path, size) == locally(path)


def test_a_line_that_is_longer_than_parts_leaves_them_empty(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "x" * 100}) + '\n{"id": 1}\n', "utf-8")
    parts = parts_of(found(str(path)), 10, {}, ())
    counts = [sum(1 for _ in Portions(part, {}, ()).blocks(5)) for part in parts]
    assert counts == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]


def test_a_line_beyond_all_bounds_is_told_as_locally(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"id": 0}\n' + b"x" * (17 << 20) + b'\n{"id": 1}\n')
    assert in_parts(path, 6 << 20) == locally(path)


@pytest.mark.parametrize("content", [b"", b" \n \n", "{}\n".encode("utf-16"), b"PAR1"])
def test_a_file_without_rows_is_told_of_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    assert in_parts(path, 5) == locally(path)


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("rest", [b"", LINES])
def test_parts_without_a_line_do_not_make_a_file_empty(
    tmp_path: Path, bom: bytes, rest: bytes
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(bom + b" \n" * 20 + rest)
    assert in_parts(path, 10) == locally(path)
    (first, *others) = parts_of(found(str(path)), 10, {}, ())
    assert others
    portions = Portions(first, {}, ())
    if rest:
        assert list(portions.blocks(1000)) == []
        assert portions.lines == 5 - bool(bom)


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.jsonl"])
@pytest.mark.parametrize("lost", [0, 12])
def test_a_packed_file_is_one_part_whatever_its_name(tmp_path: Path, name: str, lost: int) -> None:
    path = tmp_path / name
    packed = gzip.compress(LINES)
    path.write_bytes(packed[: len(packed) - lost])
    assert in_parts(path, 10) == locally(path)


@pytest.mark.parametrize(("size", "parts"), [(1, 100), (700, 10), (2000, 5), (10**9, 1)])
def test_every_row_of_parquet_is_in_one_part_under_its_number(
    tmp_path: Path, size: int, parts: int
) -> None:
    path = tmp_path / "in.parquet"
    table = pa.table({"id": range(100), "title": ["x" * 50 + str(n) for n in range(100)]})
    pq.write_table(table, path, row_group_size=10)
    assert len(parts_of(found(str(path)), size, {}, {"id", "title"})) == parts
    assert in_parts(path, size) == locally(path)


def test_a_large_row_group_is_cut_into_pieces(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"id": range(1500), "title": ["水"] * 1500}), path, row_group_size=900)
    assert len(parts_of(found(str(path)), 3000, {}, {"id", "title"})) == 4
    assert in_parts(path, 3000) == locally(path)


@pytest.mark.parametrize("rows", [{"title": ["a"]}, {"id": pa.array([], pa.string())}])
def test_parquet_that_cannot_be_used_is_told_of_once(tmp_path: Path, rows: dict[str, Any]) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table(rows), path)
    assert in_parts(path, 1) == locally(path)


def test_what_is_no_parquet_is_told_of_once(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    assert in_parts(path, 1) == locally(path)


def test_parts_are_numbered_in_the_order_of_the_files(memory: str) -> None:
    for name in ("b", "a"):
        write(f"{memory}/{name}.jsonl", b"{}\n" * 10)
    parts = parts_of(found(f"{memory}/b.jsonl", f"{memory}/a.jsonl"), 20, {}, ())
    assert [(one.number, one.file.name[-7:], one.start) for one in parts] == [
        (0, "b.jsonl", 0),
        (1, "b.jsonl", 20),
        (2, "a.jsonl", 0),
        (3, "a.jsonl", 20),
    ]


def test_a_folder_of_a_store_stands_for_its_files(memory: str) -> None:
    for name in ("b.jsonl", "a.parquet", "deep/c.ndjson.gz", "_hidden/d.jsonl", ".e.jsonl", "f"):
        write(f"{memory}/{name}", b"{}\n")
    names = [file.name.removeprefix(f"{memory}/") for file in found(memory)]
    assert names == ["a.parquet", "b.jsonl", "deep/c.ndjson.gz"]
    assert [file.name for file in found(f"{memory}/b*.jsonl")] == [f"{memory}/b.jsonl"]


def test_a_folder_of_a_store_is_read_as_one_of_this_machine(memory: str, tmp_path: Path) -> None:
    names = ["a/b.jsonl", "a.jsonl", "a-b/c.jsonl", "half.jsonl.tmp", "x.part/d.jsonl", "notes.txt"]
    for name in names:
        write(f"{memory}/{name}", b"{}\n")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}\n")
    there = [file.name.removeprefix(f"{memory}/") for file in found(memory)]
    here = [file.name.removeprefix(f"{tmp_path}/") for file in found(str(tmp_path))]
    assert there == here == ["a/b.jsonl", "a-b/c.jsonl", "a.jsonl"]
    write(f"{memory}/z.csv", b"id\n")
    with pytest.raises(InputError) as refused:
        found(memory)
    assert refused.value.where == f"{memory}/z.csv"
    assert refused.value.what == "neither JSON lines nor Parquet by its name"


@pytest.mark.parametrize("name", ["a::b.jsonl", "s3://a.jsonl", "link.jsonl"])
def test_names_that_work_locally_work_on_a_cluster(tmp_path: Path, name: str) -> None:
    (tmp_path / "target").write_bytes(LINES)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "target")
    assert in_parts(path, 10) == locally(path)
    assert [file.format for file in found(f"{tmp_path}/{name}")] == ["lines"]


def test_files_of_this_machine_are_found_as_locally(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_text("{}\n")
    assert [file.name for file in found(str(tmp_path))] == [
        f"{tmp_path}/a.jsonl",
        f"{tmp_path}/b.jsonl",
    ]


def test_inputs_that_a_cluster_cannot_read_are_refused(memory: str, tmp_path: Path) -> None:
    fix = "--dask reads JSON lines and Parquet. Convert, or leave --dask out"
    (tmp_path / "in.csv").write_text("id\n")
    write(f"{memory}/in.jsonl", b"{}\n")
    expected = {
        (str(tmp_path / "in.csv"),): f"neither JSON lines nor Parquet by its name. {fix}.",
        ("-",): "not to be read by a cluster. Give files that every worker can read, or leave "
        "--dask out.",
        (f"{memory}/no/",): "cannot be found",
        (f"{memory}/no*",): f"no file to read there. {fix}.",
        (f"{memory}/in.jsonl", memory): "given twice, so that every article in it would come "
        "twice. Name it once, or its folder alone.",
        ("nostore://x/in.jsonl",): "not to be had (Protocol not known: nostore). Check the URL "
        "and the access.",
    }
    for urls, message in expected.items():
        with pytest.raises(InputError) as refused:
            found(*urls)
        assert message in str(refused.value)


def test_a_part_comes_out_the_same_as_often_as_it_is_done(
    task: Task, memory: str, tmp_path: Path
) -> None:
    done = do_part(task, tmp_path)
    fs, root = fsspec.core.url_to_fs(f"{memory}/out.jsonl")
    before = {path: fs.cat_file(path) for path in fs.find(root)}
    assert do_part(task, tmp_path) == done
    assert {path: fs.cat_file(path) for path in fs.find(root)} == before
    assert sorted(path.removeprefix(f"{root}/") for path in before) == [
        "_newstag/job.json",
        "_newstag/parts/part-00000.json",
        "_newstag/rejects/part-00000.jsonl",
        "part-00000.jsonl",
    ]
    assert (done.counts["tagged"], done.counts["rejected"], done.lines) == (24, 1, 25)
    assert task.folder.finished("r") == {0: done}
    assert task.folder.finished("another") == {}
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_was_taken_away_is_not_done(task: Task, tmp_path: Path) -> None:
    do_part(task, tmp_path)
    task.folder.place.fs.rm_file(task.folder.part(0))
    assert task.folder.finished("r") == {}


def test_a_part_that_cannot_be_moved_leaves_nothing(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = task.folder.place.fs

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(fs), "mv", full)
    with pytest.raises(StateError) as refused:
        do_part(task, tmp_path)
    assert str(refused.value) == (
        f"{task.folder.place.name}: cannot be written (No space left on device). "
        "Check the folder, its permissions and the space there."
    )
    assert fs.find(f"{task.folder.place.path}/_newstag/attempts") == []
    assert not fs.exists(task.folder.part(0))


def test_a_worker_that_was_forgotten_does_not_write_into_another_run(
    task: Task, tmp_path: Path
) -> None:
    task.folder.note({"run": "another"})
    with pytest.raises(StateError) as refused:
        do_part(task, tmp_path)
    assert refused.value.what == "another run is writing it"
    assert not task.folder.place.fs.exists(task.folder.part(0))


def test_a_run_that_begins_while_a_part_is_written_is_left_alone(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = task.folder.place.fs
    upload = type(fs).put_file

    def begin_another(self: Any, path: str, target: str) -> None:
        upload(self, path, target)
        task.folder.note({"run": "another"})

    monkeypatch.setattr(type(fs), "put_file", begin_another)
    with pytest.raises(StateError) as refused:
        do_part(task, tmp_path)
    assert refused.value.what == "another run is writing it"
    assert fs.find(f"{task.folder.place.path}/_newstag/attempts") == []
    assert not fs.exists(task.folder.part(0))
    assert task.folder.finished("another") == {}


def test_a_folder_that_a_worker_does_not_see_is_told_before_anything_is_done(
    task: Task, tmp_path: Path
) -> None:
    elsewhere = Folder(place=located(str(tmp_path / "out.jsonl")))
    with pytest.raises(StateError) as refused:
        do_part(replace(task, folder=elsewhere), tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/out.jsonl: this worker does not see the folder. Put it on a disk that all "
        "share, or in a store."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changes_is_refused(task: Task, tmp_path: Path, memory: str) -> None:
    write(f"{memory}/in.jsonl", b"{}\n")
    with pytest.raises(InputError) as refused:
        do_part(task, tmp_path)
    assert refused.value.what == "changed while it was read"


def test_a_file_that_is_gone_is_told_of(task: Task, tmp_path: Path) -> None:
    task.part.file.fs.rm_file(task.part.file.path)
    with pytest.raises(UnreadableError) as refused:
        do_part(task, tmp_path)
    assert refused.value.where == task.part.file.name
