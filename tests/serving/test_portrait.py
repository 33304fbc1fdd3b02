"""The portrait of a version has its own figures, its words and its weak spots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.manifest import read_manifest
from models.words import words_of
from serving.language import choose
from serving.live import Loaded
from serving.measured import Figure, MeasuredGroup, MeasuredLabel
from serving.portrait import Portrait, figures_of, portrait
from serving.weak import weak_spots

EN, ZH = choose("en", ""), choose("zh", "")


@pytest.fixture(scope="module")
def drawn(loaded: Loaded) -> Portrait:
    return portrait(loaded)


def test_figures_are_those_of_the_report(drawn: Portrait, loaded: Loaded) -> None:
    assert drawn.given
    for group in drawn.groups:
        mine = loaded.measured[group.group.id]
        assert group.measured == mine
        assert [one.measured for one in group.labels] == list(mine.labels.values())


def test_each_label_has_its_strongest_words(drawn: Portrait) -> None:
    metaverse = drawn.groups[1].labels[3]
    assert "元宇宙" in [word.word for word in metaverse.speaking_for]
    assert len(metaverse.speaking_for) == 12
    assert [word.rank for word in metaverse.speaking_against] == [-1, -2, -3, -4, -5, -6]


def test_rules_are_shown_and_never_is_nothing(loaded: Loaded) -> None:
    model = loaded.predictor.model
    rules = {**model.rules, "type": replace(model.rules["type"], sure=(2.0, 0.6, 0.655, 1.0))}
    predictor = object.__new__(type(loaded.predictor))
    predictor.model = replace(model, rules=rules)
    kinds, domains = portrait(replace(loaded, predictor=predictor)).groups
    assert [one.sure for one in kinds.labels] == ["", "0.60", "0.655", "1.00"]
    assert [one.threshold for one in kinds.labels] == [""] * 4
    assert all(float(one.threshold) > 0 for one in domains.labels)


def test_without_a_report_there_are_words_and_no_figures(loaded: Loaded) -> None:
    found = portrait(replace(loaded, measured={}))
    assert found.given  # what it learnt from is known all the same
    assert all(group.measured.macro is None for group in found.groups)
    assert all(one.measured.f1 is None and one.speaking_for for one in found.groups[1].labels)


def test_a_label_that_was_not_learnt_has_neither_words_nor_figures(loaded: Loaded) -> None:
    model = loaded.predictor.model
    rule = replace(model.rules["domains"], trained=(True, True, True, False))
    predictor = object.__new__(type(loaded.predictor))
    predictor.model = replace(model, rules={**model.rules, "domains": rule})
    _, domains = portrait(replace(loaded, predictor=predictor)).groups
    one = domains.labels[3]
    assert (one.threshold, one.sure) == ("", "")
    assert one.measured == MeasuredLabel(articles=5)
    assert (one.speaking_for, one.speaking_against) == ([], [])


def test_a_word_stands_once_where_it_is_strongest(drawn: Portrait, loaded: Loaded) -> None:
    model = loaded.predictor.model
    every = list(words_of(model.scorer, model.scheme, 60))
    repeated = 0
    for group in drawn.groups:
        for label in group.labels:
            words = [word.word for word in label.speaking_for]
            assert len(set(words)) == len(words)
            for word in label.speaking_for:
                same = [
                    one.weight
                    for one in every
                    if (one.group, one.label, one.word) == (word.group, word.label, word.word)
                    and one.weight > 0
                ]
                assert word.weight == max(same)
                repeated += len(same) > 1
    assert repeated


def test_figures_in_a_sentence_say_what_they_were_measured_on(loaded: Loaded) -> None:
    kinds, domains = loaded.measured.values()
    changed = {"type": kinds, "domains": replace(domains, articles=216)}
    told = figures_of(replace(loaded, measured=changed), EN)
    assert kinds.macro is not None
    assert told[0].startswith(f"type: macro-F1 {kinds.macro.value:.2f} (")
    assert "on 24 posts of yours, by" in told[0]
    assert "on 216 posts of yours (24 distinct), by" in told[1]
    starter = replace(loaded.manifest, counts={"articles": 24, "starter": 24})
    assert "no accuracy on real posts" in figures_of(replace(loaded, manifest=starter), EN)[0]
    assert figures_of(replace(loaded, measured={}), EN)[1] == "domains: not measured."


def test_pieces_of_words_count_where_the_recipe_has_them(loaded: Loaded) -> None:
    assert [group.pieces for group in portrait(loaded).groups] == [True, False]
    for recipe in ({"exclusive": {"c": 1.0}, "multi": None}, {}):
        other = replace(loaded, manifest=replace(loaded.manifest, recipe=recipe))
        assert [group.pieces for group in portrait(other).groups] == [False, False]


def figure(value: float) -> Figure:
    return Figure(value=value, low=value - 0.1, high=min(value + 0.1, 1.0))


def with_labels(drawn: Portrait, at: int, *, trained: bool = True, **changed: Any) -> Portrait:
    """Every label is good, but for one domain."""
    good = MeasuredLabel(articles=500, precision=figure(0.95), recall=figure(0.95), f1=figure(0.95))
    groups = []
    for number, group in enumerate(drawn.groups):
        labels = [replace(one, measured=good) for one in group.labels]
        if number == 1:
            weak = replace(good, **changed)
            labels[at] = replace(labels[at], trained=trained, measured=weak)
        measured = MeasuredGroup(articles=1000, distinct=1000)
        groups.append(replace(group, labels=labels, measured=measured))
    return replace(drawn, groups=groups, given=True)


def spots(drawn: Portrait) -> list[str]:
    """Without those that hold of every version."""
    return weak_spots(drawn, EN)[:-4]


def test_a_version_without_weak_labels_has_the_limits_of_all(drawn: Portrait) -> None:
    found = weak_spots(with_labels(drawn, 0), EN)
    assert len(found) == 4
    assert found[0].startswith("Posts with fewer than 20 characters of content always go")
    assert f"after {drawn.created[:10]} " in found[2]


def test_weak_labels_are_named_with_their_figures(drawn: Portrait) -> None:
    weak: dict[str, Any] = {
        "f1": figure(0.7),
        "recall": figure(0.6),
        "precision": figure(0.84),
        "articles": 19,
    }
    assert spots(with_labels(drawn, 2, **weak)) == [
        "biomedicine was judged on 19 articles only.",
        "biomedicine: F1 0.70 (0.60 to 0.80). It is one of the labels to look at twice.",
        "biomedicine: 40% of the articles that have it are missed.",
        "biomedicine: 16% of those given are wrong.",
    ]


def test_a_label_that_near_duplicates_judged_is_a_rare_one(drawn: Portrait) -> None:
    assert spots(with_labels(drawn, 2, articles=54, distinct=5.99999999)) == [
        "biomedicine was judged on 6 distinct articles only."
    ]
    assert spots(with_labels(drawn, 2, articles=54, distinct=20.0)) == []
    assert spots(with_labels(drawn, 2, articles=6, distinct=5.99999999)) == [
        "biomedicine was judged on 6 articles only."
    ]


def test_figures_by_models_that_had_not_learnt_a_label_are_no_figures_of_it(
    drawn: Portrait,
) -> None:
    low: dict[str, Any] = {"f1": figure(0.1), "recall": figure(0.1), "precision": figure(0.8)}
    assert spots(with_labels(drawn, 2, **low, unlearnt=True)) == [
        (
            "biomedicine: some of the models that judged had not learnt it, for want of articles, "
            "so its recall and F1 are too low."
        ),
        "biomedicine: 20% of those given are wrong.",
    ]


def test_a_label_that_was_not_learnt_is_named(drawn: Portrait) -> None:
    assert spots(with_labels(drawn, 0, trained=False)) == [
        (
            "artificial intelligence could not be learnt, for want of articles: every post goes "
            "to a person for it."
        )
    ]


def test_what_is_taken_for_something_else_is_named_the_most_frequent_first(
    drawn: Portrait,
) -> None:
    good = with_labels(drawn, 0)
    table = [[12345.5, 1234.5, 0.0, 0.0], [0.0, 96.0, 4.0, 0.0], [0.0, 20.0, 80.0, 0.0], [0.0] * 4]
    kinds = replace(good.groups[0], measured=MeasuredGroup(confusion=table))
    groups = [kinds, good.groups[1]]
    assert spots(replace(good, groups=groups)) == [
        "event is called news in 20 of its 100 articles.",
        "policy notice is called news in 1234.5 of its 13580 articles.",
    ]
    labels = [replace(one, measured=replace(one.measured, unlearnt=True)) for one in kinds.labels]
    assert "is called" not in str(spots(replace(good, groups=[replace(kinds, labels=labels)])))


def test_few_posts_and_none_of_ones_own_are_said_of_each_group(drawn: Portrait) -> None:
    good = with_labels(drawn, 0)
    few = [
        replace(good.groups[0], measured=MeasuredGroup(articles=216, distinct=40)),
        replace(good.groups[1], measured=MeasuredGroup()),
    ]
    assert spots(replace(good, groups=few)) == [
        (
            "There are few distinct articles to judge the type by (40): figures can be off by as "
            "much as their intervals are wide."
        )
    ]
    (starter,) = spots(replace(good, given=False))
    assert starter.startswith("It has seen no post of yours.")
    assert weak_spots(replace(good, given=False), ZH)[0].startswith("它没有见过你的任何推文")


def test_what_was_not_learnt_is_said_first(drawn: Portrait) -> None:
    found = spots(replace(with_labels(drawn, 3, trained=False), given=False))
    assert [one.partition(" ")[0] for one in found] == ["metaverse", "It"]


def test_figures_that_are_missing_are_no_weakness(drawn: Portrait) -> None:
    nothing: dict[str, Any] = {"f1": None, "precision": None, "recall": None}
    assert spots(with_labels(drawn, 1, **nothing)) == []
    rare = with_labels(drawn, 1, **nothing, articles=0)
    assert spots(rare) == ["brain-computer interface was judged on 0 articles only."]


def test_a_portrait_is_of_the_version_that_was_loaded(drawn: Portrait, loaded: Loaded) -> None:
    manifest = read_manifest(loaded.folder)
    assert (drawn.version, drawn.created) == (manifest.version, manifest.created)
    assert drawn.counts == manifest.counts
