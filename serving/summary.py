"""A summary: what all articles of a job are called otherwise, label by label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from labels.scheme import Group, Scheme
from serving.work import LABELS

Counts = Mapping[str, int]

_MOVES = 12  # that are shown, the most frequent first


def summary(scheme: Scheme, counts: Counts, model: str, against: str) -> dict[str, object]:
    """Per label what it gained and lost, who moved where, and how much goes to review.

    ``against`` is a version's id, or ``labels``: nothing of those went to review then.
    """
    reviewed = against != LABELS
    shares = {"before": _share(counts, "review_before", "tagged")} if reviewed else {}
    return {
        "model": model,
        "against": against,
        "articles": counts.get("tagged", 0),
        "compared": counts.get("compared", 0),
        "changed": counts.get("changed", 0),
        "review": {**shares, "after": _share(counts, "review", "tagged")},
        "groups": {group.id: _group(group, counts, reviewed) for group in scheme.groups},
    }


def _share(counts: Counts, part: str, of: str) -> float | None:
    whole = counts.get(of, 0)
    return round(counts.get(part, 0) / whole, 6) if whole else None


def _group(group: Group, counts: Counts, reviewed: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "compared": counts.get(f"{group.id}:compared", 0),
        LABELS: {
            label: _label(f"{group.id}:{label}", counts, reviewed)
            for label in _labels(group, counts)
        },
    }
    if group.exclusive:
        found["moved"] = dict(sorted(_moves(group, counts), key=lambda move: (-move[1], move[0])))
    return found


def _labels(group: Group, counts: Counts) -> Iterable[str]:
    """Those of the scheme, and those that only the other version has."""
    parts = (name.split(":") for name in counts if name.startswith(f"{group.id}:"))
    met = {part[1] for part in parts if len(part) == 3 and part[2] != "moved"}
    return [*group.ids, *sorted(met - set(group.ids))]


def _label(name: str, counts: Counts, reviewed: bool) -> dict[str, object]:
    parts = {part: counts.get(f"{name}:{part}", 0) for part in ("kept", "gained", "lost")}
    before, after = parts["kept"] + parts["lost"], parts["kept"] + parts["gained"]
    sizes = {"before": before, "after": after}
    review = {"after": _of(counts.get(f"{name}:review", 0), after)}
    if reviewed:
        review = {"before": _of(counts.get(f"{name}:review_before", 0), before), **review}
    return {**sizes, **parts, "review": review}


def _of(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _moves(group: Group, counts: Counts) -> Iterator[tuple[str, int]]:
    for name, number in counts.items():
        owner, _, rest = name.partition(":")
        if owner == group.id and rest.endswith(":moved"):
            yield rest.removesuffix(":moved"), number


def summary_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A table a group, and the most frequent moves."""
    yield (
        f"{found['changed']:,} of {found['compared']:,} articles are called otherwise than by "
        f"{found['against']}"
    )
    yield f"for review: {_shares(found['review'])}"
    for group, part in found["groups"].items():
        yield ""
        yield f"{group:<28}{'before':>10}{'after':>10}{'gained':>10}{'lost':>10}  for review"
        for label, row in part["labels"].items():
            counts = "".join(f"{row[name]:>10,}" for name in ("before", "after", "gained", "lost"))
            yield f"  {label:<26}{counts}  {_shares(row['review'])}"
        for move, number in list(part.get("moved", {}).items())[:_MOVES]:
            yield f"  moved {move.replace('>', ' -> ')}: {number:,}"


def _shares(review: Mapping[str, float | None]) -> str:
    shares = ["-" if share is None else f"{share:.1%}" for share in review.values()]
    return " -> ".join(shares)
