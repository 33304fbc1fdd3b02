from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from labels.errors import InputError, UnreadableError
from labels.opening import Stream, opened
from labels.rows import Row, raise_it, read_rows

Write = Callable[[str, str | bytes | list[object]], str]

CONTENTS = {".json": '[{"id": "甲"}]', ".jsonl": '{"id": "甲"}\n', ".csv": "id\n甲\n"}
PLACES = {".json": "[0]", ".jsonl": ":1", ".csv": ":2"}


def strictly(path: str) -> list[Row]:
    return list(read_rows(path, raise_it))


def refusal(path: str) -> str:
    with pytest.raises(InputError) as caught:
        strictly(path)
    return str(caught.value)


@pytest.mark.parametrize("ending", CONTENTS)
@pytest.mark.parametrize("name", ["a{}.gz", "A{}.GZ", "a{}", "a.dat", "a.gz", "a.b.gz"])
def test_what_is_packed_with_gzip_is_unpacked(write: Write, ending: str, name: str) -> None:
    path = write(name.format(ending), gzip.compress(("\ufeff\n" + CONTENTS[ending]).encode()))
    where = "[0]" if ending == ".json" else f":{int(PLACES[ending][1:]) + 1}"
    assert strictly(path) == [(f"{path}{where}", {"id": "甲"})]


@pytest.mark.parametrize("ending", CONTENTS)
def test_standard_input_is_unpacked_too(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    buffer = io.BufferedReader(io.BytesIO(gzip.compress(CONTENTS[ending].encode())))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=buffer))
    assert strictly("-") == [(f"standard input{PLACES[ending]}", {"id": "甲"})]
    assert not buffer.closed


def test_several_packed_parts_are_one_file(write: Write) -> None:
    parts = [gzip.compress(f'{{"id": {n}}}\n'.encode()) for n in range(2)]
    assert [row for _, row in strictly(write("a.jsonl.gz", b"".join(parts)))] == [
        {"id": 0},
        {"id": 1},
    ]


@pytest.mark.parametrize("ending", CONTENTS)
def test_a_packed_file_that_is_cut_short_is_refused(write: Write, ending: str) -> None:
    path = write(f"a{ending}.gz", gzip.compress(CONTENTS[ending].encode())[:-5])
    assert refusal(path) == (
        f"a{ending}.gz: a gzip file that is cut short. Copy or export it again."
    )


def test_a_damaged_packed_file_is_refused(write: Write) -> None:
    data = bytearray(gzip.compress(b'{"id": 1}\n' * 1000))
    data[-8] ^= 1
    said = "a.jsonl.gz: a damaged gzip file (CRC check failed"
    assert refusal(write("a.jsonl.gz", bytes(data))).startswith(said)
    data[10:20] = b"\xff" * 10
    said = "a.jsonl.gz: a damaged gzip file (Error -3 while decompressing"
    assert refusal(write("a.jsonl.gz", bytes(data))).startswith(said)


def test_a_file_that_is_not_packed_as_it_says_is_refused(write: Write) -> None:
    assert refusal(write("a.jsonl.gz", '{"id": 1}\n')) == (
        "a.jsonl.gz: a damaged gzip file (Not a gzipped file (b'{\"')). Copy or export it again."
    )


@pytest.mark.parametrize(
    "content", [b"", gzip.compress(b"", mtime=0), gzip.compress(b"\n", mtime=0)]
)
def test_an_empty_packed_file_is_refused(write: Write, content: bytes) -> None:
    assert refusal(write("a.csv.gz", content)) == (
        "a.csv.gz: an empty file. Export it again, or leave it out."
    )


@pytest.mark.parametrize("name", ["a.parquet.gz", "a.dat.gz", "a.dat"])
def test_packed_parquet_is_refused(write: Write, name: str) -> None:
    assert refusal(write(name, gzip.compress(b"PAR1PAR1"))) == (
        f"{name}: Parquet within gzip, which cannot be read row by row. "
        "Unpack it: Parquet is compressed by itself."
    )


def test_parquet_from_a_pipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BufferedReader(io.BytesIO(b"PAR1PAR1"))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=buffer))
    assert refusal("-") == (
        "standard input: Parquet, which cannot be read from a pipe. Give the file by its name."
    )


def test_a_disk_that_fails_is_the_fault_of_the_system() -> None:
    def fail(_: int) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(UnreadableError) as caught:
        Stream(fail, "a.csv")
    assert str(caught.value) == (
        "a.csv: cannot be read (Input/output error). Check the disk or the connection."
    )


def test_a_closed_standard_input_is_the_fault_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableError, match=r"^standard input: closed\. Give a file"):
        strictly("-")


def test_bytes_that_come_one_by_one_are_enough_to_tell_a_file() -> None:
    waiting = io.BytesIO(gzip.compress(b"x"))
    stream = Stream(lambda _: waiting.read(1), "pipe")
    assert stream.head == gzip.compress(b"x")[:4]
    assert io.BufferedReader(stream).read() == waiting.getvalue()


def test_what_was_read_is_counted_as_it_lies_on_the_disk(write: Write) -> None:
    path = write("a.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 100))
    with opened(path) as file:
        assert len(file.file.read()) == 1000
        assert file.read == Path(path).stat().st_size < 100
