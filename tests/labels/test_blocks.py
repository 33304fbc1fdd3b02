from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.blocks import Block, Item, Place, read_blocks
from labels.errors import InputError, UnreadableError

Write = Callable[[str, str | bytes | list[object]], str]
Told = str | tuple[str, object]


def told(blocks: Iterator[Block]) -> list[Told]:
    return [said(item) for block in blocks for item in block.items()]


def said(item: Item) -> Told:
    return str(item) if isinstance(item, InputError) else item


LINES = st.sampled_from(
    [b'{"id": 1}', '{"id": "澄湖"}'.encode(), b"", b"  ", b"oops", b"\xff", b'{"id": "\\n"}\r']
)
JSONL = st.builds(
    lambda top, lines, end: top + b"\n".join(lines) + end,
    st.sampled_from([b"", b"\n \n", b"\xef\xbb\xbf"]),
    st.lists(LINES, max_size=30),
    st.sampled_from([b"", b"\n"]),
)
CSV = st.builds(
    lambda lines: b"\n".join([b"id,t", *lines]),
    st.lists(
        st.sampled_from([b"1,a", b'2,"a\nb"', b'3,"a', b"4", b"", b"5,\xff", b'6,"a"b', b"7,\0"]),
        max_size=30,
    ),
)
JSON = st.builds(
    lambda items, end: b"[" + b",".join(items) + end,
    st.lists(st.sampled_from([b'{"id": 1}', b"2", b"[]"]), max_size=30),
    st.sampled_from([b"]", b"", b",", b"\xff", b"]]"]),
)
FILES = st.one_of(
    st.tuples(st.just("a.jsonl"), JSONL),
    st.tuples(st.just("a.csv"), CSV),
    st.tuples(st.just("a.json"), JSON),
)


@settings(max_examples=150, deadline=None)
@given(FILES, st.sampled_from(["", ".gz", "cut", "hurt"]), st.integers(1, 300), st.data())
def test_items_are_the_same_in_blocks_of_any_size_and_from_any_place(
    file: tuple[str, bytes], packing: str, size: int, data: st.DataObject
) -> None:
    name, content = file
    if packing:
        content = gzip.compress(content)
        name = f"{name}.gz"
    if packing == "cut":
        content = content[: data.draw(st.integers(1, len(content)))]
    if packing == "hurt":
        at = data.draw(st.integers(0, len(content) - 1))
        content = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, name))
        Path(path).write_bytes(content)
        whole = told(read_blocks(path))
        blocks = list(read_blocks(path, size=size))
        assert told(iter(blocks)) == whole
        count = 0
        for block in blocks:
            count += len(list(block.items()))
            assert told(read_blocks(path, block.end, size=size)) == whole[count:]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_long_file_is_the_same_from_any_place(write: Write, ending: str) -> None:
    content = b"".join(b'{"id": %d, "t": "%s"}\n' % (n, b"x" * (n % 700)) for n in range(3000))
    path = write(f"a.jsonl{ending}", gzip.compress(content) if ending else content)
    whole = told(read_blocks(path))
    blocks = list(read_blocks(path, size=100_000))
    assert len(whole) == 3000
    assert len(blocks) > 5
    count = 0
    for block in blocks:
        count += len(list(block.items()))
        assert block.end.line == count
        assert told(read_blocks(path, block.end)) == whole[count:]
    assert blocks[-1].end.at == len(content)
    assert blocks[-1].read == Path(path).stat().st_size
    assert [block.read for block in blocks] == sorted(block.read for block in blocks)


@pytest.mark.parametrize("rows", [30, 100, 10_000])
def test_a_parquet_file_is_the_same_from_any_place(write: Write, rows: int) -> None:
    path = write("a.parquet", b"")
    table = pa.table({"id": range(1000), "t": ["水" * 50] * 1000})
    pq.write_table(table, path, row_group_size=rows)
    whole = told(read_blocks(path))
    assert [row[0] for row in whole] == [f"a.parquet[{n}]" for n in range(1000)]
    for block in read_blocks(path, size=3000):
        rest = whole[block.end.at :]
        assert told(read_blocks(path, block.end)) == rest
    assert block.read == Path(path).stat().st_size


def test_a_damage_of_a_parquet_file_is_met_at_the_same_row_from_anywhere(write: Write) -> None:
    path = write("a.parquet", b"")
    table = pa.table({"id": [f"{n * 7919 % 10007}" for n in range(3000)]})
    options = {"compression": "zstd", "use_dictionary": False}
    pq.write_table(table, path, row_group_size=700, **options)
    data = Path(path).read_bytes()
    middle = len(data) // 2
    write(path, data[:middle] + b"\xff" * 200 + data[middle + 200 :])
    whole = told(read_blocks(path))
    assert 0 < len(whole) < 3000
    assert str(whole[-1]).startswith(f"a.parquet[{len(whole) - 1}]: damaged Parquet (")
    assert "; what follows was not read. Copy or export it again." in str(whole[-1])
    for block in read_blocks(path, size=500):
        assert told(read_blocks(path, block.end)) == whole[block.end.at :]


