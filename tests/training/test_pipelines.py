from __future__ import annotations

import pickle
import pickletools
import re

import numpy as np
import pytest
from scipy import sparse

from labels.article import Article
from models.features import Text, read_text
from models.segmentation import dictionary_words, open_segmenter
from training.counts import count, text_matrix
from training.pipelines import vectoriser
from training.recipe import Recipe
from training.train import Trained


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
        theirs = entry["pipeline"].decision_function(text_matrix(texts))
        assert entry["labels"] == list(group.ids)
        assert np.abs(ours[:, trained.corpus.scheme.columns(group)] - theirs).max() < 1e-6


def test_features_of_a_fold_equal_those_of_a_vectoriser_fitted_on_it(texts: list[Text]) -> None:
    train = np.arange(0, len(texts), 2)
    for blocks in (Recipe().exclusive, Recipe().multi):
        ours = count(texts, blocks).features(blocks, train)
        fitted = vectoriser(blocks, len(texts)).fit(text_matrix([texts[at] for at in train]))
        theirs = sparse.csr_array(fitted.transform(text_matrix(texts)))
        assert ours.shape == theirs.shape
        # Columns stand in the same order: both vocabularies are sorted.
        assert np.abs((ours - theirs).toarray()).max() < 1e-12


def test_nothing_of_ours_is_named_in_the_pickle(trained: Trained) -> None:
    pickled = pickle.dumps(trained.fitted.as_pipelines())
    words = [str(argument) for _, argument, _ in pickletools.genops(pickled) if argument]
    named = [word for word in words if re.match(r"(labels|models|training|serving)\.", word)]
    assert words
    assert named == []
