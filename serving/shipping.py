"""Shipping: the versions of a work as bytes, which any machine can put down again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from models.segmentation import SegmenterName
from models.sums import NAME, check_sums, sums_text, sums_without_pipeline
from models.version import load_predictor
from serving.work import LABELS, Work


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """The files of versions, by where they are put down; without the pickle of each."""

    name: str
    versions: Mapping[str, Mapping[str, bytes]]
    segmenter: SegmenterName

    def unpack(self, folder: Path) -> None:
        """Write the versions below a folder, and see whether they load there.

        Raises:
            VersionError: one does not.
        """
        for version, files in self.versions.items():
            target = folder / self.name / version
            target.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                (target / name).write_bytes(data)
            load_predictor(target, self.segmenter)


def packed(name: str, work: Work) -> Shipment:
    """The versions that a work needs.

    Raises:
        VersionError: one of them is damaged.
    """
    given = {_place(work.model, "now"): work.model}
    if work.against not in {"", LABELS}:
        given[_place(work.against, "before")] = work.against
    versions = {place: _files(Path(folder)) for place, folder in given.items()}
    return Shipment(name=name, versions=versions, segmenter=work.segmenter)


def _place(version: str, role: str) -> str:
    """Two versions to compare may have the same name, in stores of their own."""
    return f"{role}/{Path(version).name}"


def _files(version: Path) -> dict[str, bytes]:
    check_sums(version)
    listed = sums_without_pipeline(version)
    files = {name: (version / name).read_bytes() for name in listed}
    return {**files, NAME: sums_text(listed).encode()}


def unpacked(work: Work, folder: Path, name: str) -> Work:
    """The work, with its versions where a shipment has put them down."""

    def there(version: str, role: str) -> str:
        return str(folder / name / _place(version, role))

    against = work.against if work.against in {"", LABELS} else there(work.against, "before")
    return replace(work, model=there(work.model, "now"), against=against)
