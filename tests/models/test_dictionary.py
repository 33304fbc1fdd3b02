"""Words of a newsroom's own come out whole of both engines, beside the shipped ones."""

from __future__ import annotations

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from models.dictionary import dictionary_with, gained_line
from models.segmentation import (
    SegmenterName,
    _Jieba,
    _Rjieba,
    dictionary_words,
    open_segmenter,
    shipped_dictionary,
)

OWN = ("低空经济", "车路云一体化", "无人机", "ai+制造", "量子计算机", "机接口", "3d高斯", "evtol")
WORDS = dictionary_words(dictionary_with(OWN))

# Parts that make up words with each other, those of the shipped dictionary among them.
parts = st.sampled_from(
    ["脑", "机接口", "量子", "计算", "机", "的", "大模型", "ai", "3d", "+", "-"]
)
words = st.lists(parts, min_size=1, max_size=4).map("".join).filter(lambda word: len(word) > 1)
open_name = partial(open_segmenter, words=WORDS)


def test_the_words_stand_behind_the_shipped_ones() -> None:
    assert WORDS[: -len(OWN)] == dictionary_words(shipped_dictionary())
    assert WORDS[-len(OWN) :] == OWN


def test_a_word_that_ships_is_kept_once() -> None:
    assert dictionary_with(["大模型"]) == shipped_dictionary()
    assert dictionary_words(dictionary_with(["大模型", "低空经济"])).count("大模型") == 1


def test_the_same_words_make_the_same_text() -> None:
    assert dictionary_with(["低空经济"]).endswith("\n\n# Given to this version\n低空经济\n")


def test_both_engines_cut_the_words_out_whole() -> None:
    names: tuple[SegmenterName, ...] = ("rjieba", "jieba")
    for name in names:
        cut = open_name(name).cut
        assert [word for word in WORDS if cut(word) != [word]] == []


def test_both_engines_cut_a_sentence_with_the_words_alike() -> None:
    text = "量子计算机与evtol走进低空经济,车路云一体化和ai+制造的脑机接口。"
    cut = open_name("rjieba").cut(text)
    assert cut == open_name("jieba").cut(text)
    assert cut == [
        "量子计算机",
        "与",
        "evtol",
        "走进",
        "低空经济",
        ",",
        "车路云一体化",
        "和",
        "ai+制造",
        "的",
        "脑机接口",
        "。",
    ]


@given(own=st.lists(words, min_size=1, max_size=12, unique=True))
@settings(deadline=None, derandomize=True, max_examples=5)
def test_words_that_lie_within_each_other_come_out_whole_of_either_engine(own: list[str]) -> None:
    given = dictionary_words(dictionary_with(own))
    for engine in (_Rjieba(given), _Jieba(given)):
        assert [word for word in given if engine.cut(word) != [word]] == []


def test_it_is_told_which_words_would_be_cut_apart() -> None:
    assert gained_line(("低空经济", "无人机", "大模型"), "rjieba") == (
        "words of your own: 3; cut apart without the dictionary: 1 (低空/经济)"
    )
    assert gained_line(("无人机",), "jieba") == (
        "words of your own: 1; cut apart without the dictionary: 0"
    )


def test_of_many_such_words_the_first_are_shown() -> None:
    many = tuple(f"低空{end}" for end in ("经济", "飞行", "物流", "航线", "监管", "安全", "网"))
    assert gained_line(many, "rjieba").endswith(
        ": 6 (低空/经济, 低空/物流, 低空/航线, 低空/监管, 低空/安全, …)"
    )
