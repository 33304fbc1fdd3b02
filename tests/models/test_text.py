"""The terms of an article are those that scikit-learn finds in its columns."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from labels.article import Article
from models.features import COLUMNS, Block, Field, Unit
from models.segmentation import Segmenter, open_segmenter
from models.text import LONGEST, read_text, terms
from training.columns import vectoriser_settings

pieces = st.one_of(
    st.sampled_from(
        ["人工智能", "论坛", "举办", "论坛", "【通知】", "AI", "ＡＩ", "C++", "3.5%", "B超"]
    ),
    st.sampled_from(
        ["，", "。", "\n", "\n\n", " ", "\u3000", "\t", "&nbsp;", "&amp;", "😀", "\u200b"]
    ),
    st.text(max_size=4),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=4),
)
texts = st.lists(pieces, max_size=20).map("".join)
blocks = st.builds(
    lambda column, low, more: Block(field=column[0], unit=column[1], low=low, high=low + more),
    st.sampled_from(COLUMNS),
    st.integers(1, 3),
    st.integers(0, 2),
)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return open_segmenter("rjieba", ("人工智能", "大模型"))


def article(title: str, content: str) -> Article:
    return Article(id="a1", title=title, content=content)


@given(title=texts, content=texts, block=blocks)
@example(title="", content="", block=Block(field="whole", low=1, high=2))
@example(title="", content="", block=Block(field="whole", unit="character", low=1, high=3))
@example(title="", content="论坛", block=Block(field="whole", unit="character", low=1, high=3))
@example(title="论坛", content="", block=Block(field="whole", unit="character", low=2, high=3))
@example(title="论坛", content="论坛", block=Block(field="title", unit="character", low=3, high=5))
@example(title="【通知】【大 模型】", content="", block=Block(field="markers", low=1, high=2))
@example(title="大模型", content="人工智能", block=Block(field="dictionary", low=1, high=2))
@example(title="", content="3月15日", block=Block(field="last", unit="shape", low=1, high=2))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_the_terms_are_those_that_scikit_learn_finds(
    segmenter: Segmenter, title: str, content: str, block: Block
) -> None:
    text = read_text(article(title, content), segmenter)
    analyse = CountVectorizer(**vectoriser_settings(block)).build_analyzer()
    expected = Counter(analyse(text.column(block.field, block.unit)))
    assert Counter(terms(text, block)) == expected


@pytest.mark.parametrize(("field", "unit"), COLUMNS)
def test_a_fitted_vectoriser_counts_the_terms_of_a_long_article(
    segmenter: Segmenter, field: Field, unit: Unit
) -> None:
    content = "人工智能论坛今天举办。\n记者了解到，大模型 2.0 已经发布！" * 30
    text = read_text(article("【通知】人工智能论坛", content), segmenter)
    block = Block(field=field, unit=unit, low=1, high=3)
    vectoriser = CountVectorizer(**vectoriser_settings(block))
    counted = vectoriser.fit_transform([text.column(field, unit)]).toarray()[0]
    found = dict(zip(vectoriser.get_feature_names_out(), counted.tolist(), strict=True))
    assert Counter(terms(text, block)) == found


def test_the_fields_of_an_article_have_words_of_their_own(segmenter: Segmenter) -> None:
    text = read_text(article("人工智能 论坛", "今天举办，\n大模型"), segmenter)
    assert text.words("title") == ("人工智能", "论坛")
    assert text.words("lead") == text.words("body") == ("今天", "举办", ",", "大模型")
    assert text.words("last") == ("今天", "举办", ",", "大模型")
    assert text.words("whole") == ("人工智能", "论坛", "今天", "举办", ",", "大模型")


def test_the_characters_of_a_field_stand_on_one_line(segmenter: Segmenter) -> None:
    text = read_text(article("论坛", "今天\n\n举办"), segmenter)
    assert text.characters("title") == "论坛"
    assert (
        text.characters("body") == text.characters("lead") == text.characters("last") == "今天 举办"
    )
    assert text.characters("whole") == "论坛 今天 举办"


def test_the_lead_is_the_first_300_characters(segmenter: Segmenter) -> None:
    text = read_text(article("", "番" * 301), segmenter)
    assert text.characters("lead") == "番" * 300
    assert len(text.words("lead")) == 300
    assert len(text.words("body")) == 301


def test_a_word_that_begins_in_the_lead_belongs_to_it_whole(segmenter: Segmenter) -> None:
    text = read_text(article("", "、" * 298 + "人工智能论坛"), segmenter)
    assert text.words("lead")[-2:] == ("、", "人工智能")
    assert text.words("body")[-2:] == ("人工智能", "论坛")


def test_blanks_count_towards_the_lead_but_are_no_words(segmenter: Segmenter) -> None:
    text = read_text(article("", "、 " * 150 + "论坛"), segmenter)
    assert text.words("lead") == ("、",) * 150
    assert text.words("body")[-1] == "论坛"


def test_the_last_words_make_up_the_last_200_characters(segmenter: Segmenter) -> None:
    text = read_text(article("论坛", "、" * 300 + "人工智能论坛"), segmenter)
    assert text.words("last") == ("、",) * 194 + ("人工智能", "论坛")
    assert text.characters("last") == "、" * 194 + "人工智能论坛"


def test_a_word_that_begins_before_the_last_200_characters_is_left_out(
    segmenter: Segmenter,
) -> None:
    text = read_text(article("", "人工智能" + "、" * 197), segmenter)
    assert text.words("last") == ("、",) * 197
    assert text.characters("last") == "工智能" + "、" * 197


def test_blanks_do_not_count_towards_the_last_words(segmenter: Segmenter) -> None:
    text = read_text(article("", "论坛" + "、 " * 198), segmenter)
    assert text.words("last") == ("论坛",) + ("、",) * 198


def test_the_last_words_of_a_short_content_are_all_of_them(segmenter: Segmenter) -> None:
    assert read_text(article("论坛", "举办"), segmenter).words("last") == ("举办",)
    assert read_text(article("论坛", ""), segmenter).words("last") == ()


@pytest.mark.parametrize(
    ("title", "markers"),
    [
        ("【通知】申报开始", ("通知",)),
        ("［报名］《论坛》今天举办", ("报名", "论坛")),
        ("「观察」＜速递＞", ("观察", "速递")),
        ("【会议 通知】申报", ("会议通知",)),
        ("【】通知", ()),
        ("【" + "长" * 12 + "】", ("长" * 12,)),
        ("【" + "长" * 13 + "】", ()),
        ("（通知）没有", ()),
    ],
)
def test_the_markers_of_a_title_stand_in_brackets(
    segmenter: Segmenter, title: str, markers: tuple[str, ...]
) -> None:
    assert read_text(article(title, ""), segmenter).words("markers") == markers


def test_brackets_of_a_content_hold_no_markers(segmenter: Segmenter) -> None:
    assert read_text(article("论坛", "【通知】"), segmenter).words("markers") == ()


def test_dictionary_words_are_those_that_the_segmenter_was_given(segmenter: Segmenter) -> None:
    text = read_text(article("人工智能论坛", "论坛发布大模型，大模型"), segmenter)
    assert text.dictionary == {"人工智能", "大模型"}
    assert text.words("dictionary") == ("人工智能", "大模型", "大模型")


def test_a_shape_has_every_digit_written_as_0(segmenter: Segmenter) -> None:
    text = read_text(article("", "3月15日起，30.5元"), segmenter)
    shapes = text.words("body", "shape")
    assert "".join(shapes) == "0月00日起,00.0元"
    assert [len(shape) for shape in shapes] == [len(word) for word in text.words("body")]
    assert text.column("body", "shape") == " ".join(shapes)


def test_all_dates_have_one_shape(segmenter: Segmenter) -> None:
    one, other = (
        read_text(article("", day), segmenter).words("whole", "shape")
        for day in ("2024年11月23日", "1987年12月19日")
    )
    assert one == other


@pytest.mark.parametrize(("length", "truncated"), [(LONGEST, False), (LONGEST + 1, True)])
def test_content_beyond_20000_characters_is_left_out(
    segmenter: Segmenter, length: int, truncated: bool
) -> None:
    text = read_text(article("", "论" * length), segmenter)
    assert (len(text.content), text.truncated) == (20_000, truncated)


def test_a_title_beyond_20000_characters_is_left_out(segmenter: Segmenter) -> None:
    text = read_text(article("论" * 20_001, ""), segmenter)
    assert (len(text.title), text.truncated) == (20_000, True)


def test_the_limit_holds_for_the_text_as_given_not_as_normalised(segmenter: Segmenter) -> None:
    text = read_text(article("", " " * 20_000 + "论坛"), segmenter)
    assert (text.content, text.truncated) == ("", True)


def test_a_text_is_normalised_before_it_is_cut(segmenter: Segmenter) -> None:
    text = read_text(article("ＡＩ论坛", "编辑：小满\n＜人工智能＞"), segmenter)
    assert text.words("title") == ("ai", "论坛")
    assert text.words("body") == ("<", "人工智能", ">")


def test_a_column_of_words_has_blanks_between_them(segmenter: Segmenter) -> None:
    text = read_text(article("人工智能论坛", "举办"), segmenter)
    assert text.column("whole", "word") == "人工智能 论坛 举办"
    assert text.column("title", "character") == "人工智能论坛"


def test_an_n_gram_longer_than_the_text_gives_nothing(segmenter: Segmenter) -> None:
    text = read_text(article("论坛", ""), segmenter)
    assert list(terms(text, Block(field="title", unit="character", low=3, high=10**9))) == []
    assert list(terms(text, Block(field="title", low=2, high=3))) == []


def test_a_marker_stands_between_its_brackets_without_the_blanks_around_it(
    segmenter: Segmenter,
) -> None:
    text = read_text(article("【 重磅 】「大 会」", ""), segmenter)
    assert [(word, text.title[begin:end]) for word, begin, end in text.markers()] == [
        ("重磅", "重磅"),
        ("大会", "大 会"),
    ]
