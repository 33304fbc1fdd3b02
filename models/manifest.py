"""The manifest: what a model version is, readable by people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from labels.errors import VersionError
from models.files import sha256

FORMAT = 6
NAME = "manifest.json"
_KINDS: dict[str, type] = {"int": int, "str": str, "Mapping": dict, "list": list}  # in JSON
VERSION_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """``created`` is in UTC, ISO 8601. Digests are hexadecimal SHA-256.

    ``commit`` is that of the code that trained, with a + where it was changed since; empty where
    it was no checkout.
    """

    format: int
    version: str
    created: str
    commit: str
    scheme_digest: str
    dictionary_digest: str
    corpus_digest: str
    segmenter: str
    recipe: Mapping[str, object]
    blocks: list[Mapping[str, object]]
    intercepts: list[float]
    calibrations: Mapping[str, Mapping[str, object]]
    rules: Mapping[str, Mapping[str, object]]
    counts: Mapping[str, int]
    metrics: Mapping[str, float]
    libraries: Mapping[str, str]

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / NAME).write_text(text + "\n", "utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read and check the form of a manifest; not the sums.

    Raises:
        VersionError: no manifest, another format, or not one of ours.
    """
    path = folder / NAME
    fix = "Train again"
    try:
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise VersionError(str(folder), f"no model version: {NAME} is missing", fix) from error
    except ValueError as error:
        raise VersionError(str(path), "not JSON", fix) from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        what = f"format {found}, and this newstag reads format {FORMAT}"
        raise VersionError(str(path), what, fix)
    if not _is_manifest(raw):
        raise VersionError(str(path), "not a manifest of newstag", fix)
    return Manifest(**{field.name: raw[field.name] for field in fields(Manifest)})


def _is_manifest(raw: Mapping[str, Any]) -> bool:
    """Whether every field is there and of its kind; what is deeper inside is for its readers."""
    kinds = {field.name: _KINDS[str(field.type).partition("[")[0]] for field in fields(Manifest)}
    if not all(isinstance(raw.get(name), kind) for name, kind in kinds.items()):
        return False
    numbers = (*raw["counts"].values(), *raw["metrics"].values())
    counted = all(isinstance(number, int | float) for number in numbers)
    return counted and bool(VERSION_ID.fullmatch(raw["version"]))


def check_digests(folder: Path, manifest: Manifest, scheme_digest: str) -> None:
    """Refuse a version whose scheme or dictionary is not the one it was trained with.

    Raises:
        VersionError: says which.
    """
    if manifest.scheme_digest != scheme_digest:
        raise VersionError(
            str(folder / "scheme.toml"), "not the scheme of the manifest", "Train again"
        )
    if manifest.dictionary_digest != sha256(folder / "dictionary.txt"):
        path = str(folder / "dictionary.txt")
        raise VersionError(path, "not the dictionary of the manifest", "Train again")
