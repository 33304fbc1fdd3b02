"""An explanation adds up to the score, and its spans lead to the words as they were sent."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labels.article import Article
from labels.normalise import fold, normalise
from labels.scheme import Group, Label, Scheme
from models.calibration import Temperature
from models.decision import Rule
from models.explanation import Explanation
from models.features import Block
from models.model import Model
from models.predictor import Predictor
from models.scorer import Weights, fuse
from models.text import read_text, terms

ALL = 10**6
ZEROS = str.maketrans("123456789", "000000000")
BLOCKS = (
    Block(field="title"),
    Block(field="lead", low=1, high=2),
    Block(field="whole"),
    Block(field="whole", unit="character", low=1, high=3),
    Block(field="last", unit="shape", low=1, high=2),
    Block(field="markers"),
    Block(field="dictionary", sublinear=False),
)
ARTICLES = (
    ("青禾市举办人工智能论坛", "论坛由云溪大学主办，论坛上发布了大模型。论坛闭幕。"),
    ("【通知】关于申报人工智能项目", "各单位：请于3月15日前申报。\n申报材料见附件。"),
    ("ＡＩ观察", "😀😀 ＡＩ&nbsp;&nbsp;加速了筛选\u3000&amp;\u200b效率提高 30%。\r\n分享\n新药"),
    ("", ""),
)
pieces = st.one_of(
    st.sampled_from(["论坛", "人工智能", "ＡＩ", "申报", "，", "\n", "30%", " ", "\u3000", "😀"]),
    st.sampled_from(["&nbsp;", "&amp;", "\u200b", "\r\n", "分享", "【通知】", "\ud83d"]),
    st.text(max_size=4),
)
drawn = st.lists(pieces, max_size=20).map("".join)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """Random weights of every kind of block, over the terms of the articles above."""
    labels = tuple(Label(id=f"l{at}", zh="标签", en="label") for at in range(3))
    group = Group(id="group", kind="multi", zh="组", en="group", labels=labels)
    dictionary = "人工智能\n大模型\n"
    draw = np.random.default_rng(3)
    segmenter = Predictor(_model(group, [], dictionary), "v")._segmenter
    texts = [read_text(Article(id="a", title=t, content=c), segmenter) for t, c in ARTICLES]
    learnt = []
    for block in BLOCKS:
        known = sorted({term for text in texts for term in terms(text, block)})
        learnt.append(
            Weights(
                block=block,
                terms=known,
                idf=draw.uniform(1, 3, len(known)),
                weights=draw.normal(size=(len(known), 3)),
            )
        )
    return Predictor(_model(group, learnt, dictionary), "v")


def _model(group: Group, learnt: list[Weights], dictionary: str) -> Model:
    every = (True, True, True)
    rule = Rule(thresholds=(0.5, 0.5, 0.5), sure=(0.6, 0.6, 0.6), margin=0.1, trained=every)
    calibration = Temperature(temperature=1.0, exclusive=False, trained=every)
    return Model(
        scheme=Scheme(groups=(group,)),
        dictionary=dictionary,
        scorer=fuse(learnt, np.array([0.1, -0.2, 0.3])),
        calibrations={"group": calibration},
        rules={"group": rule},
    )


def explained(predictor: Predictor, article: Article, most: int = ALL) -> Explanation:
    found = predictor.predict([article], most)[0].explain
    assert found is not None
    return found


def linear(predictor: Predictor, article: Article) -> list[float]:
    text = read_text(article, predictor._segmenter)
    scores: list[float] = predictor.model.scorer.score(text).tolist()
    return scores


@given(title=drawn, content=drawn)
@example(*ARTICLES[0])
@example(*ARTICLES[1])
@example(*ARTICLES[2])
@example("", "")
@example("论坛", "")
@example("", "论坛")
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_words_add_up_to_the_score_and_stand_where_it_is_said(
    predictor: Predictor, title: str, content: str
) -> None:
    article = Article(id="a", title=title, content=content)
    labels = explained(predictor, article)["group"]
    for score, reasons in zip(linear(predictor, article), labels.values(), strict=True):
        total = reasons.intercept + sum(word["weight"] for word in reasons.words)
        assert abs(total - score) < 1e-9
        assert reasons.score == score
        for word in reasons.words:
            assert word["weight"] != 0
            sent = getattr(article, word["field"])
            assert all(0 <= start < end <= len(sent) for start, end in word["spans"])
            if " " not in word["text"]:  # one word, or characters of one line
                assert word["spans"]
                found = {told(sent[start:end]) for start, end in word["spans"]}
                assert found == {word["text"].translate(ZEROS)}


def told(sent: str) -> str:
    """What stands in an article, as models know it; blanks are in no word, digits in no shape."""
    return "".join(normalise(sent, furniture=True).text.split()).translate(ZEROS)


def spans_of(predictor: Predictor, article: Article, text: str) -> dict[str, list[list[int]]]:
    reasons = explained(predictor, article)["group"]["l0"]
    return {
        word["field"]: [list(span) for span in word["spans"]]
        for word in reasons.words
        if word["text"] == text
    }


def test_spans_count_code_points_of_the_article_as_sent(predictor: Predictor) -> None:
    content = "😀 ＡＩ&nbsp;\u3000论\u200b坛，\r\n\r\n  ai"
    article = Article(id="a", title="ＡＩ", content=content)
    found = spans_of(predictor, article, "ai")
    assert found == {"title": [[0, 2]], "content": [[2, 4], [21, 23]]}
    assert [fold(content[start:end]) for start, end in found["content"]] == ["ai", "ai"]
    [[start, end]] = spans_of(predictor, article, "论坛")["content"]
    assert content[start:end] == "论\u200b坛"


def test_a_word_that_several_blocks_count_is_shown_once(predictor: Predictor) -> None:
    title, content = ARTICLES[0]
    words = explained(predictor, Article(id="a", title=title, content=content))["group"]["l1"].words
    shown = [(word["text"], word["field"]) for word in words]
    assert len(set(shown)) == len(shown)
    assert {("论坛", "title"), ("论坛", "content")} <= set(shown)
    assert spans_of(predictor, Article(id="a", title=title, content=content), "论坛") == {
        "title": [[9, 11]],
        "content": [[0, 2], [10, 12], [20, 22]],
    }


def test_the_strongest_words_come_first_for_and_against(predictor: Predictor) -> None:
    article = Article(id="a", title=ARTICLES[0][0], content=ARTICLES[0][1])
    every, few = (explained(predictor, article, most)["group"] for most in (ALL, 5))
    for label, reasons in every.items():
        strengths = [abs(word["weight"]) for word in reasons.words]
        assert strengths == sorted(strengths, reverse=True)
        assert list(few[label].words) == list(reasons.words)[:5]
        assert {word["weight"] > 0 for word in reasons.words} == {True, False}


def test_an_article_without_words_is_explained_by_its_intercepts(predictor: Predictor) -> None:
    known = Weights(
        block=Block(field="body"), terms=["论坛"], idf=np.ones(1), weights=np.ones((1, 3))
    )
    model = replace(predictor.model, scorer=fuse([known], np.array([0.1, -0.2, 0.3])))
    empty = Article(id="a", title="", content="")
    found = explained(Predictor(model, "v"), empty)["group"].values()
    assert [(list(one.words), one.score) for one in found] == [([], 0.1), ([], -0.2), ([], 0.3)]


def test_explaining_changes_nothing_else(predictor: Predictor) -> None:
    articles = [Article(id="a", title=title, content=content) for title, content in ARTICLES]
    plain = [one.as_json() for one in predictor.predict(articles)]
    told = [one.as_json() for one in predictor.predict(articles, 3)]
    assert "explain" not in plain[0]
    assert [{k: v for k, v in one.items() if k != "explain"} for one in told] == plain


def test_an_explanation_has_the_shape_of_the_contract(predictor: Predictor) -> None:
    article = Article(id="a", title="论坛", content="论坛")
    told = json.loads(json.dumps(predictor.predict([article], 1)[0].as_json()))["explain"]
    assert list(told["group"]) == ["l0", "l1", "l2"]
    reasons = told["group"]["l0"]
    assert list(reasons) == ["score", "intercept", "words"]
    [word] = reasons["words"]
    assert list(word) == ["text", "field", "spans", "weight"]
    assert all(len(span) == 2 for span in word["spans"])


@pytest.mark.parametrize("bits", [0, 3])
@pytest.mark.parametrize(("title", "content"), ARTICLES)
def test_rows_that_share_their_last_bits_are_told_apart(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, title: str, content: str, bits: int
) -> None:
    article = Article(id="a", title=title, content=content)
    expected = explained(predictor, article, 5)
    monkeypatch.setattr("models.explanation._FILTER", bits)
    assert explained(predictor, article, 5) == expected


def test_the_span_of_a_marker_has_its_blanks(predictor: Predictor) -> None:
    article = Article(id="a", title="【 通 知 】", content="")
    model = replace(
        predictor.model,
        scorer=fuse(
            [
                Weights(
                    block=Block(field="markers"),
                    terms=["通知"],
                    idf=np.ones(1),
                    weights=np.ones((1, 3)),
                )
            ],
            np.zeros(3),
        ),
    )
    [word] = explained(Predictor(model, "v"), article)["group"]["l0"].words
    assert (word["text"], list(word["spans"])) == ("通知", [[2, 5]])
