"""Suspects: labels that a model, which had not seen their article, believes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from labels.corpus import Labels
from labels.scheme import Scheme

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# With fewer articles that have a label, or that lack it, their mean probability means nothing.
LEAST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A label that an article has and should perhaps lack, or the other way round.

    ``likely`` is the probability, out of fold, that the article has the label; ``margin`` how
    far it lies beyond what is usual of articles labelled the other way, 0 to 1.
    """

    id: str
    group: str
    label: str
    has: bool
    likely: float
    margin: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unjudged:
    """A label with too few articles, with it or without it, to judge."""

    group: str
    label: str
    having: int
    lacking: int


def suspects(
    scheme: Scheme,
    ids: Sequence[str],
    labels: Sequence[Labels],
    likely: Floats,
) -> tuple[list[Suspect], list[Unjudged]]:
    """Suspects, the strongest first, and the labels that could not be judged.

    Confident learning (Northcutt et al. 2021), one label against the rest: an article that has
    the label is suspect when its probability of lacking it reaches the mean of the articles
    that do lack it, and the other way round. ``likely`` has shape (n, outputs), out of fold.
    """
    found: list[Suspect] = []
    unjudged: list[Unjudged] = []
    for group in scheme.groups:
        known = np.array([group.id in one for one in labels], bool)
        for at, label in enumerate(group.ids):
            column = likely[:, scheme.columns(group)][:, at]
            seen = known & np.isfinite(column)
            having = np.array([label in one.get(group.id, ()) for one in labels], bool) & seen
            lacking = seen & ~having
            counts = int(having.sum()), int(lacking.sum())
            if min(counts) < LEAST:
                few = Unjudged(group=group.id, label=label, having=counts[0], lacking=counts[1])
                unjudged.append(few)
                continue
            found += [
                Suspect(id=ids[row], group=group.id, label=label, has=has, **figures)
                for row, has, figures in _beyond(column, having, lacking)
            ]
    return sorted(found, key=lambda one: (-one.margin, one.id)), unjudged


def _beyond(
    likely: Floats, having: Bools, lacking: Bools
) -> Iterator[tuple[int, bool, dict[str, float]]]:
    """Rows, whether each has the label, and the figures of a suspect."""
    usual_with, usual_without = float(likely[having].mean()), float(likely[lacking].mean())
    if usual_with <= usual_without:  # the model tells nothing apart: it has no say
        return
    for has, rows in ((True, having), (False, lacking)):
        room = usual_without if has else 1 - usual_with
        for row in np.flatnonzero(rows).tolist():
            # At the mean of the other side an article is just suspect.
            beyond = usual_without - likely[row] if has else likely[row] - usual_with
            if beyond >= 0:
                margin = round(float(beyond) / room, 6) if room > 0 else 1.0
                yield row, has, {"likely": round(float(likely[row]), 6), "margin": margin}


def suspect_lines(found: Sequence[Suspect]) -> Iterator[str]:
    """Suspects for a terminal."""
    width = max((len(one.id) for one in found), default=0)
    for one in found:
        says = "has" if one.has else "lacks"
        yield f"{one.id:{width}}  {says:5} {one.group}:{one.label}, probability {one.likely:.3f}"
    if not found:
        yield "no label looks wrong"


def unjudged_lines(unjudged: Sequence[Unjudged]) -> Iterator[str]:
    """Labels that could not be judged, for a terminal."""
    for few in unjudged:
        yield (
            f"too few to judge {few.group}:{few.label}: {few.having} articles with it, "
            f"{few.lacking} without, {LEAST} of each are needed"
        )
