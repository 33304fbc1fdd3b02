"""Output: predictions as rows of JSONL or CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Literal

from labels.scheme import Scheme
from models.prediction import Prediction

Rows = Literal["jsonl", "csv"]

_TO_QUOTE = re.compile(r'[",\r\n]')


def header(rows: Rows, scheme: Scheme) -> bytes:
    """What an output begins with: nothing, or the names of the columns."""
    return _csv_bytes([column_names(scheme)]) if rows == "csv" else b""


def column_names(scheme: Scheme) -> list[str]:
    """Columns of CSV and Parquet: id, each group and its score, review, reasons, model."""
    groups = [name for group in scheme.groups for name in (group.id, f"{group.id}_score")]
    return ["id", *groups, "review", "reasons", "model"]


def encoded(rows: Rows, predictions: Iterable[Prediction]) -> bytes:
    """A row a prediction; several labels, scores or reasons in a cell are joined by |."""
    if rows == "csv":
        return _csv_bytes(_cells(one) for one in predictions)
    lines = (json.dumps(one.as_json(), ensure_ascii=False) + "\n" for one in predictions)
    return "".join(lines).encode()


def _cells(prediction: Prediction) -> list[str]:
    cells = [prediction.id]
    for group in prediction.scheme.groups:
        labels = prediction.given[group.id]
        cells.append("|".join(labels))
        cells.append("|".join(str(prediction.scores[group.id][label]) for label in labels))
    review = "true" if prediction.review else "false"
    return [*cells, review, "|".join(prediction.reasons), prediction.model]


def _csv_bytes(rows: Iterable[list[str]]) -> bytes:
    """The csv module would leave a lone carriage return in an id without quotes."""
    return "".join(",".join(map(_quoted, cells)) + "\n" for cells in rows).encode()


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if _TO_QUOTE.search(cell) else cell
