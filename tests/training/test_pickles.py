"""No file of a logged model is a pickle, under whatever name and however it is compressed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest

from models.sums import PIPELINE
from tests.training.pickled import pickles_in


def test_no_file_of_a_logged_model_is_a_pickle(packed: Path) -> None:
    assert len([path for path in packed.rglob("*") if path.is_file()]) > 30
    assert pickles_in(packed) == []


def test_the_search_finds_the_pipeline_of_the_version(stored: Path, tmp_path: Path) -> None:
    assert pickles_in(stored) == [PIPELINE]
    (tmp_path / "data.npy").write_bytes((stored / PIPELINE).read_bytes())
    assert pickles_in(tmp_path) == ["data.npy"]


def dumped(compress: object) -> bytes:
    file = io.BytesIO()
    joblib.dump({"weights": np.arange(10_000.0)}, file, compress=compress)
    return file.getvalue()


def archived(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", data)
    return file.getvalue()


def object_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{}, ()], object), allow_pickle=True)
    return file.getvalue()


PRESSES: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "a zip": archived,
    "gzip of xz": lambda data: gzip.compress(lzma.compress(data)),
}
PLANTED = {
    **{
        f"{name}, protocol {protocol}": press(pickle.dumps([1, "二", (3.0,)], protocol))
        for name, press in PRESSES.items()
        for protocol in range(6)
    },
    **{f"joblib, {how}": dumped(how) for how in (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3))},
    "an instance, protocol 0": pickle.dumps(Path("a"), 0),
    "an array of objects": object_array(),
}


@pytest.mark.parametrize("data", PLANTED.values(), ids=PLANTED.keys())
def test_the_search_finds_a_planted_pickle_without_its_name(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "notes.txt").write_bytes(data)
    assert pickles_in(tmp_path) == ["deep/notes.txt"]


def test_the_search_finds_an_empty_file_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "python_model.pkl").write_bytes(b"")
    assert pickles_in(tmp_path) == ["python_model.pkl"]
