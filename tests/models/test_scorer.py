"""The scorer gives the numbers of a scikit-learn pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from labels.article import Article
from models.features import Block, Text, read_text
from models.model import Model
from models.scorer import Scorer, Weights, tf_idf
from models.segmentation import Segmenter, open_segmenter
from training.counts import vectoriser_settings

OUTPUTS = 4
BLOCKS = (
    Block(field="title"),
    Block(field="lead", low=1, high=2),
    Block(field="body", unit="character", low=2, high=3),
    Block(field="whole", unit="character", low=1, high=3),
    Block(field="whole", sublinear=False),
    Block(field="last", unit="shape", low=1, high=2),
    Block(field="markers"),
    Block(field="dictionary", sublinear=False),
)
ARTICLES = (
    ("青禾市举办人工智能论坛", "论坛由云溪大学主办，论坛上发布了大模型。论坛闭幕。"),
    ("【通知】关于申报生物医药项目", "各单位：请于三月一日前申报。\n申报材料见附件。"),
    ("记者走进松果实验室", "科研人员连续工作，新药进入临床。AI 加速了筛选，效率提高 30%。"),
    ("", "没有标题的短讯。"),
    ("只有标题", ""),
)

unseen = st.lists(
    st.one_of(
        st.sampled_from(
            ["论坛", "人工智能", "新药", "【通知】", "申报", "云溪大学", "，", "\n", "30%", " "]
        ),
        st.text(max_size=5),
    ),
    max_size=15,
).map("".join)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return open_segmenter("rjieba", ("人工智能", "大模型"))


@pytest.fixture(scope="module")
def learnt(segmenter: Segmenter) -> list[tuple[Block, TfidfVectorizer]]:
    texts = [read_article(title, content, segmenter) for title, content in ARTICLES]
    return [
        (
            block,
            TfidfVectorizer(**vectoriser_settings(block), sublinear_tf=block.sublinear).fit(
                [text.column(block.field, block.unit) for text in texts]
            ),
        )
        for block in BLOCKS
    ]


@pytest.fixture(scope="module")
def scorer(learnt: list[tuple[Block, TfidfVectorizer]]) -> Scorer:
    draw = np.random.default_rng(7)
    return Scorer(
        blocks=[
            Weights(
                block=block,
                vocabulary=vectoriser.vocabulary_,
                idf=vectoriser.idf_.astype(np.float32),
                weights=draw.normal(size=(len(vectoriser.idf_), OUTPUTS)).astype(np.float32),
            )
            for block, vectoriser in learnt
        ],
        intercepts=draw.normal(size=OUTPUTS),
    )


def read_article(title: str, content: str, segmenter: Segmenter) -> Text:
    return read_text(Article(id="a1", title=title, content=content), segmenter)


def by_scikit_learn(
    text: Text, learnt: list[tuple[Block, TfidfVectorizer]], scorer: Scorer
) -> npt.NDArray[np.float64]:
    scores = scorer.intercepts.copy()
    for (block, vectoriser), weights in zip(learnt, scorer.blocks, strict=True):
        features = vectoriser.transform([text.column(block.field, block.unit)])
        scores += np.ravel(features @ weights.weights.astype(np.float64))
    return scores


@pytest.mark.parametrize(("title", "content"), ARTICLES)
def test_a_text_of_the_corpus_scores_as_in_scikit_learn(
    title: str,
    content: str,
    segmenter: Segmenter,
    learnt: list[tuple[Block, TfidfVectorizer]],
    scorer: Scorer,
) -> None:
    text = read_article(title, content, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text, learnt, scorer))
    assert difference.max() < 1e-6


@given(title=unseen, content=unseen)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_scores_as_in_scikit_learn(
    segmenter: Segmenter,
    learnt: list[tuple[Block, TfidfVectorizer]],
    scorer: Scorer,
    title: str,
    content: str,
) -> None:
    text = read_article(title, content, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text, learnt, scorer))
    assert difference.max() < 1e-6


def test_a_long_text_scores_as_in_scikit_learn(
    segmenter: Segmenter, learnt: list[tuple[Block, TfidfVectorizer]], scorer: Scorer
) -> None:
    text = read_article("人工智能", "".join(content for _, content in ARTICLES) * 150, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text, learnt, scorer))
    assert difference.max() < 1e-6


def test_scoring_twice_and_between_others_gives_the_very_same_numbers(
    segmenter: Segmenter, scorer: Scorer
) -> None:
    texts = [read_article(title, content, segmenter) for title, content in ARTICLES]
    first = [scorer.score(text).tolist() for text in texts]
    assert [scorer.score(text).tolist() for text in reversed(texts)] == first[::-1]


def test_an_empty_article_scores_the_intercepts(model: Model, segmenter: Segmenter) -> None:
    text = read_article("", "", segmenter)
    assert model.scorer.score(text).tolist() == [0, 0, 0, -1, -1]


def test_an_empty_article_scores_as_in_scikit_learn(
    segmenter: Segmenter, learnt: list[tuple[Block, TfidfVectorizer]], scorer: Scorer
) -> None:
    text = read_article("", "", segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text, learnt, scorer))
    assert difference.max() < 1e-6


def test_scoring_leaves_the_intercepts_alone(segmenter: Segmenter, scorer: Scorer) -> None:
    before = scorer.intercepts.tolist()
    scores = scorer.score(read_article(*ARTICLES[0], segmenter))
    assert scorer.intercepts.tolist() == before != scores.tolist()


def test_unknown_words_score_the_intercepts(model: Model, segmenter: Segmenter) -> None:
    text = read_article("菜谱", "番茄炒鸡蛋", segmenter)
    assert model.scorer.score(text).tolist() == [0, 0, 0, -1, -1]


def test_a_known_word_among_unknown_ones_has_length_1(model: Model, segmenter: Segmenter) -> None:
    text = read_article("", "番茄 论坛 鸡蛋 论坛", segmenter)
    columns, values = tf_idf(text, model.scorer.blocks[0])
    assert (columns.tolist(), values.tolist()) == ([4], [1.0])


def test_terms_come_in_the_order_of_their_columns(model: Model, segmenter: Segmenter) -> None:
    text = read_article("", "记者 论坛 论坛 人工智能", segmenter)
    columns, values = tf_idf(text, model.scorer.blocks[0])
    twice = 1 + np.log(2)
    assert columns.tolist() == [0, 4, 7]
    assert values == pytest.approx(np.array([1, twice, 1]) / np.sqrt(2 + twice**2))


def test_a_block_of_plain_counts_weighs_a_term_as_often_as_it_stands(
    model: Model, segmenter: Segmenter
) -> None:
    text = read_article("", "记者 论坛 论坛 论坛", segmenter)
    block = model.scorer.blocks[0]
    plain = replace(block, block=replace(block.block, sublinear=False))
    columns, values = tf_idf(text, plain)
    assert columns.tolist() == [4, 7]
    assert values == pytest.approx(np.array([3, 1]) / np.sqrt(10))


def test_the_known_share_counts_words_as_often_as_they_stand(
    model: Model, segmenter: Segmenter
) -> None:
    assert model.scorer.known_share(read_article("论坛", "论坛 论坛 番茄", segmenter)) == 0.75


def test_pairs_of_characters_make_no_word_known(model: Model, segmenter: Segmenter) -> None:
    pairs = Scorer(blocks=model.scorer.blocks[1:], intercepts=model.scorer.intercepts)
    assert pairs.known_share(read_article("论坛", "通知", segmenter)) == 0


def test_an_article_without_words_knows_none(model: Model, segmenter: Segmenter) -> None:
    assert model.scorer.known_share(read_article("", " \n ", segmenter)) == 0
