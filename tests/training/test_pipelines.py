from __future__ import annotations

import pickle
import pickletools
import re
from typing import get_args

import numpy as np
import pytest
from scipy import sparse

from labels.article import Article
from labels.scheme import Kind
from models.features import Block
from models.segmentation import dictionary_words, open_segmenter
from models.text import Text, read_text
from training.columns import columns_of, text_matrix
from training.counts import count
from training.pipelines import fit_pipelines, vectoriser
from training.problem import pose
from training.recipe import Classifier, Learner, Recipe
from training.train import Trained

UNUSUAL = (
    Block(field="last", unit="shape", high=2),
    Block(field="whole", sublinear=False, min_df=1),
    Block(field="dictionary"),
    Block(field="whole", unit="character", low=2, high=2, min_df=3),
)


@pytest.fixture(scope="module")
def texts(trained: Trained) -> list[Text]:
    engine = open_segmenter("rjieba", dictionary_words(trained.model.dictionary))
    strange = Article(id="x", title="", content="🚀🚀 ＡＩ大模型 never seen 论坛论坛")
    empty = Article(id="e", title="", content="")
    articles = [sample.article for sample in trained.corpus.samples]
    return [read_text(article, engine) for article in (*articles, strange, empty)]


def test_the_scorer_equals_the_pipelines_of_scikit_learn(
    trained: Trained, texts: list[Text]
) -> None:
    ours = np.array([trained.model.scorer.score(text) for text in texts])
    for group in trained.corpus.scheme.groups:
        entry = trained.fitted.as_pipelines()[group.id]
        theirs = entry["pipeline"].decision_function(text_matrix(texts, entry["columns"]))
        assert entry["labels"] == list(group.ids)
        assert np.abs(ours[:, trained.corpus.scheme.columns(group)] - theirs).max() < 1e-6


@pytest.mark.parametrize("classifier", get_args(Classifier))
def test_the_scorer_equals_the_pipelines_of_any_learner(
    trained: Trained, texts: list[Text], classifier: Classifier
) -> None:
    """Some blocks are shared between the groups, some are not."""
    corpus = trained.corpus
    blocks: dict[Kind, tuple[Block, ...]] = {
        "exclusive": (*UNUSUAL, Block(field="title")),
        "multi": (Block(field="body"), *UNUSUAL[1:3]),
    }
    recipe = Recipe(
        exclusive=Learner(blocks=blocks["exclusive"], classifier=classifier),
        multi=Learner(blocks=blocks["multi"], classifier=classifier, balanced=False),
    )
    known = texts[: len(corpus)]
    problem = pose(corpus, count(known, recipe.blocks), recipe)
    fitted = fit_pipelines(problem, blocks)
    scorer = fitted.as_scorer()
    assert len(scorer.blocks) == 6
    ours = np.array([scorer.score(text) for text in texts])
    for group in corpus.scheme.groups:
        entry = fitted.as_pipelines()[group.id]
        theirs = entry["pipeline"].decision_function(text_matrix(texts, entry["columns"]))
        assert np.abs(ours[:, corpus.scheme.columns(group)] - theirs).max() < 1e-6


def test_a_column_that_several_blocks_read_stands_once() -> None:
    blocks = (Block(field="whole"), Block(field="last"), Block(field="whole", high=2))
    assert columns_of(blocks) == (("whole", "word"), ("last", "word"))


def test_features_of_a_fold_equal_those_of_a_vectoriser_fitted_on_it(texts: list[Text]) -> None:
    train = np.arange(0, len(texts), 2)
    for blocks in (Recipe().exclusive.blocks, Recipe().multi.blocks, UNUSUAL):
        ours = count(texts, blocks).features(blocks, train)
        columns = columns_of(blocks)
        seen = text_matrix([texts[at] for at in train], columns)
        fitted = vectoriser(blocks, len(texts)).fit(seen)
        theirs = sparse.csr_array(fitted.transform(text_matrix(texts, columns)))
        assert ours.shape == theirs.shape
        # Columns stand in the same order: both vocabularies are sorted.
        assert np.abs((ours - theirs).toarray()).max() < 1e-12


def test_nothing_of_ours_is_named_in_the_pickle(trained: Trained) -> None:
    pickled = pickle.dumps(trained.fitted.as_pipelines())
    words = [str(argument) for _, argument, _ in pickletools.genops(pickled) if argument]
    named = [word for word in words if re.match(r"(labels|models|training|serving)\.", word)]
    assert words
    assert named == []
