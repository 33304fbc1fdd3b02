"""Output: predictions as JSONL or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from labels.scheme import Scheme
from models.prediction import Prediction

Write = Callable[[Prediction], None]


def writer_for(path: str, file: TextIO, scheme: Scheme) -> Write:
    """The writer that the ending of ``path`` asks for: CSV, or else JSONL."""
    return _csv(file, scheme) if Path(path).suffix.lower() == ".csv" else _jsonl(file)


def _jsonl(file: TextIO) -> Write:
    def write(prediction: Prediction) -> None:
        file.write(json.dumps(prediction.as_json(), ensure_ascii=False) + "\n")

    return write


def _csv(file: TextIO, scheme: Scheme) -> Write:
    """Columns id, each group and its score, review, reasons, model; several joined by |."""
    rows = csv.writer(file, lineterminator="\n")
    groups = [name for group in scheme.groups for name in (group.id, f"{group.id}_score")]
    rows.writerow(["id", *groups, "review", "reasons", "model"])

    def write(prediction: Prediction) -> None:
        cells = [prediction.id]
        for group in scheme.groups:
            labels = prediction.given[group.id]
            cells.append("|".join(labels))
            cells.append("|".join(str(prediction.scores[group.id][label]) for label in labels))
        review = "true" if prediction.review else "false"
        rows.writerow([*cells, review, "|".join(prediction.reasons), prediction.model])

    return write
