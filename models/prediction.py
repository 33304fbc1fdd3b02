"""A prediction: what one article was called, how surely, and whether a person should look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labels.scheme import Scheme
from models.explanation import Explanation

DECIMALS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The labels given to one article, with the probabilities of all labels.

    ``given`` maps a group id to label ids, the likeliest first; ``scores`` maps a group id to
    label ids and probabilities, the likeliest first. ``explain`` is there where it was asked for.
    ``words`` counts the article's words, and ``unknown`` those that the model has never seen.
    """

    id: str
    scheme: Scheme
    given: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, Mapping[str, float]]
    reasons: tuple[str, ...]
    model: str
    words: int = 0
    unknown: int = 0
    explain: Explanation | None = None

    @property
    def review(self) -> bool:
        return bool(self.reasons)

    def as_json(self) -> dict[str, object]:
        """The object that every client gets; see the README for its shape."""
        groups: dict[str, object] = {}
        for group in self.scheme.groups:
            labels = [
                {"label": label, "score": self.scores[group.id][label]}
                for label in self.given[group.id]
            ]
            groups[group.id] = labels[0] if group.exclusive else labels
        shown = {
            "id": self.id,
            **groups,
            "review": self.review,
            "reasons": list(self.reasons),
            "scores": {group: dict(scores) for group, scores in self.scores.items()},
            "model": self.model,
        }
        if self.explain is not None:
            shown["explain"] = {
                group: {label: one.as_json() for label, one in labels.items()}
                for group, labels in self.explain.items()
            }
        return shown
