"""A comparison of two versions: where one is better, how surely, and what changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from labels.errors import VersionError
from training.sides import LEAST
from training.simultaneous import Difference

COMPARISON = "comparison.json"  # in a version: against the champion that it was trained under

Outcome = Literal["mended", "broken", "still wrong", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelChange:
    """A label on the articles of which it is known whether they have it.

    ``articles`` have it in the gold; ``gained`` got it from the second side only, ``lost`` from
    the first only. The interval of ``difference`` holds together with those of all labels.
    """

    group: str
    label: str
    articles: int
    first: float
    second: float
    gained: int
    lost: int
    difference: Difference


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupChange:
    """A group on the ``articles`` whose labels of it are known.

    ``first`` and ``second`` are macro-F1; the interval of ``difference`` is of this one figure
    alone. ``reviewed`` are the shares that go to a person because of the group.
    """

    group: str
    articles: int
    first: float
    second: float
    difference: Difference
    reviewed: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleChange:
    """An article that the two label differently in a group; ``gold`` is None where not known."""

    id: str
    group: str
    first: list[str]
    second: list[str]
    gold: list[str] | None
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``second`` against ``first`` on the ``articles`` that both have, out of fold.

    See ``training.sides.Sides`` for ``source``, ``relabelled``, ``edited`` and ``starter``.
    ``refused`` says why nothing could be compared.
    """

    first: str
    second: str
    source: Literal["given", "all"]
    articles: int
    distinct: int
    relabelled: int
    edited: int
    starter: int
    groups: list[GroupChange]
    labels: list[LabelChange]
    changed: list[ArticleChange]
    refused: str = ""

    @property
    def enough(self) -> bool:
        """Whether there are articles enough in common to say anything."""
        return self.articles >= LEAST

    @property
    def better(self) -> list[LabelChange]:
        """The labels that are shown better, the surest first."""
        return [one for one in self.labels if one.difference.low > 0 and one.difference.shown]

    @property
    def worse(self) -> list[LabelChange]:
        """The labels that are shown worse."""
        return [one for one in self.labels if one.difference.high < 0 and one.difference.shown]

    @property
    def verdict(self) -> str:
        """The whole of it in one sentence, to stand behind a colon."""
        if self.refused:
            return f"not compared: {self.refused}"
        if not self.changed:
            return self._without_changes()
        articles = len({one.id for one in self.changed})
        moved = f"{articles} of {self.articles} common articles get other labels"
        if not self.enough:
            return f"too few to tell: {moved}, and {LEAST} common ones are needed"
        shown = [
            f"{word} on {', '.join(map(_label_phrase, labels))}"
            for word, labels in (("worse", self.worse), ("better", self.better))
            if labels
        ]
        if shown:
            return f"shown {' and '.join(shown)}; {moved}"
        return f"not shown different: {moved}, for no label more than chance explains"

    def _without_changes(self) -> str:
        if self.first == self.second:
            return "no difference: it is the same version"
        if not self.articles:
            return "nothing to compare: they have no article in common"
        return f"no difference: all {self.articles} common articles get the same labels"

    def as_dict(self) -> dict[str, object]:
        return {"verdict": self.verdict, **asdict(self)}

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)


def _label_phrase(one: LabelChange) -> str:
    return f"{one.group}:{one.label} (F1 {interval_phrase(one.difference)})"


def interval_phrase(difference: Difference) -> str:
    """A difference with its interval, signs and all."""
    return f"{difference.value:+.3f}, {difference.low:+.3f} to {difference.high:+.3f}"


def not_compared(first: str, second: str, why: str) -> Comparison:
    """What stands for a comparison that could not be made."""
    return Comparison(
        first=first,
        second=second,
        source="all",
        articles=0,
        distinct=0,
        relabelled=0,
        edited=0,
        starter=0,
        groups=[],
        labels=[],
        changed=[],
        refused=why,
    )


def read_comparison(path: Path) -> Comparison:
    """The comparison that a version remembers.

    Raises:
        VersionError: there is none, or it is damaged.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        raw.pop("verdict")
        return Comparison(
            **{
                **raw,
                "groups": [_group_change(one) for one in raw["groups"]],
                "labels": [_label_change(one) for one in raw["labels"]],
                "changed": [ArticleChange(**one) for one in raw["changed"]],
            }
        )
    except (AttributeError, OSError, ValueError, LookupError, TypeError) as error:
        raise VersionError(str(path), "missing or not a comparison", "Train again") from error


def _group_change(raw: dict[str, Any]) -> GroupChange:
    difference, reviewed = Difference(**raw["difference"]), raw["reviewed"]
    return GroupChange(**{**raw, "difference": difference, "reviewed": (reviewed[0], reviewed[1])})


def _label_change(raw: dict[str, Any]) -> LabelChange:
    return LabelChange(**{**raw, "difference": Difference(**raw["difference"])})
