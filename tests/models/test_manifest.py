"""A manifest is read back as it was written, or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from labels.errors import VersionError
from models.manifest import NAME, Manifest, check_digests, read_manifest


@pytest.fixture
def edit(version: Path) -> Callable[..., str]:
    """Change fields of the manifest, and say what reading it then says."""

    def changed(**values: object) -> str:
        raw = json.loads((version / NAME).read_text("utf-8"))
        (version / NAME).write_text(json.dumps(raw | values), "utf-8")
        return refusal(version).removeprefix(f"{version}/")

    return changed


def refusal(folder: Path) -> str:
    with pytest.raises(VersionError) as refused:
        read_manifest(folder)
    return str(refused.value)


def test_a_manifest_is_read_back_as_it_was_written(version: Path, tmp_path: Path) -> None:
    manifest = read_manifest(version)
    manifest.write(tmp_path)
    assert read_manifest(tmp_path) == manifest
    assert (tmp_path / NAME).read_bytes() == (version / NAME).read_bytes()


def test_a_manifest_is_text_for_people(version: Path) -> None:
    lines = (version / NAME).read_text("utf-8").splitlines()
    assert lines[:4] == [
        "{",
        ' "format": 6,',
        ' "version": "20260101T000000Z-00000001",',
        ' "created": "2026-01-01T00:00:00+00:00",',
    ]


def test_a_folder_without_a_manifest_is_no_version(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"{tmp_path}: no model version: manifest.json is missing. Train again."
    )


def test_a_folder_that_is_not_there_is_no_version(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone") == (
        f"{tmp_path}/gone: no model version: manifest.json is missing. Train again."
    )


@pytest.mark.parametrize("data", [b"", b"{", b"format 3", b"\xff\xfe{}"])
def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)
    assert refusal(tmp_path) == f"{tmp_path}/manifest.json: not JSON. Train again."


@pytest.mark.parametrize("text", ["[]", "{}", "null", '"format 3"'])
def test_json_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, "utf-8")
    assert refusal(tmp_path) == (
        f"{tmp_path}/manifest.json: format None, and this newstag reads format 6. Train again."
    )


@pytest.mark.parametrize("number", [0, 1, 2, "3"])
def test_another_format_is_refused(edit: Callable[..., str], number: object) -> None:
    assert edit(format=number) == (
        f"manifest.json: format {number}, and this newstag reads format 6. Train again."
    )


@pytest.mark.parametrize(
    "name",
    [
        "latest",
        "../../20260101T000000Z-00000001",
        "20260101T000000Z-0000000G",
        "20260101T000000Z-00000001/",
        None,
        5,
    ],
)
def test_a_version_id_of_another_form_is_refused(edit: Callable[..., str], name: object) -> None:
    assert edit(version=name) == "manifest.json: not a manifest of newstag. Train again."


@pytest.mark.parametrize(
    "change",
    [
        {"counts": None},
        {"metrics": []},
        {"metrics": {"type_f1_macro": "0.9"}},
        {"rules": None},
        {"created": 5},
        {"blocks": {}},
    ],
    ids=str,
)
def test_a_field_of_another_kind_is_refused(
    edit: Callable[..., str], change: dict[str, object]
) -> None:
    assert edit(**change) == "manifest.json: not a manifest of newstag. Train again."


def test_a_manifest_that_lacks_a_field_is_refused(version: Path) -> None:
    raw = asdict(read_manifest(version))
    messages = set()
    for name in raw.keys() - {"format"}:
        rest = {key: value for key, value in raw.items() if key != name}
        (version / NAME).write_text(json.dumps(rest), "utf-8")
        messages.add(refusal(version))
    assert messages == {f"{version}/manifest.json: not a manifest of newstag. Train again."}


def test_a_field_that_is_new_to_this_newstag_is_passed_over(version: Path) -> None:
    manifest = read_manifest(version)
    (version / NAME).write_text(json.dumps(asdict(manifest) | {"later": 1}), "utf-8")
    assert read_manifest(version) == manifest


def test_the_digests_of_a_whole_version_agree(version: Path, manifest: Manifest) -> None:
    check_digests(version, manifest, manifest.scheme_digest)
    assert len(manifest.scheme_digest) == len(manifest.dictionary_digest) == 64


def test_another_scheme_than_the_manifests_is_refused(version: Path, manifest: Manifest) -> None:
    with pytest.raises(VersionError) as refused:
        check_digests(version, manifest, "0" * 64)
    assert str(refused.value) == (
        f"{version}/scheme.toml: not the scheme of the manifest. Train again."
    )


def test_another_dictionary_than_the_manifests_is_refused(
    version: Path, manifest: Manifest
) -> None:
    (version / "dictionary.txt").write_text("大模型\n", "utf-8")
    with pytest.raises(VersionError) as refused:
        check_digests(version, manifest, manifest.scheme_digest)
    assert str(refused.value) == (
        f"{version}/dictionary.txt: not the dictionary of the manifest. Train again."
    )


@pytest.fixture
def manifest(version: Path) -> Manifest:
    return read_manifest(version)
