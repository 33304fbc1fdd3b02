"""The scorer gives the numbers of a scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from labels.article import Article
from models.features import Block
from models.model import Model
from models.scorer import Scorer, Values, Weights, fuse
from models.segmentation import Segmenter, open_segmenter
from models.text import Text, read_text
from training.columns import vectoriser_settings

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
def weights(learnt: list[tuple[Block, TfidfVectorizer]]) -> list[Weights]:
    draw = np.random.default_rng(7)
    return [
        Weights(
            block=block,
            terms=vectoriser.get_feature_names_out().tolist(),
            idf=vectoriser.idf_,
            weights=draw.normal(size=(len(vectoriser.idf_), OUTPUTS)),
        )
        for block, vectoriser in learnt
    ]


@pytest.fixture(scope="module")
def scorer(weights: list[Weights]) -> Scorer:
    return fuse(weights, np.random.default_rng(8).normal(size=OUTPUTS))


def read_article(title: str, content: str, segmenter: Segmenter) -> Text:
    return read_text(Article(id="a1", title=title, content=content), segmenter)


ByScikitLearn = Callable[[Text], npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def by_scikit_learn(
    learnt: list[tuple[Block, TfidfVectorizer]], weights: list[Weights], scorer: Scorer
) -> ByScikitLearn:
    def score(text: Text) -> npt.NDArray[np.float64]:
        scores = scorer.intercepts.copy()
        for (block, vectoriser), learnt_ in zip(learnt, weights, strict=True):
            features = vectoriser.transform([text.column(block.field, block.unit)])
            scores += np.ravel(features @ learnt_.weights)
        return scores

    return score


@pytest.mark.parametrize(("title", "content"), ARTICLES)
def test_a_text_of_the_corpus_scores_as_in_scikit_learn(
    title: str,
    content: str,
    segmenter: Segmenter,
    by_scikit_learn: ByScikitLearn,
    scorer: Scorer,
) -> None:
    text = read_article(title, content, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text))
    assert difference.max() < 1e-6


@given(title=unseen, content=unseen)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_scores_as_in_scikit_learn(
    segmenter: Segmenter,
    by_scikit_learn: ByScikitLearn,
    scorer: Scorer,
    title: str,
    content: str,
) -> None:
    text = read_article(title, content, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text))
    assert difference.max() < 1e-6


def test_a_long_text_scores_as_in_scikit_learn(
    segmenter: Segmenter, by_scikit_learn: ByScikitLearn, scorer: Scorer
) -> None:
    text = read_article("人工智能", "".join(content for _, content in ARTICLES) * 150, segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text))
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
    segmenter: Segmenter, by_scikit_learn: ByScikitLearn, scorer: Scorer
) -> None:
    text = read_article("", "", segmenter)
    difference = np.abs(scorer.score(text) - by_scikit_learn(text))
    assert difference.max() < 1e-6


def test_without_any_block_an_article_scores_the_intercepts(segmenter: Segmenter) -> None:
    nothing = fuse([], np.array([0.5, -1.0]))
    assert nothing.score(read_article(*ARTICLES[0], segmenter)).tolist() == [0.5, -1.0]


def test_scoring_leaves_the_intercepts_alone(segmenter: Segmenter, scorer: Scorer) -> None:
    before = scorer.intercepts.tolist()
    scores = scorer.score(read_article(*ARTICLES[0], segmenter))
    assert scorer.intercepts.tolist() == before != scores.tolist()


def test_unknown_words_score_the_intercepts(model: Model, segmenter: Segmenter) -> None:
    text = read_article("菜谱", "番茄炒鸡蛋", segmenter)
    assert model.scorer.score(text).tolist() == [0, 0, 0, -1, -1]


def values(scorer: Scorer, text: Text) -> dict[str, float]:
    """What the terms of a text weigh, by the term."""
    found: Values = scorer.values(scorer.known_rows(scorer.terms(text)))
    numbers = scorer.term_of_row[found.rows].tolist()
    return dict(zip(scorer.vocabulary.names(numbers), found.tf.tolist(), strict=True))


def test_a_known_word_among_unknown_ones_has_length_1(model: Model, segmenter: Segmenter) -> None:
    text = read_article("", "番茄 论坛 鸡蛋 论坛", segmenter)
    assert values(model.scorer, text) == {"论坛": 1.0}


def test_a_term_weighs_the_logarithm_of_its_count(model: Model, segmenter: Segmenter) -> None:
    text = read_article("", "记者 论坛 论坛 人工智能", segmenter)
    twice = 1 + np.log(2)
    length = np.sqrt(2 + twice**2)
    assert values(model.scorer, text) == pytest.approx(
        {"人工智能": 1 / length, "论坛": twice / length, "记者": 1 / length}
    )


def test_a_block_of_plain_counts_weighs_a_term_as_often_as_it_stands(segmenter: Segmenter) -> None:
    block = Block(field="whole", sublinear=False)
    learnt = Weights(
        block=block, terms=["记者", "论坛"], idf=np.array([1, 2]), weights=np.ones((2, 1))
    )
    text = read_article("", "记者 论坛 论坛 论坛", segmenter)
    assert values(fuse([learnt], np.zeros(1)), text) == pytest.approx(
        {"记者": 1 / np.sqrt(37), "论坛": 3 / np.sqrt(37)}
    )


def test_rows_of_one_term_lie_together(scorer: Scorer) -> None:
    numbers = scorer.term_of_row
    assert (np.diff(numbers) >= 0).all()
    assert len(np.unique(numbers)) < len(numbers)


def count_known(scorer: Scorer, text: Text) -> tuple[int, int]:
    return scorer.count_known(text, scorer.terms(text))


def test_known_words_are_counted_as_often_as_they_stand(model: Model, segmenter: Segmenter) -> None:
    assert count_known(model.scorer, read_article("论坛", "论坛 论坛 番茄", segmenter)) == (3, 4)


def test_pairs_of_characters_make_no_word_known(segmenter: Segmenter) -> None:
    block = Block(field="title", unit="character", low=2, high=2)
    pairs = Weights(block=block, terms=["论坛"], idf=np.ones(1), weights=np.ones((1, 1)))
    assert count_known(fuse([pairs], np.zeros(1)), read_article("论坛", "通知", segmenter)) == (
        0,
        2,
    )


def test_shapes_make_a_word_known(segmenter: Segmenter) -> None:
    block = Block(field="whole", unit="shape")
    shapes = Weights(block=block, terms=["00"], idf=np.ones(1), weights=np.ones((1, 1)))
    text = read_article("", "23 番茄", segmenter)
    assert count_known(fuse([shapes], np.zeros(1)), text) == (1, 2)


def test_an_article_without_words_knows_none(model: Model, segmenter: Segmenter) -> None:
    assert count_known(model.scorer, read_article("", " \n ", segmenter)) == (0, 0)
