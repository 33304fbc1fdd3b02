"""Arrays: a scorer as files of a version, which stay on disk and are never unpickled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labels.errors import VersionError
from models.features import COLUMNS, Block
from models.keys import keys_of
from models.scorer import Scorer
from models.vocabulary import Vocabulary

_VOCABULARY = "vocabulary.txt"


def write_scorer(folder: Path, scorer: Scorer) -> None:
    """Write vocabulary and arrays; the manifest holds blocks and intercepts."""
    terms = "".join(f"{term}\n" for term in scorer.vocabulary.terms)
    (folder / _VOCABULARY).write_text(terms, "utf-8")
    arrays: dict[str, npt.NDArray[Any]] = {
        "shifts": scorer.vocabulary.shifts,
        "slots": scorer.vocabulary.slots,
        "rows": scorer.rows,
        "idf": scorer.idf,
        "weights": scorer.weights,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def read_scorer(
    folder: Path, blocks: tuple[Block, ...], intercepts: Sequence[float], outputs: int
) -> Scorer:
    """Open what ``write_scorer`` wrote.

    Raises:
        VersionError: arrays that do not fit together; ValueError: a block that there is not.
    """
    for block in blocks:
        if (block.field, block.unit) not in COLUMNS:
            raise ValueError(block.name)
    names = _mapped_bytes(folder / _VOCABULARY)
    scorer = Scorer(
        blocks=blocks,
        vocabulary=Vocabulary(
            shifts=_mapped(folder, "shifts"),
            slots=_mapped(folder, "slots"),
            read=partial(_terms, names),
        ),
        rows=_mapped(folder, "rows"),
        idf=_mapped(folder, "idf"),
        weights=_mapped(folder, "weights"),
        intercepts=np.array(intercepts, np.float64),
    )
    _check_shapes(folder, scorer, outputs)
    _check_numbers(folder, scorer, _terms(names))
    return scorer


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    """The array of a file, which stays on disk: workers share its pages."""
    # A plain view: numpy's own class for mapped arrays makes small operations slow.
    path = folder / f"{name}.npy"
    mapped: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return mapped


def _mapped_bytes(path: Path) -> npt.NDArray[np.uint8]:
    """A file, which can be read on when its folder has been removed, as arrays can."""
    if not path.stat().st_size:  # nothing cannot be mapped
        return np.zeros(0, np.uint8)
    return np.memmap(path, np.uint8, "r")


def _terms(names: npt.NDArray[np.uint8]) -> list[str]:
    """The vocabulary, a term a line."""
    return names.tobytes().decode("utf-8").split("\n")[:-1]


def _check_shapes(folder: Path, scorer: Scorer, outputs: int) -> None:
    shifts, slots, rows = scorer.vocabulary.shifts, scorer.vocabulary.slots, scorer.rows
    held = 1 + int(np.count_nonzero(rows))
    wanted: dict[str, tuple[npt.NDArray[Any], type[np.generic], tuple[int, ...]]] = {
        "shifts": (shifts, np.uint16, (_power_of_two(shifts),)),
        "slots": (slots, np.uint64, (_power_of_two(slots),)),
        "rows": (rows, np.int32, (len(slots) + 1, len(scorer.blocks))),
        "idf": (scorer.idf, np.float32, (held,)),
        "weights": (scorer.weights, np.float32, (held, outputs)),
        "intercepts": (scorer.intercepts, np.float64, (outputs,)),
    }
    for name, (found, kind, shape) in wanted.items():
        if found.shape != shape or found.dtype != kind:
            what = f"{name} of shape {found.shape} {found.dtype}, not {shape} {kind.__name__}"
            raise VersionError(str(folder), what, "Train again")


def _check_numbers(folder: Path, scorer: Scorer, terms: Sequence[str]) -> None:
    """No look-up may ever leave an array.

    Each row belongs to one term, term after term, and each term to one slot.
    """
    slots, rows = scorer.vocabulary.slots, scorer.rows
    if not np.array_equal(rows[rows != 0], np.arange(1, len(scorer.idf))) or rows[0].any():
        raise VersionError(str(folder), "rows that are not those of its terms", "Train again")
    known = (rows[1:] != 0).any(axis=1)
    found = scorer.vocabulary.find(keys_of(terms))
    if not np.array_equal(known, slots != 0) or not np.array_equal(found, slots.nonzero()[0] + 1):
        raise VersionError(str(folder), "a vocabulary that is not that of its keys", "Train again")


def _power_of_two(array: npt.NDArray[Any]) -> int:
    return 1 << max(len(array) - 1, 1).bit_length()
