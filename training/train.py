"""Training: from a corpus to a model with its report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labels.corpus import Corpus
from labels.errors import InputError
from labels.scheme import Group, Kind
from models.features import Block, Text, read_text
from models.model import Model
from models.segmentation import (
    SegmenterName,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)
from training.counts import Counts, count
from training.linear import Floats, trained_labels
from training.pipelines import Fitted, fit_pipelines
from training.recipe import Recipe
from training.report import Report, report_on
from training.validation import (
    Deciding,
    Problem,
    Progress,
    judge,
    learn_deciding,
    out_of_fold,
    pose,
)

# Articles that the partitions judge together, about; beyond it more partitions tell little.
_ENOUGH = 2000


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, the evidence for it, and its scikit-learn form.

    ``likely`` are out-of-fold probabilities of every sample, shape (n, outputs).
    """

    corpus: Corpus
    recipe: Recipe
    segmenter: SegmenterName
    model: Model
    fitted: Fitted
    report: Report
    likely: Floats


def train(
    corpus: Corpus, recipe: Recipe, segmenter: SegmenterName, jobs: int, progress: Progress
) -> Trained:
    """Train on the whole corpus, and measure the recipe on articles held out of it.

    Raises:
        InputError: too few labelled articles to learn a group.
    """
    _refuse_too_little(corpus)
    dictionary = shipped_dictionary()
    texts = _read(corpus, segmenter, dictionary)
    counts = count(texts, recipe.blocks)
    blocks = _usable(corpus, recipe, counts)
    problem = pose(corpus, counts, recipe)
    report = _evaluate(corpus, problem, jobs, progress)
    every = np.arange(len(corpus))
    scores = out_of_fold(problem, every, recipe.seed)
    deciding = learn_deciding(problem, every, scores)
    fitted = fit_pipelines(problem, blocks, texts)
    return Trained(
        corpus=corpus,
        recipe=recipe,
        segmenter=segmenter,
        model=_model(corpus, dictionary, fitted, deciding),
        fitted=fitted,
        report=report,
        likely=_probabilities(corpus, deciding, scores),
    )


def _refuse_too_little(corpus: Corpus) -> None:
    for group in corpus.scheme.groups:
        known = corpus.known(group)
        trained = trained_labels(group, corpus.targets(group)[known])
        least = 2 if group.exclusive else 1
        if trained.sum() < least:
            raise InputError(
                "training",
                f"too few labelled articles for {group.id}: {_counted(corpus, group)}",
                f"Give at least 2 articles each for {least} or more of its labels",
            )


def _counted(corpus: Corpus, group: Group) -> str:
    counts = corpus.targets(group).sum(axis=0).tolist()
    return ", ".join(f"{label} {n}" for label, n in zip(group.ids, counts, strict=True))


def _read(corpus: Corpus, segmenter: SegmenterName, dictionary: str) -> list[Text]:
    engine = open_segmenter(segmenter, dictionary_words(dictionary))
    return [read_text(sample.article, engine) for sample in corpus.samples]


def _usable(corpus: Corpus, recipe: Recipe, counts: Counts) -> dict[Kind, tuple[Block, ...]]:
    kinds = {group.kind: counts.usable(recipe.blocks_of(group)) for group in corpus.scheme.groups}
    if not all(kinds.values()):
        raise InputError(
            "training", "the articles share no words", "Give articles with titles or contents"
        )
    return kinds


def _evaluate(corpus: Corpus, problem: Problem, jobs: int, progress: Progress) -> Report:
    """Judge the given articles, or the starter's where none was given."""
    of_given = bool(corpus.given.any())
    rows = np.flatnonzero(corpus.given) if of_given else np.arange(len(corpus))
    seeds = list(range(max(1, min(problem.recipe.partitions, _ENOUGH // len(rows)))))
    judged = judge(problem, rows, seeds, jobs, progress)
    return Report(
        source="given" if of_given else "starter",
        evaluated=len(rows),
        beside=len(corpus) - len(rows),
        seeds=seeds,
        groups=report_on(corpus.scheme, judged, problem.targets, problem.known, rows),
    )


def _model(corpus: Corpus, dictionary: str, fitted: Fitted, deciding: Deciding) -> Model:
    return Model(
        scheme=corpus.scheme,
        dictionary=dictionary,
        scorer=fitted.as_scorer(),
        calibrations=deciding.calibrations,
        rules=deciding.rules,
    )


def _probabilities(corpus: Corpus, deciding: Deciding, scores: Floats) -> Floats:
    groups = corpus.scheme.groups
    return np.hstack(
        [deciding.calibrations[g.id](scores[:, corpus.scheme.columns(g)]) for g in groups]
    )