def test_a_line_that_is_too_long_is_passed_over(write: Write) -> None:
    path = write("a.jsonl", b'{"id": 1}\n"' + b"x" * (17 << 20) + b'"\n{"id": 3}\n')
    whole = [
        ("a.jsonl:1", {"id": 1}),
        "a.jsonl:2: longer than 16 MiB. Give one article a line.",
        ("a.jsonl:3", {"id": 3}),
    ]
    blocks = list(read_blocks(path))
    assert told(iter(blocks)) == whole
    assert told(read_blocks(path, size=1 << 30)) == whole
    assert max(len(block.lines) for block in blocks) < 1000
    assert told(read_blocks(path, blocks[1].end)) == whole[2:]


def test_a_block_comes_as_soon_as_whole_lines_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    end, begin = os.pipe()
    with open(end, "rb") as file, open(begin, "wb", buffering=0) as pipe:  # noqa: PTH123 - pipes
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        pipe.write(b'{"id": 1}\n{"id"')
        blocks = read_blocks("-")
        first = next(blocks)
        assert told(iter([first])) == [("standard input:1", {"id": 1})]
        assert first.end == Place(at=10, line=1)
        pipe.write(b": 2}")
        pipe.close()
        assert told(blocks) == [("standard input:2", {"id": 2})]


def test_standard_input_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe() -> None:
        buffer = io.BufferedReader(io.BytesIO(b'{"id": 1}\n{"id": 2}\n'))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=buffer))

    pipe()
    assert told(read_blocks("-", Place(at=10, line=1))) == [("standard input:2", {"id": 2})]


def test_a_block_goes_to_another_process(write: Write) -> None:
    for name, content in [("a.jsonl", '{"id": 1}\noops\n'), ("a.csv", "id\n1\n2,3\n")]:
        block = next(read_blocks(write(name, content)))
        again = pickle.loads(pickle.dumps(block))  # noqa: S301 - our own
        assert told(iter([again])) == told(iter([block]))
        assert (again.end, again.read) == (block.end, block.read)


@pytest.mark.parametrize(
    ("name", "content", "last"),
    [
        ("a.json", "", "a.json: an empty file. Export it again, or leave it out."),
        ("a.json", "[]", "a.json: no row in it. Export it again, or leave it out."),
        (
            "a.json",
            '[{"id": 1}, {"id"',
            (
                "a.json[1]: not JSON (parse error: premature EOF); what follows was not read. "
                "Mend or export the file again."
            ),
        ),
        (
            "a.csv",
            "a;b\n",
            (
                "a.csv:1: no column id, but: a;b; what follows was not read. Begin with a line of "
                "column names, id among them, separated by commas."
            ),
        ),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"id": 1}\n', mtime=0)[:-3],
            (
                "a.jsonl.gz: a gzip file that is cut short; what follows was not read. "
                "Copy or export it again."
            ),
        ),
    ],
)
def test_a_fault_of_the_content_is_the_last_item(
    write: Write, name: str, content: str | bytes, last: str
) -> None:
    path = write(name, content)
    blocks = list(read_blocks(path))
    assert told(iter(blocks))[-1] == last
    assert told(read_blocks(path, blocks[-1].end)) == []


def test_a_fault_of_the_system_is_raised(write: Write) -> None:
    write("b", "")
    with pytest.raises(UnreadableError, match=r"^a\.json: no such file or directory\."):
        next(read_blocks("a.json"))


def test_columns_are_those_of_the_file(write: Write) -> None:
    path = write("a.csv", "编号\n1\n")
    assert told(read_blocks(path, columns={"id": "编号"})) == [("a.csv:2", {"编号": "1"})]


def test_text_that_is_nested_counts_for_the_size_of_a_block(write: Write) -> None:
    deep: object = "x" * 100_000
    for _ in range(90):
        deep = [{"": deep}]
    for images in ([{"data": "x" * 100_000}], {"x" * 100_000: 1}, [0] * 20_000, deep):
        rows = [{"id": n, "images": images} for n in range(12)]
        blocks = list(read_blocks(write("a.json", json.dumps(rows))))
        assert max(len(block.held) for block in blocks) <= 3


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.parquet"])
def test_what_nobody_wants_does_not_go_into_a_block(write: Write, name: str) -> None:
    rows = [{"id": "1", "正文": "水", "domains": "ai", "other": "x" * 1000}] * 300
    path = write(name, json.dumps(rows))
    if name == "a.csv":
        lines = [",".join(row.values()) for row in rows]
        write(name, "\n".join([",".join(rows[0]), *lines]))
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    wanted = {"id", "正文", "domains"}
    blocks = list(read_blocks(path, columns={"content": "正文"}, wanted=wanted))
    cells = [item[1] for block in blocks for item in block.items() if isinstance(item, tuple)]
    assert cells == [{"id": "1", "正文": "水", "domains": "ai"}] * 300


def test_our_names_are_always_wanted(write: Write) -> None:
    path = write("a.json", '[{"id": 1, "title": "a", "正文": "b", "other": "c"}, 5]')
    assert told(read_blocks(path, columns={"content": "正文"}, wanted=())) == [
        ("a.json[0]", {"id": 1, "title": "a", "正文": "b"}),
        ("a.json[1]", 5),
    ]
