"""Naming: figures under flat names that are unlike each other and short enough for MLflow."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 250  # characters of a name, to MLflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A figure: of one ``label`` by a ``stem`` such as type_f1, or named by the stem alone.

    Those that are not ``main`` are kept, but would crowd a table of runs.
    """

    stem: str
    value: float
    label: str = ""
    main: bool = True

    @property
    def plain(self) -> str:
        return f"{self.stem}_{self.label}" if self.label else self.stem


def by_name(metrics: Sequence[Metric]) -> dict[str, Metric]:
    """The figures by name: type_f1_macro, type_f1_news.

    Where a label's name is that of another figure too, as of a label ``macro``, it is
    type_f1:macro: no id has a colon. Of a name of more than 250 characters the beginning is left,
    and a digest of all of it.
    """
    counted = Counter(one.plain for one in metrics)
    return {
        short(f"{one.stem}:{one.label}" if one.label and counted[one.plain] > 1 else one.plain): one
        for one in metrics
    }


def short(name: str) -> str:
    """At most 250 characters; the beginning and a digest of the whole where it had more."""
    if len(name) <= MOST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: MOST - 1 - len(digest)]}_{digest}"
