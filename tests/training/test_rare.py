"""Rare labels: with the fewest articles that are accepted, figures speak of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from labels.article import Article
from labels.corpus import Corpus, Sample
from labels.scheme import Group, Kind, Label, Scheme
from training.recipe import Recipe
from training.report import Report
from training.reporting import report_lines
from training.train import train

WORDS = {"a": "人工智能大模型算力", "b": "创新药临床患者", "c": "论坛嘉宾报名", "": "通知申报公示"}


def corpus_of(kind: Kind, order: str, counts: Mapping[str, int]) -> Corpus:
    """Articles of chance characters, and words that tell their label without a doubt."""
    labels = tuple(Label(id=name, zh=name, en=name) for name in order)
    scheme = Scheme(groups=(Group(id="g", kind=kind, zh="", en="", labels=labels),))
    random = np.random.default_rng(0)
    names = [name for name, count in counts.items() for _ in range(count)]
    samples = tuple(
        Sample(
            article=Article(
                id=f"x{at}",
                title="",
                content="".join(chr(x) for x in random.integers(0x4E00, 0x5A00, 40)) + WORDS[name],
            ),
            labels={"g": frozenset([name] if name else [])},
            source="given",
            labelled_by="article row",
        )
        for at, name in enumerate(names)
    )
    return Corpus(scheme=scheme, samples=samples)


def report_of(corpus: Corpus, **settings: float) -> Report:
    recipe = replace(Recipe(), partitions=1, precision=settings.get("precision"))
    return train(corpus, recipe, "rjieba", 1, lambda _done, _of: None).report


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_rare_type_is_measured_as_the_model_does_it(order: str) -> None:
    report = report_of(corpus_of("exclusive", order, {"a": 70, "b": 4}), precision=0.95)
    group = report.groups[0]
    assert group.f1_micro.value == group.f1_macro.value == 1.0
    assert group.calibration_error.value < 0.2
    assert (report.untrained, report.unlearnt) == ({}, {})
    held = {one.label: one for one in report.promises["g"].labels}
    assert (held["a"].given, held["a"].kept, held["a"].wrong) == (70, 70, 0)
    assert (held["b"].given, held["b"].sure) == (4, None)


def test_the_fewest_types_are_measured_as_the_model_does_them() -> None:
    report = report_of(corpus_of("exclusive", "ab", {"a": 4, "b": 4}))
    assert report.groups[0].f1_micro.value == 1.0
    assert report.unlearnt == {}


@pytest.mark.parametrize("counts", [{"a": 60, "": 4}, {"a": 4, "": 60}])
def test_a_domain_that_few_have_or_few_lack_is_measured(counts: Mapping[str, int]) -> None:
    report = report_of(corpus_of("multi", "a", counts))
    assert report.groups[0].labels[0].recall.value == 1.0
    assert (report.untrained, report.unlearnt) == ({}, {})


def test_what_only_models_of_other_themes_could_not_learn_does_not_lower_the_figures() -> None:
    corpus = corpus_of("exclusive", "abc", {"a": 18, "b": 8, "c": 18})
    themed = tuple(
        replace(s, source="starter", theme=f"s{at % (2 if s.labels['g'] == {'b'} else 6)}")
        for at, s in enumerate(corpus.samples)
    )
    report = report_of(replace(corpus, samples=themed))
    assert report.themes[0].labels[1].recall.value == 0.0
    assert report.groups[0].labels[1].recall.value == 1.0
    assert report.unlearnt == {}


def test_with_fewer_articles_a_type_is_not_learnt_and_named() -> None:
    report = report_of(corpus_of("exclusive", "abc", {"a": 10, "b": 10, "c": 3}))
    assert report.untrained == {"g": ["c"]}
    assert report.groups[0].reviewed == 1.0
    assert report.unlearnt == {}


def test_a_fold_gives_no_label_that_the_model_will_not() -> None:
    """A fold without any of the three that lack x could learn it; the model has too few."""
    corpus = corpus_of("multi", "ab", {"a": 60, "": 3})
    both = tuple(
        replace(s, labels={"g": s.labels["g"] | frozenset(["b"] if at % 2 else [])})
        for at, s in enumerate(corpus.samples)
    )
    report = report_of(replace(corpus, samples=both))
    assert report.untrained == {"g": ["a"]}
    assert report.groups[0].labels[0].recall.value == 0.0


def test_a_label_that_a_fold_could_not_learn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three articles of a label, a fold has two: too few to calibrate."""
    for place in ("training.deciding", "training.refusals"):
        monkeypatch.setattr(f"{place}.LEAST_MEASURED", 3)
    report = report_of(corpus_of("exclusive", "abc", {"a": 30, "b": 3, "c": 30}))
    assert (report.untrained, report.unlearnt) == ({}, {"g": ["b"]})
    assert any("the model has learnt b, but some" in line for line in report_lines(report))
