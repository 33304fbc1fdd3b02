"""A comparison of two versions: where one is better, how surely, and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from labels.errors import VersionError
from training.changes import ArticleChange, Exact, GroupChange, LabelChange
from training.phrases import percent
from training.sides import LEAST
from training.simultaneous import Difference

COMPARISON = "comparison.json"  # in a version: against the champion that it was trained under


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``second`` against ``first`` on the ``articles`` that both have, out of fold.

    See ``training.sides.Sides`` for ``source``, ``relabelled``, ``edited``, ``starter`` and
    ``searched``. ``reviewed`` are the shares of articles that go to a person. ``refused`` says why
    nothing could be compared.
    """

    first: str
    second: str
    source: Literal["given", "all"]
    articles: int
    distinct: int
    relabelled: int
    edited: int
    starter: int
    reviewed: tuple[float, float]
    searched: list[str]
    groups: list[GroupChange]
    labels: list[LabelChange]
    changed: list[ArticleChange]
    refused: str = ""

    @property
    def enough(self) -> bool:
        """Whether there are articles enough in common to say anything."""
        return self.distinct >= LEAST

    @property
    def better(self) -> list[LabelChange]:
        """The labels that are shown better."""
        return [one for one in self.labels if one.difference.better]

    @property
    def worse(self) -> list[LabelChange]:
        """The labels that are shown worse."""
        return [one for one in self.labels if one.difference.worse]

    @property
    def better_phrases(self) -> list[str]:
        """What is shown better, in words."""
        return _phrases(self.better, [one for one in self.groups if one.exact.difference.better])

    @property
    def worse_phrases(self) -> list[str]:
        """What is shown worse, in words."""
        return _phrases(self.worse, [one for one in self.groups if one.exact.difference.worse])

    @property
    def unjudged(self) -> list[GroupChange]:
        """The groups that articles get other labels of, with too few known ones to judge that."""
        moved = {one.group for one in self.changed}
        return [one for one in self.groups if one.group in moved and not one.enough]

    @property
    def verdict(self) -> str:
        """The whole of it in one sentence, to stand behind a colon."""
        if self.refused:
            return f"not compared: {self.refused}"
        if self.first == self.second:
            return "no difference: it is the same version"
        if not self.articles:
            return "nothing to compare: they have no article in common"
        return "; ".join([self._shown(), *self._review()])

    def _shown(self) -> str:
        judged = {one.id for one in self.changed if one.outcome != "not judged"}
        moved = f"{len(judged)} of {self.articles} common articles get other labels"
        if not self.enough:
            needed = f"{LEAST} distinct ones are needed, not {self.distinct}"
            return f"too few to tell: {moved}, and {needed}"
        if not self.changed:
            return f"no difference: all {self.articles} common articles get the same labels"
        shown = [
            f"{word} on {', '.join(phrases)}"
            for word, phrases in (("worse", self.worse_phrases), ("better", self.better_phrases))
            if phrases
        ]
        found = f"shown {' and '.join(shown)}; {moved}"
        if not shown:
            found = f"not shown different: {moved}, for no label more than chance explains"
        others = len({one.id for one in self.changed}) - len(judged)
        more = [f"{others} more do where their group is judged on given ones"] if others else []
        return "; ".join([found, *more, *map(_unjudged_phrase, self.unjudged)])

    def _review(self) -> Iterator[str]:
        before, after = map(percent, self.reviewed)
        if before != after:
            yield f"{after} instead of {before} of all go to review"

    def as_dict(self) -> dict[str, object]:
        return {"verdict": self.verdict, **asdict(self)}

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)


def _phrases(labels: Sequence[LabelChange], groups: Sequence[GroupChange]) -> list[str]:
    """A group as a whole only where none of its labels says as much."""
    named = {one.group for one in labels}
    whole = [one.phrase for one in groups if one.group not in named]
    return [*(one.phrase for one in labels), *whole]


def _unjudged_phrase(one: GroupChange) -> str:
    return f"{one.group} is not judged, as only {one.distinct} have gold labels of it"


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
        reviewed=(0.0, 0.0),
        searched=[],
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
                "reviewed": _pair(raw["reviewed"]),
                "groups": [_group_change(one) for one in raw["groups"]],
                "labels": [_label_change(one) for one in raw["labels"]],
                "changed": [ArticleChange(**one) for one in raw["changed"]],
            }
        )
    except (AttributeError, OSError, ValueError, LookupError, TypeError) as error:
        raise VersionError(str(path), "missing or not a comparison", "Train again") from error


def _group_change(raw: dict[str, Any]) -> GroupChange:
    exact = raw["exact"]
    read = {
        "difference": Difference(**raw["difference"]),
        "exact": Exact(**{**exact, "difference": Difference(**exact["difference"])}),
        "reviewed": _pair(raw["reviewed"]),
    }
    return GroupChange(**{**raw, **read})


def _pair(raw: Any) -> tuple[float, float]:
    first, second = raw
    return float(first), float(second)


def _label_change(raw: dict[str, Any]) -> LabelChange:
    return LabelChange(**{**raw, "difference": Difference(**raw["difference"])})
