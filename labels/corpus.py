"""A corpus: articles that have labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from labels.article import Article
from labels.duplicates import SKETCH_SIZE, clusters, sketch
from labels.scheme import Group, Scheme

Source = Literal["given", "starter"]
LabelSource = Literal["labels file", "article row", "shipped gold"]
Labels = Mapping[str, frozenset[str]]  # group id to labels; a missing group is unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """An article, what it is called, and who says so.

    ``theme`` names the source of a starter article, as its articles have their style in common.
    """

    article: Article
    labels: Labels
    source: Source
    labelled_by: LabelSource
    theme: str | None = None


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Samples with ids of their own, in a fixed order, under one scheme."""

    scheme: Scheme
    samples: tuple[Sample, ...]

    def __len__(self) -> int:
        return len(self.samples)

    def known(self, group: Group) -> npt.NDArray[np.bool_]:
        """Which samples have labels of the group, shape (n,)."""
        return np.array([group.id in sample.labels for sample in self.samples], bool)

    def targets(self, group: Group) -> npt.NDArray[np.bool_]:
        """Which sample has which label, shape (n, labels of the group)."""
        rows = [
            [label in sample.labels.get(group.id, ()) for label in group.ids]
            for sample in self.samples
        ]
        return np.array(rows, bool).reshape(len(rows), len(group.ids))

    @cached_property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which samples have labels of which group, shape (n, groups)."""
        return np.column_stack([self.known(group) for group in self.scheme.groups])

    @cached_property
    def strata(self) -> npt.NDArray[np.bool_]:
        """All targets side by side, shape (n, outputs)."""
        return np.hstack([self.targets(group) for group in self.scheme.groups])

    @cached_property
    def given(self) -> npt.NDArray[np.bool_]:
        """Which samples were given by the user, not shipped, shape (n,)."""
        return np.array([sample.source == "given" for sample in self.samples], bool)

    @cached_property
    def sketches(self) -> npt.NDArray[np.uint32]:
        """Near-duplicate sketches, shape (n, 64)."""
        rows = [sketch(sample.article) for sample in self.samples]
        return np.array(rows, np.uint32).reshape(len(rows), SKETCH_SIZE)

    @cached_property
    def clusters(self) -> npt.NDArray[np.intp]:
        """The near-duplicate cluster of each sample, shape (n,)."""
        return clusters(self.sketches)

    @cached_property
    def kin(self) -> npt.NDArray[np.intp]:
        """As ``clusters``, with all starter articles of one theme in one cluster as well.

        To leave a whole theme out is the nearer guess at how posts of another source will do.
        """
        kin = self.clusters.copy()
        for theme in dict.fromkeys(s.theme for s in self.samples if s.theme is not None):
            members = np.array([sample.theme == theme for sample in self.samples], bool)
            kin[np.isin(kin, kin[members])] = kin[members].min()
        return kin

    def digest(self) -> str:
        """SHA-256 over ids, texts and labels, whatever their order."""
        rows = sorted(
            json.dumps([s.article.id, s.article.text_digest(), plain(s.labels)], sort_keys=True)
            for s in self.samples
        )
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def plain(labels: Labels) -> dict[str, list[str]]:
    """Labels as JSON writes them."""
    return {group: sorted(names) for group, names in labels.items()}
