"""Features: which terms of an article a model counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

# ``markers`` are the words that a title sets in brackets, as in 【通知】, each as one term;
# ``dictionary`` the words of title and content that stand in the model's own dictionary.
Field = Literal["title", "lead", "body", "last", "whole", "markers", "dictionary"]
# ``shape`` are words with every digit written as 0, so that all dates and sums look alike.
Unit = Literal["word", "character", "shape"]

LEAD = 300  # characters of the normalised content
LAST = 200  # characters of the normalised content, blanks aside

Column = tuple[Field, Unit]

# Fields that are words and no running text have neither characters nor shapes.
COLUMNS: tuple[Column, ...] = tuple(
    (field, unit)
    for field in get_args(Field)
    for unit in get_args(Unit)
    if unit == "word" or field not in ("markers", "dictionary")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The n-grams, from ``low`` to ``high`` units long, of one field of an article.

    ``min_df`` is the number of training articles in which a term must stand. With ``sublinear``
    a term counts 1 + ln(tf), otherwise tf, the number of times that it occurs.
    """

    field: Field
    unit: Unit = "word"
    low: int = 1
    high: int = 1
    min_df: int = 2
    sublinear: bool = True

    @property
    def name(self) -> str:
        """For people and pipelines; what is usual is left out."""
        rare = f" min_df {self.min_df}" if self.min_df != 2 else ""
        plain = "" if self.sublinear else " plain tf"
        return f"{self.field} {self.unit} {self.low}-{self.high}{rare}{plain}"
