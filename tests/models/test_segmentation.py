"""Both engines cut the same words, and no text is lost on the way."""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.normalise import normalise
from models.segmentation import (
    Segmenter,
    _Jieba,
    _Rjieba,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)

WORDS = dictionary_words(shipped_dictionary())
COMMON = [
    "的",
    "了",
    "在",
    "和",
    "我们",
    "研究",
    "发布",
    "举办",
    "论坛",
    "通知",
    "北京",
    "大学",
    "记者",
    "新药",
]

pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(COMMON),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=4),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=6),
    st.text(st.sampled_from("0123456789.%-+&"), min_size=1, max_size=5),
    st.sampled_from(
        ["😀", "👩‍🔬", "🇨🇳", "☟", "\n", " ", "\u3000", "&nbsp;", "㐀", "𠮷", "豈", "γ"]
    ),
    st.sampled_from(
        ["，", "。", "《", "》", "“", "”", "——", "……", "·", "、", "！", "：", "ＡＩ", "Ⅷ"]
    ),
)
texts = st.lists(pieces, max_size=15).map("".join)


@pytest.fixture(scope="module")
def fast() -> Segmenter:
    return open_segmenter("rjieba", WORDS)


@pytest.fixture(scope="module")
def reference() -> Segmenter:
    return open_segmenter("jieba", WORDS)


@given(text=texts)
@settings(deadline=None, derandomize=True, max_examples=800)
def test_both_engines_cut_the_same_words(fast: Segmenter, reference: Segmenter, text: str) -> None:
    read = normalise(text).text
    assert fast.cut(read) == reference.cut(read)


@given(text=texts)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_words_joined_give_the_text_again(fast: Segmenter, text: str) -> None:
    read = normalise(text).text
    assert "".join(fast.cut(read)) == read


@given(text=texts)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_a_word_is_all_blank_or_has_no_blank(fast: Segmenter, text: str) -> None:
    words = fast.cut(normalise(text).text)
    assert [word for word in words if not word.isspace() and len(word.split()) != 1] == []


def test_two_words_of_the_dictionary_in_a_row_are_cut_alike(
    fast: Segmenter, reference: Segmenter
) -> None:
    pairs = [one + other for one, other in product(WORDS, repeat=2)]
    assert [pair for pair in pairs if fast.cut(pair) != reference.cut(pair)] == []


@pytest.mark.parametrize("text", ["植入体细胞治疗", "单抗旱情", "不单抗"])
def test_a_word_that_both_dictionaries_have_weighs_the_same_in_each_engine(
    fast: Segmenter, reference: Segmenter, text: str
) -> None:
    assert fast.cut(text) == reference.cut(text)


@pytest.mark.parametrize("name", ["fast", "reference"])
def test_words_of_the_dictionary_come_out_whole(name: str, request: pytest.FixtureRequest) -> None:
    engine: Segmenter = request.getfixturevalue(name)
    assert [word for word in WORDS if engine.cut(word) != [word]] == []


def test_words_of_the_dictionary_come_out_whole_inside_a_sentence(fast: Segmenter) -> None:
    assert fast.cut("脑机接口与大语言模型，走进元宇宙。") == [
        "脑机接口",
        "与",
        "大语言模型",
        "，",
        "走进",
        "元宇宙",
        "。",
    ]


def test_an_empty_text_has_no_words(fast: Segmenter, reference: Segmenter) -> None:
    assert (fast.cut(""), reference.cut("")) == ([], [])


def test_without_the_dictionary_a_word_of_its_falls_apart() -> None:
    assert open_segmenter("rjieba", ()).cut("脑机接口") == ["脑", "机", "接口"]


def test_a_segmenter_is_opened_once() -> None:
    assert open_segmenter("rjieba", ("脑机接口",)) is open_segmenter("rjieba", ("脑机接口",))


def test_rjieba_cuts_unless_jieba_is_asked_for(fast: Segmenter, reference: Segmenter) -> None:
    assert (type(fast), type(reference)) == (_Rjieba, _Jieba)


def test_without_rjieba_jieba_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    engine = open_segmenter.__wrapped__("rjieba", ("脑机接口",))
    assert isinstance(engine, _Jieba)
    assert engine.cut("脑机接口") == ["脑机接口"]


def test_jieba_neither_reads_nor_leaves_a_cache_in_the_shared_temporary_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "jieba.cache").write_bytes(b"someone else's")
    assert _Jieba(()).cut("北京大学") == ["北京大学"]
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]
    assert (tmp_path / "jieba.cache").read_bytes() == b"someone else's"


@pytest.mark.parametrize("engine", [_Rjieba, _Jieba])
def test_a_segmenter_tells_the_words_that_it_was_given(
    engine: type[_Rjieba] | type[_Jieba],
) -> None:
    assert engine(("大模型", "脑机")).words == {"大模型", "脑机"}
    assert engine(()).words == frozenset()


def test_a_dictionary_is_read_folded_without_comments_blank_lines_and_repeats() -> None:
    text = "# 词表\n大模型\n\n  ＡＩ芯片  \r\n大模型\nDeepSeek\n#脑机\n"
    assert dictionary_words(text) == ("大模型", "ai芯片", "deepseek")


def test_an_empty_dictionary_has_no_words() -> None:
    assert dictionary_words("") == ()


def test_no_word_of_the_shipped_dictionary_has_a_blank_in_it() -> None:
    assert [word for word in WORDS if len(word.split()) != 1] == []
    assert len(WORDS) > 100
