"""A problem: a corpus as arrays, to learn from some of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labels.corpus import Corpus
from labels.scheme import Scheme
from training.counts import Counts, Matrix, Rows
from training.linear import Bools, Examples, Floats, Linear, fit_linear
from training.recipe import Recipe

# Articles above which a copy of the counts for each process is too much memory.
_LARGE = 20_000


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A corpus as arrays: what validation needs, and cheap to send to other processes.

    A large one stays where it is: its folds are learnt one after the other, the labels of each
    by ``threads`` at once.

    ``targets`` has shape (n, outputs), ``known`` shape (n, groups). ``clusters`` of
    near-duplicates, ``kin`` and ``given`` have shape (n,); see ``Corpus``.
    """

    scheme: Scheme
    recipe: Recipe
    counts: Counts
    targets: Bools
    known: Bools
    clusters: Rows
    kin: Rows
    given: Bools
    threads: int = 1

    @property
    def large(self) -> bool:
        return len(self.targets) > _LARGE

    @property
    def mixed(self) -> bool:
        """Whether given articles stand beside starter ones."""
        return bool(self.given.any() and not self.given.all())

    def fit(self, at: int, features: Mapping[str, Matrix], train: Rows) -> Linear:
        """Learn group number ``at`` from those of the rows whose labels of it are known."""
        group = self.scheme.groups[at]
        rows = train[self.known[train, at]]
        learner = self.recipe.learner_of(group)
        weights = self.weights(rows, learner.given_weight)
        if self.large:  # a copy of the rows would be a gigabyte: the others weigh nothing instead
            rows, some = np.arange(len(self.targets)), rows
            weights, given = np.zeros(len(rows)), weights
            weights[some] = given
        mine = features[group.kind]
        examples = Examples(
            features=mine if len(rows) == mine.shape[0] else mine[rows],
            targets=self.targets[rows, self.scheme.columns(group)],
            weights=weights,
        )
        return fit_linear(group, examples, learner, self.recipe.seed, self.threads)

    def weights(self, rows: Rows, of_given: float) -> Floats:
        """What each row counts, shape (rows,); all the same where there is one source only."""
        return np.where(self.given[rows] & self.mixed, of_given, 1.0)

    def features(self, train: Rows) -> dict[str, Matrix]:
        """Features of all rows, by the kind of group that reads them."""
        kinds = {group.kind: group for group in self.scheme.groups}
        return {
            kind: self.counts.features(self.recipe.learner_of(group).blocks, train)
            for kind, group in kinds.items()
        }


def pose(corpus: Corpus, counts: Counts, recipe: Recipe) -> Problem:
    """The corpus as arrays."""
    return Problem(
        scheme=corpus.scheme,
        recipe=recipe,
        counts=counts,
        targets=corpus.strata,
        known=corpus.labelled,
        clusters=corpus.clusters,
        kin=corpus.kin,
        given=corpus.given,
    )
