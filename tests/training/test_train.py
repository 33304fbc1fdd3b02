from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from labels.corpus import Corpus
from models.calibration import Calibration, Sigmoid, Temperature
from models.decision import NEVER
from models.predictor import Predictor
from training.recipe import Recipe
from training.train import Trained, train
from training.validation import Judged, judge


def quiet(_done: int, _of: int) -> None:
    pass


@pytest.fixture
def quick(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """One partition and no learning curve, for tests that look at neither: half the time."""
    monkeypatch.setattr("training.train.learning_curves", lambda *_: {})
    return replace(recipe, partitions=1)


def test_words_that_tell_labels_apart_are_learnt(trained: Trained) -> None:
    groups = {group.group: group for group in trained.report.groups}
    assert groups["type"].f1_macro.value > 0.9
    assert groups["domains"].f1_micro.value > 0.9


def test_the_learning_curve_ends_with_all_articles_that_a_fold_learns_from(
    trained: Trained,
) -> None:
    for group in trained.report.groups:
        points = trained.report.learning[group.group]
        assert points[-1].articles == 80  # of 120 in three folds
        assert abs(points[-1].f1_macro - group.f1_macro.value) < 0.1
        assert points[0].f1_macro < points[-1].f1_macro


def test_permuted_labels_give_chance(corpus: Corpus, quick: Recipe) -> None:
    order = np.random.default_rng(7).permutation(len(corpus))
    shuffled = tuple(
        replace(sample, labels=corpus.samples[other].labels)
        for sample, other in zip(corpus.samples, order, strict=True)
    )
    report = train(replace(corpus, samples=shuffled), quick, "rjieba", 1, quiet).report
    accuracy = report.groups[0].f1_micro
    assert accuracy.low < 0.25 < accuracy.high


def test_equal_recipes_on_equal_data_give_equal_models(
    trained: Trained, corpus: Corpus, recipe: Recipe
) -> None:
    again = train(corpus, recipe, "rjieba", 2, quiet)
    assert again.report == trained.report
    assert np.array_equal(trained.model.scorer.weights, again.model.scorer.weights)
    assert again.model.rules == trained.model.rules


def test_both_segmenters_give_the_same_model(
    trained: Trained, corpus: Corpus, quick: Recipe
) -> None:
    with_jieba = train(corpus, quick, "jieba", 1, quiet)
    article = corpus.samples[0].article
    one = Predictor(trained.model, "v", "rjieba").predict([article])[0]
    other = Predictor(with_jieba.model, "v", "jieba").predict([article])[0]
    assert one.scores == other.scores


def test_the_seed_is_that_of_the_first_partition(corpus: Corpus, quick: Recipe) -> None:
    report = train(corpus, replace(quick, partitions=2, seed=7), "rjieba", 1, quiet).report
    assert report.seeds == [7, 8]


def test_progress_counts_every_fold_of_every_partition(corpus: Corpus, quick: Recipe) -> None:
    steps: list[tuple[int, int]] = []
    twice = replace(quick, partitions=2)
    train(corpus, twice, "rjieba", 1, lambda done, of: steps.append((done, of)))
    assert steps == [(at, 6) for at in range(1, 7)]  # 2 partitions of 3 folds


def test_articles_without_titles_train(corpus: Corpus, quick: Recipe) -> None:
    untitled = tuple(replace(s, article=replace(s.article, title="")) for s in corpus.samples)
    report = train(replace(corpus, samples=untitled), quick, "rjieba", 1, quiet).report
    assert report.groups[0].f1_macro.value > 0.9


def test_a_label_without_articles_is_untrained_and_asks_for_review(
    corpus: Corpus, quick: Recipe
) -> None:
    without = tuple(s for s in corpus.samples if "metaverse" not in s.labels["domains"])
    done = train(replace(corpus, samples=without), quick, "rjieba", 1, quiet)
    assert done.report.untrained == {"domains": ["metaverse"]}
    assert [group.reviewed < 1 for group in done.report.groups] == [True, False]
    prediction = Predictor(done.model, "v").predict([corpus.samples[0].article])[0]
    assert "untrained:domains:metaverse" in prediction.reasons
    assert prediction.review
    assert prediction.scores["domains"]["metaverse"] == 0.0


def test_an_article_with_an_unknown_group_is_not_trained_on_for_it(
    corpus: Corpus, quick: Recipe
) -> None:
    halved = tuple(
        replace(s, labels={"type": s.labels["type"]}) if at % 2 else s
        for at, s in enumerate(corpus.samples)
    )
    report = train(replace(corpus, samples=halved), quick, "rjieba", 1, quiet).report
    assert [group.articles for group in report.groups] == [len(corpus), len(corpus) // 2]


def test_starter_articles_are_trained_on_but_not_evaluated(corpus: Corpus, quick: Recipe) -> None:
    mixed = tuple(
        replace(s, source="starter") if at % 4 else s for at, s in enumerate(corpus.samples)
    )
    report = train(replace(corpus, samples=mixed), quick, "rjieba", 1, quiet).report
    assert (report.source, report.evaluated, report.beside) == ("given", 30, 90)
    assert report.themes == []


def test_starter_articles_alone_are_judged_by_theme_as_well(corpus: Corpus, quick: Recipe) -> None:
    themed = tuple(
        replace(s, source="starter", theme=f"s{at % 4}") for at, s in enumerate(corpus.samples)
    )
    report = train(replace(corpus, samples=themed), quick, "rjieba", 1, quiet).report
    assert (report.source, report.evaluated, report.beside) == ("starter", 120, 0)
    assert [group.articles for group in report.themes] == [120, 120]
    kind, domains = report.themes
    metrics = report.metrics()
    assert metrics["type_f1_macro_leave_one_theme_out"] == kind.f1_macro.value > 0.8
    assert metrics["domains_f1_micro_leave_one_theme_out"] == domains.f1_micro.value > 0.8


def test_a_group_is_calibrated_as_its_learner_says(corpus: Corpus, quick: Recipe) -> None:
    turned = replace(
        quick,
        partitions=1,
        exclusive=replace(quick.exclusive, calibration="sigmoid"),
        multi=replace(quick.multi, calibration="temperature"),
    )
    model = train(corpus, turned, "rjieba", 1, quiet).model
    found: dict[str, Calibration] = dict(model.calibrations)
    assert isinstance(found["type"], Sigmoid)
    assert isinstance(found["domains"], Temperature)
    assert (found["type"].exclusive, found["domains"].exclusive) == (True, False)
    scores = Predictor(model, "v").predict([corpus.samples[0].article])[0].scores
    assert sum(scores["type"].values()) == pytest.approx(1, abs=1e-5)


def test_without_a_precision_nothing_is_promised(trained: Trained) -> None:
    assert (trained.report.precision, trained.report.promises) == (None, {})


def test_with_a_precision_every_label_has_a_promise(corpus: Corpus, quick: Recipe) -> None:
    asked = replace(quick, precision=0.8)
    done = train(corpus, asked, "rjieba", 1, quiet)
    assert done.report.precision == 0.8
    for group in corpus.scheme.groups:
        promises, rule = done.report.promises[group.id], done.model.rules[group.id]
        assert tuple(one.label for one in promises.labels) == group.ids
        assert rule.sure == tuple(
            NEVER if one.sure is None else one.sure for one in promises.labels
        )


@pytest.mark.parametrize("themed", [False, True])
def test_a_promise_rests_on_probabilities_that_owe_nothing_to_their_article(
    corpus: Corpus, quick: Recipe, monkeypatch: pytest.MonkeyPatch, themed: bool
) -> None:
    """Those of the nested evaluation; where themes are left out, of that."""
    judged: list[Judged] = []

    def keep(*given: Any) -> list[Judged]:
        found = judge(*given)
        judged.extend(found)
        return found

    monkeypatch.setattr("training.train.judge", keep)
    samples = corpus.samples
    if themed:
        samples = tuple(
            replace(s, source="starter", theme=f"s{at % 4}") for at, s in enumerate(samples)
        )
    asked = replace(quick, precision=0.6)
    done = train(replace(corpus, samples=samples), asked, "rjieba", 1, quiet)
    assert len(judged) == 1 + themed
    promises = done.report.promises["type"]
    passing = [one.sure for one in promises.labels if one.sure is not None]
    assert passing
    assert set(passing) <= set(judged[-1].likely[:, :4].max(axis=1).tolist())


@pytest.mark.parametrize("kind", ["sigmoid", "temperature"])
def test_a_rare_label_is_not_calibrated_the_wrong_way_round(
    corpus: Corpus, quick: Recipe, kind: Literal["sigmoid", "temperature"]
) -> None:
    """Where a fold has not learnt a label, its score there says nothing of the label."""
    recipe = replace(quick, multi=replace(quick.multi, calibration=kind))
    rare = [s for s in corpus.samples if "metaverse" in s.labels["domains"]][:2]
    others = [s for s in corpus.samples if "metaverse" not in s.labels["domains"]]
    model = train(replace(corpus, samples=(*rare, *others)), recipe, "rjieba", 1, quiet).model
    calibration = model.calibrations["domains"]
    assert isinstance(calibration, Sigmoid if kind == "sigmoid" else Temperature)
    assert (
        isinstance(calibration, Temperature)
        or calibration.slopes[3] > 0
        or not calibration.trained[3]
    )
    with_it, without = Predictor(model, "v").predict([rare[0].article, others[0].article])
    assert with_it.scores["domains"]["metaverse"] >= without.scores["domains"]["metaverse"]


def test_a_group_that_no_given_article_has_is_not_measured(corpus: Corpus, quick: Recipe) -> None:
    mixed = tuple(
        replace(s, labels={"domains": s.labels["domains"]})
        if at % 4 == 0
        else replace(s, source="starter")
        for at, s in enumerate(corpus.samples)
    )
    report = train(replace(corpus, samples=mixed), quick, "rjieba", 1, quiet).report
    assert [(group.group, group.articles) for group in report.groups] == [("domains", 30)]
    assert report.unmeasured == ["type"]
