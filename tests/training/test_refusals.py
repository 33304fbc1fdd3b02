from __future__ import annotations

from dataclasses import replace

import pytest

from labels.corpus import Corpus
from labels.errors import InputError
from training.recipe import Recipe
from training.train import train


def quiet(_done: int, _of: int) -> None:
    pass


def test_a_group_without_enough_labels_is_refused_with_its_counts(corpus: Corpus) -> None:
    only = tuple(s for s in corpus.samples if s.labels["type"] == {"news"})
    with pytest.raises(InputError) as refused:
        train(replace(corpus, samples=only), Recipe(), "rjieba", 1, quiet)
    assert str(refused.value) == (
        "training: too few labelled articles for type, near-duplicates counted once: "
        "policy_notice 0, news 25, event 0, research_breakthrough 0. "
        "Give at least 4 articles each for 2 or more of its labels."
    )


def test_copies_of_too_few_articles_are_refused(corpus: Corpus) -> None:
    """Each label twice: no model could judge one of them by the other."""
    few = [s for s in corpus.samples if s.labels["type"] <= {"news", "event"}][::15]
    copies = tuple(
        replace(s, article=replace(s.article, id=f"{s.article.id}.{copy}"))
        for s in few
        for copy in range(5)
    )
    with pytest.raises(InputError) as refused:
        train(replace(corpus, samples=copies), Recipe(), "rjieba", 1, quiet)
    assert "for type, near-duplicates counted once: policy_notice 0, news 2, event 2" in str(
        refused.value
    )


def test_a_group_that_no_model_could_judge_is_refused(
    corpus: Corpus, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.train.refuse_too_little", lambda _corpus: None)
    few = [s for s in corpus.samples if s.labels["type"] <= {"news", "event"}][::15]
    with pytest.raises(InputError, match="no model could judge type: the articles of a label are"):
        train(replace(corpus, samples=tuple(few)), recipe, "rjieba", 1, quiet)


def test_empty_articles_are_refused(corpus: Corpus) -> None:
    blank = tuple(
        replace(s, article=replace(s.article, title="", content="")) for s in corpus.samples
    )
    with pytest.raises(InputError) as refused:
        train(replace(corpus, samples=blank), Recipe(), "rjieba", 1, quiet)
    assert str(refused.value) == (
        "training: the articles are empty. Give articles with titles or contents."
    )


def test_a_domain_that_nearly_all_articles_have_is_not_told_apart(corpus: Corpus) -> None:
    samples = tuple(
        replace(s, labels={**s.labels, "domains": frozenset(["ai"] if at > 1 else [])})
        for at, s in enumerate(corpus.samples)
    )
    with pytest.raises(InputError) as refused:
        train(replace(corpus, samples=samples), Recipe(), "rjieba", 1, quiet)
    assert "too few labelled articles for domains" in str(refused.value)
    assert str(refused.value).endswith(
        "Give at least 4 articles each for 1 or more of its labels, and as many without it."
    )
