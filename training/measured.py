"""Measured: what was judged of a recipe, from which its report is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labels.corpus import Corpus
from models.decision import trained_outputs
from training.counts import Rows
from training.deciding import Deciding
from training.learning import Point
from training.report import Gold, Report, report_on
from training.validation import Judged


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``rows`` of the ``evaluated`` ones judged in a partition a seed, and starter ones by themes.

    ``learning`` has the learning curve of each group.
    """

    evaluated: Rows
    rows: Rows
    seeds: Sequence[int]
    judged: Sequence[Judged]
    themes: Sequence[Judged]
    learning: dict[str, list[Point]]

    def report(self, corpus: Corpus, precision: float | None, deciding: Deciding) -> Report:
        """The report of a model of all of the corpus that decides so."""
        gold, rows = Gold.of(corpus), self.rows
        trained = trained_outputs(corpus.scheme, deciding.rules)
        always = np.all([one.learnt[rows] for one in self.judged], axis=(0, 1))
        untrained = corpus.scheme.labels_where(~trained)
        all_of_it = np.array([group.id in untrained for group in corpus.scheme.groups])
        judged, themes = (
            [replace(one, review=one.review | all_of_it) for one in parts]
            for parts in (self.judged, self.themes)
        )
        return Report(
            source="given" if corpus.given.any() else "starter",
            evaluated=len(rows),
            beside=len(corpus) - len(rows),
            seeds=list(self.seeds),
            fold_of=len(self.evaluated) if len(rows) < len(self.evaluated) else None,
            groups=report_on(gold, judged, rows, precision),
            unmeasured=gold.unmeasured(rows),
            untrained=untrained,
            unlearnt=corpus.scheme.labels_where(trained & ~always),
            themes=report_on(gold, themes, rows, precision) if themes else [],
            precision=precision,
            promises=dict(deciding.promises),
            learning=self.learning,
        )
