"""Training: from a corpus to a model with its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labels.corpus import Corpus
from labels.errors import InputError
from labels.scheme import Kind
from models.features import Block
from models.model import Model
from models.segmentation import (
    Segmenter,
    SegmenterName,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)
from models.text import Text, read_text
from training.candidates import candidates
from training.choice import Found, Trial
from training.counts import Rows, count
from training.deciding import Deciding, learn_deciding, probabilities, promised
from training.learning import learning_curves
from training.linear import Floats
from training.measured import Measured
from training.pipelines import Fitted, fit_pipelines
from training.problem import Problem, pose
from training.recipe import Recipe
from training.refusals import refuse_too_little, refuse_untrained
from training.report import Report
from training.search import search
from training.validation import Judged, Progress, judge, out_of_fold, partitions, theme_folds

# Articles that the partitions judge together, about; beyond it more partitions tell little, and
# so do more folds: where one holds as many, it is the only one that is judged.
_ENOUGH = 1000
# There the learning curve ends at half of the articles: its last point would cost as much again.
_HALF = 0.5


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
    *,
    dictionary: str | None = None,
) -> Trained:
    """Train on the whole corpus, and measure the recipe on articles held out of it.

    ``dictionary`` is the text of a dictionary file, the shipped one if none is given.

    With ``searching``, which is told how the search goes, the recipe is searched for; the report
    is then of recipes that were each chosen without the fold that they are judged on.

    Raises:
        InputError: too few labelled articles to learn a group.
    """
    refuse_too_little(corpus)
    dictionary = shipped_dictionary() if dictionary is None else dictionary
    cut = open_segmenter(segmenter, dictionary_words(dictionary))
    problem = replace(_posed(corpus, recipe, cut, searching is not None), threads=jobs)
    evaluated = _evaluated(corpus)
    many = len(np.unique(problem.clusters[evaluated])) >= _ENOUGH * recipe.folds
    parted = _parted(problem, evaluated, many)
    found = search(problem, parted, jobs, searching) if searching else None
    problem = replace(problem, recipe=found.recipe) if found else problem
    blocks = _usable(corpus, problem)
    scores = out_of_fold(problem, np.arange(len(corpus)), recipe.seed)
    deciding = learn_deciding(problem, np.arange(len(corpus)), scores)
    refuse_untrained(corpus, deciding)
    parted = [parted[0][:1]] if many else parted
    measured = _measured(corpus, problem, parted, found, jobs, progress)
    # The calibration and a recipe that was searched for have seen every label. The promise rests
    # on probabilities that owe nothing to their article, neither of the model nor of those.
    unseen = (measured.themes or measured.judged)[0].likely
    deciding = promised(problem, deciding, measured.rows, unseen)
    fitted = fit_pipelines(problem, blocks)
    return Trained(
        corpus=corpus,
        recipe=problem.recipe,
        segmenter=segmenter,
        model=_model(corpus, dictionary, fitted, deciding),
        fitted=fitted,
        report=measured.report(corpus, recipe.precision, deciding),
        likely=probabilities(problem, deciding, scores),
        trials=found.trials if found else (),
    )


def _posed(corpus: Corpus, recipe: Recipe, segmenter: Segmenter, search: bool) -> Problem:
    """The corpus as arrays; its texts, as large as itself, are let go."""
    texts = read_texts(corpus, segmenter)
    return pose(corpus, count(texts, _blocks(corpus, recipe, search)), recipe)


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
            "training", "the articles share no words", "Give more articles, or longer ones"
        )
    return kinds


def _evaluated(corpus: Corpus) -> Rows:
    """The articles to judge: the given ones, or the starter's where none was given."""
    return np.flatnonzero(corpus.given) if corpus.given.any() else np.arange(len(corpus))


def _parted(problem: Problem, evaluated: Rows, many: bool) -> list[list[Rows]]:
    """The partitions to search in and to judge by; of many articles one, its fullest fold first."""
    parted = partitions(problem, evaluated, _seeds(problem.recipe, evaluated))
    return [_fullest_first(problem, parted[0])] if many else parted


def _seeds(recipe: Recipe, rows: Rows) -> range:
    """One seed a partition."""
    count = max(1, min(recipe.partitions, _ENOUGH // len(rows)))
    return range(recipe.seed, recipe.seed + count)


def _fullest_first(problem: Problem, folds: Sequence[Rows]) -> list[Rows]:
    """By how many articles they hold when near-duplicates count once."""
    return sorted(folds, key=lambda rows: -len(np.unique(problem.clusters[rows])))


def _measured(  # noqa: PLR0913, PLR0917 - what is judged, with what, and who is told
    corpus: Corpus,
    problem: Problem,
    parted: Sequence[Sequence[Rows]],
    found: Found | None,
    jobs: int,
    progress: Progress,
) -> Measured:
    """Judge the recipe; where not all evaluated articles are, its learning curve ends early."""
    rows, evaluated = np.sort(np.concatenate(parted[0])), _evaluated(corpus)
    recipes = found.recipes if found else None
    most = _HALF if len(rows) < len(evaluated) else 1.0
    return Measured(
        evaluated=evaluated,
        rows=rows,
        seeds=_seeds(problem.recipe, evaluated),
        judged=judge(problem, parted, jobs, progress, recipes),
        themes=_judge_themes(corpus, problem, found, jobs),
        learning=learning_curves(problem, evaluated, parted[0], most, jobs, recipes),
    )


def _judge_themes(corpus: Corpus, problem: Problem, found: Found | None, jobs: int) -> list[Judged]:
    """Starter articles judged by models of other themes, where there is nothing better."""
    themes = theme_rows(corpus)
    if corpus.given.any() or len(themes) < 2:
        return []
    if not found:
        return judge(problem, [themes], jobs, _untold)
    # What was found without several themes was found without each of them.
    recipes = {
        (0, at): found.themes[0, fold]
        for fold, rows in enumerate(theme_folds(problem))
        for at, theme in enumerate(themes)
        if theme[0] in rows
    }
    return judge(problem, [themes], jobs, _untold, recipes)


def _untold(_done: int, _of: int) -> None:
    """No progress to tell: it takes a second or two."""


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
