"""Whatever the bytes, nothing but an InputError leaves the readers."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.article import article_from
from labels.blocks import read_blocks
from labels.errors import InputError

ROWS = [{"id": n, "title": '水😀"\\', "content": "湖" * n, "n": [{"x": 1.5}]} for n in range(9)]
TABLE = "id,标题,content\n" + "".join(f'{n},"水,\n""x",湖\n' for n in range(9))


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file, row_group_size=4)
    return file.getvalue()


FILES = {
    "a.json": json.dumps(ROWS).encode(),
    "b.json": json.dumps(ROWS, ensure_ascii=False).encode(),
    "a.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "a.csv": TABLE.encode(),
    "b.csv": TABLE.encode("gb18030"),
    "a.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    "a.parquet": parquet(),
}
PIECES = [
    *(
        b'"',
        b"\\",
        b"\\\\\\",
        rb"\ud83d",
        rb"\udc00",
        b"[",
        b"{",
        b"]",
        b"}",
        b",",
        b":",
        b"\n",
        b"\r",
    ),
    *(b"\0", b"\xff", b"\x81\x30", b"\xed\xa0\x80", b"-", b"0.", b"NaN", b"PAR1", b"\x1f\x8b"),
    *(b"1" * 5000, b"1e9999999999999999999", b"[" * 200, b"\\" * 3000),
]
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES)), min_size=1, max_size=6
)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(CHANGES, st.booleans(), st.sampled_from([1, 100, 1 << 18]))
def test_nothing_but_an_input_error_leaves_the_readers(
    name: str, changes: list[tuple[float, int, bytes]], ends: bool, size: int
) -> None:
    data = FILES[name]
    for share, lost, piece in changes:
        at = int(share * len(data))
        data = data[:at] + piece + data[at + lost :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name if ends else "x.dat")
        path.write_bytes(data)
        for block in read_blocks(str(path), size=size):
            for item in block.items():
                assert isinstance(item, InputError | tuple)
                if not isinstance(item, InputError):
                    with contextlib.suppress(InputError):
                        article_from(item[1], item[0])
