from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labels.corpus import Corpus
from models.calibration import Calibration
from models.features import Block
from training import search as searching
from training.calibrate import Evidence, fit_calibration
from training.choice import Found, Trial
from training.counts import count
from training.problem import Problem, pose
from training.recipe import Learner, Recipe
from training.search import search
from training.train import read_texts, train
from training.validation import Judged, judge, partitions, theme_folds

GOOD = Learner(blocks=(Block(field="whole"),))
POOR = Learner(blocks=(Block(field="markers", min_df=1), Block(field="title", high=1)))
FEW = {"exclusive": [POOR, GOOD], "multi": [GOOD, replace(GOOD, classifier="logistic")]}


def worth_of(trial: Trial) -> float:
    assert trial.f1 is not None
    assert trial.loss is not None
    return trial.f1 - trial.loss


def quiet(_done: int, _of: int) -> None:
    pass


@pytest.fixture(scope="module")
def problem(corpus: Corpus, recipe: Recipe) -> Problem:
    from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary

    engine = open_segmenter("rjieba", dictionary_words(shipped_dictionary()))
    blocks = tuple({block for some in FEW.values() for one in some for block in one.blocks})
    return pose(corpus, count(read_texts(corpus, engine), blocks), recipe)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "candidates", lambda kind, _mixed: FEW[kind])


@pytest.fixture(scope="module")
def found(problem: Problem) -> Found:
    every = np.arange(len(problem.known))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "candidates", lambda kind, _mixed: FEW[kind])
        return search(problem, partitions(problem, every, [0, 1]), 1, quiet)


def test_every_candidate_is_tried_and_one_of_each_kind_is_best(found: Found) -> None:
    assert [(t.kind, t.learner) for t in found.trials] == [
        (kind, learner) for kind, some in FEW.items() for learner in some
    ]
    assert [sum(t.best for t in found.trials if t.kind == kind) for kind in FEW] == [1, 1]


def test_the_best_is_the_recipe_that_is_returned(found: Found) -> None:
    best = {t.kind: t.learner for t in found.trials if t.best}
    assert (found.recipe.exclusive, found.recipe.multi) == (best["exclusive"], best["multi"])
    worth = {t.learner: worth_of(t) for t in found.trials if t.kind == "exclusive"}
    assert best["exclusive"] == max(worth, key=worth.__getitem__)


def test_each_fold_has_a_recipe_chosen_without_it(found: Found, recipe: Recipe) -> None:
    assert set(found.recipes) == {(at, fold) for at in (0, 1) for fold in range(recipe.folds)}
    for kind in FEW:
        shares = [t.chosen for t in found.trials if t.kind == kind]
        assert sum(shares) == pytest.approx(1)


def test_labels_of_a_fold_do_not_move_the_choice_made_without_it(
    problem: Problem,
    few: None,  # noqa: ARG001 - it patches
) -> None:
    every = np.arange(len(problem.known))
    parted = partitions(problem, every, [0])
    shuffled = problem.targets.copy()
    fold = parted[0][0]
    shuffled[fold] = shuffled[np.roll(fold, 7)]
    assert not np.array_equal(shuffled, problem.targets)
    other = replace(problem, targets=shuffled)
    before, after = (
        searching._try(one, "exclusive", [GOOD], parted[0], beside=False)[0].without
        for one in (problem, other)
    )
    assert after[0] == before[0]
    assert after[1:] != before[1:]


def test_starter_articles_have_a_say_where_given_ones_stand_beside_them(
    problem: Problem,
    few: None,  # noqa: ARG001 - it patches
) -> None:
    given = np.arange(len(problem.known)) % 4 == 0
    mixed = replace(problem, given=given)
    parted = partitions(mixed, np.flatnonzero(given), [0])
    trials = search(mixed, parted, 1, quiet).trials
    assert all(t.starter_f1 is not None and t.starter_loss is not None for t in trials)
    by_own = {t.learner: t.starter_loss for t in trials if t.kind == "exclusive"}
    assert by_own[GOOD] != by_own[POOR]


def test_starter_articles_alone_are_chosen_for_by_their_themes(
    problem: Problem,
    few: None,  # noqa: ARG001 - it patches
) -> None:
    """Style tells labels apart within a theme only: what has no theme in common must choose."""
    starter = replace(problem, given=~problem.given, kin=np.arange(len(problem.known)) % 6)
    parted = partitions(starter, np.arange(len(problem.known)), [0])
    found = search(starter, parted, 1, quiet)
    by_themes = {
        t.learner: t.starter_f1 - t.starter_loss
        for t in found.trials[:2]
        if t.starter_f1 is not None and t.starter_loss is not None
    }
    assert found.recipe.exclusive == max(by_themes, key=by_themes.__getitem__)
    assert set(found.recipes) == set(found.themes) == {(0, fold) for fold in range(3)}
    for kind in FEW:
        assert sum(t.chosen for t in found.trials if t.kind == kind) == pytest.approx(1)


