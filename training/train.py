"""Training: from a corpus to a model with its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labels.corpus import Corpus
from labels.errors import InputError
from labels.scheme import Group, Kind
from models.features import Block, Text, read_text
from models.model import Model
from models.segmentation import (
    Segmenter,
    SegmenterName,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)
from training.candidates import candidates
from training.counts import Rows, count
from training.linear import Floats, trained_labels
from training.pipelines import Fitted, fit_pipelines
from training.recipe import Recipe
from training.report import GroupReport, Report, report_on
from training.search import Trial, search
from training.validation import (
    Deciding,
    Judged,
    Problem,
    Progress,
    judge,
    learn_deciding,
    out_of_fold,
    partitions,
    pose,
)

# Articles that the partitions judge together, about; beyond it more partitions tell little.
_ENOUGH = 1000


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, the evidence for it, and its scikit-learn form.

    ``likely`` are out-of-fold probabilities of every sample, shape (n, outputs); ``trials``
    what a recipe search tried, none without one.
    """

    corpus: Corpus
    recipe: Recipe
    segmenter: SegmenterName
    model: Model
    fitted: Fitted
    report: Report
    likely: Floats
    trials: Sequence[Trial] = ()


def train(  # noqa: PLR0913, PLR0917 - what, how, and who is told of either part of the work
    corpus: Corpus,
    recipe: Recipe,
    segmenter: SegmenterName,
    jobs: int,
    progress: Progress,
    searching: Progress | None = None,
) -> Trained:
    """Train on the whole corpus, and measure the recipe on articles held out of it.

    With ``searching``, which is told how the search goes, the recipe is searched for; the report
    is then of recipes that were each chosen without the fold that they are judged on.

    Raises:
        InputError: too few labelled articles to learn a group.
    """
    _refuse_too_little(corpus)
    dictionary = shipped_dictionary()
    texts = read_texts(corpus, open_segmenter(segmenter, dictionary_words(dictionary)))
    problem = pose(corpus, count(texts, _blocks(corpus, recipe, searching is not None)), recipe)
    blocks = _usable(corpus, problem)
    parted = _partitions(corpus, problem)
    found = search(problem, parted, jobs, searching) if searching else None
    if found:
        problem = replace(problem, recipe=found.recipe)
        blocks = _usable(corpus, problem)
    every = np.arange(len(corpus))
    scores = out_of_fold(problem, every, recipe.seed)
    deciding = learn_deciding(problem, every, scores)
    judged = judge(problem, parted, jobs, progress, found.recipes if found else None)
    report = _report(corpus, problem, judged, deciding, jobs)
    fitted = fit_pipelines(problem, blocks, texts)
    return Trained(
        corpus=corpus,
        recipe=problem.recipe,
        segmenter=segmenter,
        model=_model(corpus, dictionary, fitted, deciding),
        fitted=fitted,
        report=report,
        likely=_probabilities(corpus, deciding, scores),
        trials=found.trials if found else (),
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


def read_texts(corpus: Corpus, segmenter: Segmenter) -> list[Text]:
    """Every article of the corpus, normalised and segmented."""
    return [read_text(sample.article, segmenter) for sample in corpus.samples]


def _blocks(corpus: Corpus, recipe: Recipe, search: bool) -> tuple[Block, ...]:
    """Every block that will be needed."""
    if not search:
        return recipe.blocks
    kinds = dict.fromkeys(group.kind for group in corpus.scheme.groups)
    tried = [learner for kind in kinds for learner in candidates(kind, mixed=True)]
    return tuple(dict.fromkeys((*recipe.blocks, *(block for one in tried for block in one.blocks))))


def _usable(corpus: Corpus, problem: Problem) -> dict[Kind, tuple[Block, ...]]:
    groups = {group.kind: group for group in corpus.scheme.groups}
    kinds = {
        kind: problem.counts.usable(problem.recipe.learner_of(group).blocks)
        for kind, group in groups.items()
    }
    if not all(kinds.values()):
        raise InputError(
            "training", "the articles share no words", "Give articles with titles or contents"
        )
    return kinds


def _partitions(corpus: Corpus, problem: Problem) -> list[list[Rows]]:
    """Folds of the articles to judge: the given ones, or the starter's where none was given."""
    of_given = bool(corpus.given.any())
    rows = np.flatnonzero(corpus.given) if of_given else np.arange(len(corpus))
    seeds = range(max(1, min(problem.recipe.partitions, _ENOUGH // len(rows))))
    return partitions(problem, rows, list(seeds))


def _report(
    corpus: Corpus, problem: Problem, judged: Sequence[Judged], deciding: Deciding, jobs: int
) -> Report:
    of_given = bool(corpus.given.any())
    rows = np.flatnonzero(corpus.given) if of_given else np.arange(len(corpus))

    def figures(parts: Sequence[Judged]) -> list[GroupReport]:
        return report_on(corpus.scheme, parts, problem.targets, problem.known, rows)

    themes = theme_rows(corpus)
    left_out = (
        judge(problem, [themes], jobs, lambda _done, _of: None)
        if not of_given and len(themes) > 1
        else []
    )
    return Report(
        source="given" if of_given else "starter",
        evaluated=len(rows),
        beside=len(corpus) - len(rows),
        seeds=list(range(len(judged))),
        groups=figures(judged),
        themes=figures(left_out) if left_out else [],
        precision=problem.recipe.precision,
        promises={group: list(held) for group, held in deciding.promises.items()},
    )


def theme_rows(corpus: Corpus) -> list[Rows]:
    """The rows of each theme."""
    themes = [sample.theme for sample in corpus.samples]
    return [
        np.array([at for at, one in enumerate(themes) if one == theme], np.intp)
        for theme in dict.fromkeys(themes)
    ]


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