def test_labels_of_a_theme_do_not_move_the_choice_made_without_it(
    problem: Problem,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The labels of a fold of themes are turned round: only its own recipe must not know."""
    tried = {"exclusive": [GOOD, POOR, replace(GOOD, c=0.01)], "multi": [GOOD]}
    monkeypatch.setattr(searching, "candidates", lambda kind, _mixed: tried[kind])
    starter = replace(problem, given=~problem.given, kin=np.arange(len(problem.known)) % 6)
    folds = theme_folds(starter)
    targets = starter.targets.copy()
    targets[folds[0]] = targets[np.roll(folds[0], 3)]
    monkeypatch.setattr(searching, "theme_folds", lambda _problem: folds)
    parted = partitions(starter, np.arange(len(problem.known)), [0])
    one, other = (
        search(replace(starter, targets=labels), parted, 1, quiet)
        for labels in (starter.targets, targets)
    )
    assert one.themes[0, 0] == other.themes[0, 0]
    assert [t.starter_loss for t in one.trials] != [t.starter_loss for t in other.trials]


def told_apart(found: Found) -> Found:
    """Each fold of themes has a recipe that is like no other."""
    own = {place: replace(one, sure=0.6 + place[1] / 100) for place, one in found.themes.items()}
    return replace(found, themes=own)


def test_each_theme_is_judged_by_a_recipe_found_without_it(
    corpus: Corpus,
    recipe: Recipe,
    few: None,  # noqa: ARG001 - it patches
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And a promise rests on what was judged so."""
    samples = tuple(
        replace(s, source="starter", theme=f"s{at % 4}") for at, s in enumerate(corpus.samples)
    )
    starter = replace(corpus, samples=samples)
    marks: dict[Recipe, int] = {}
    calls: list[tuple[Any, ...]] = []
    judged: list[list[Judged]] = []

    def found_apart(*given: Any) -> Found:
        found = told_apart(search(*given))
        marks.update({one: fold for (_, fold), one in found.themes.items()})
        return found

    def keep(*given: Any) -> list[Judged]:
        calls.append(given)
        judged.append(judge(*given))
        return judged[-1]

    monkeypatch.setattr("training.train.search", found_apart)
    monkeypatch.setattr("training.train.judge", keep)
    asked = replace(recipe, partitions=1, precision=0.6)
    done = train(starter, asked, "rjieba", 1, quiet, quiet)
    problem, [themes], _, _, recipes = calls[1]
    folds = theme_folds(problem)
    assert [len(theme) for theme in themes] == [30] * 4
    for at, theme in enumerate(themes):
        assert set(theme.tolist()) <= set(folds[marks[recipes[0, at]]].tolist())
    passing = [one.sure for one in done.report.promises["type"].labels if one.sure is not None]
    assert passing
    assert set(passing) <= set(judged[1][0].likely[:, :4].max(axis=1).tolist())


def test_beside_given_articles_themes_have_no_recipes_of_their_own(
    problem: Problem,
    few: None,  # noqa: ARG001 - it patches
) -> None:
    mixed = replace(problem, given=np.arange(len(problem.known)) % 4 == 0)
    parted = partitions(mixed, np.flatnonzero(mixed.given), [0])
    assert search(mixed, parted, 1, quiet).themes == {}


def test_a_single_given_article_leaves_the_choice_to_the_starter_articles(
    problem: Problem,
    few: None,  # noqa: ARG001 - it patches
) -> None:
    lonely = replace(problem, given=np.arange(len(problem.known)) == 3)
    parted = partitions(lonely, np.flatnonzero(lonely.given), [0])
    found = search(lonely, parted, 1, quiet)
    starter = {
        t.learner: t.starter_f1 - t.starter_loss
        for t in found.trials[:2]
        if t.starter_f1 is not None and t.starter_loss is not None
    }
    assert found.recipes[0, 0].exclusive == max(starter, key=starter.__getitem__)


def test_each_part_is_calibrated_by_the_others(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Evidence] = []

    def fit(*given: Any) -> Calibration:
        fitted.append(given[1])
        return fit_calibration(*given)

    monkeypatch.setattr(searching, "fit_calibration", fit)
    random = np.random.default_rng(0)
    parts = [(random.normal(size=(n, 4)), random.random((n, 4)) < 0.5) for n in (3, 4, 5)]
    searching._measure(problem.scheme.groups[1], GOOD, parts)
    for at, evidence in enumerate(fitted):
        others = [part for number, part in enumerate(parts) if number != at]
        assert np.array_equal(evidence.scores, np.concatenate([scores for scores, _ in others]))
    assert len(fitted) == 3


def test_articles_unknown_in_a_group_choose_nothing_there(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    sigmoid = replace(GOOD, calibration="sigmoid")
    monkeypatch.setattr(searching, "candidates", lambda _kind, _mixed: [GOOD, sigmoid])
    given = np.arange(len(problem.known)) % 10 == 0
    known = problem.known.copy()
    known[given, 1] = False
    partly = replace(problem, given=given, known=known)
    parted = partitions(partly, np.flatnonzero(given), [0])
    trials = search(partly, parted, 1, quiet).trials
    assert [(t.kind, t.f1 is None, t.loss is None) for t in trials] == [
        ("exclusive", False, False),
        ("exclusive", False, False),
        ("multi", True, True),
        ("multi", True, True),
    ]
    assert all(t.starter_f1 is not None for t in trials)


def test_a_candidate_without_a_term_in_a_fold_loses_and_breaks_nothing(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Learner(blocks=(Block(field="markers"),))
    rare = Learner(blocks=(Block(field="whole", min_df=10**6),))
    tried = {"exclusive": [nothing, rare, GOOD], "multi": [GOOD]}
    monkeypatch.setattr(searching, "candidates", lambda kind, _mixed: tried[kind])
    whole = problem.counts.matrices[GOOD.blocks[0]]
    counts = replace(problem.counts, matrices={**problem.counts.matrices, rare.blocks[0]: whole})
    every = np.arange(len(problem.known))
    parted = partitions(problem, every, [0])
    assert search(replace(problem, counts=counts), parted, 1, quiet).recipe.exclusive == GOOD
