"""Marks lie on the characters that words stand on, and lose none."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.explanation import Side, Word
from serving.marks import Piece, pieces


def word(weight: float, *spans: tuple[int, int], side: Side = "content", text: str = "词") -> Word:
    return {"text": text, "field": side, "spans": spans, "weight": weight}


def test_a_word_is_marked_where_it_stands_and_nothing_else_is() -> None:
    assert pieces("用脑机接口写字", [word(0.5, (1, 5))], "content") == [
        Piece("用", ""),
        Piece("脑机接口", "for-3"),
        Piece("写字", ""),
    ]


def test_offsets_are_code_points_also_behind_an_emoji() -> None:
    text = "👩‍🔬🧠ＡＩ模型"
    begin = text.index("Ａ")
    found = pieces(text, [word(-0.2, (begin, begin + 2))], "content")
    assert [piece.text for piece in found if piece.kind] == ["ＡＩ"]
    assert found[1].kind == "against-3"


def test_words_of_the_other_side_leave_no_mark() -> None:
    assert pieces("标题", [word(0.5, (0, 2), side="title")], "content") == [Piece("标题", "")]


def test_where_words_overlap_their_weights_add_up() -> None:
    words = [word(0.4, (0, 4)), word(-0.3, (1, 2)), word(-0.6, (2, 4))]
    assert [piece.kind for piece in pieces("甲乙丙丁", words, "content")] == [
        "for-3",  # 0.4 of 0.6
        "for-1",  # 0.1
        "against-2",  # -0.2
    ]


def test_what_cancels_out_exactly_is_not_marked() -> None:
    words = [word(0.1, (0, 2)), word(0.2, (0, 2)), word(-0.3, (0, 2))]
    assert pieces("甲乙", words, "content") == [Piece("甲乙", "")]


def test_neighbours_of_one_strength_are_one_piece() -> None:
    assert pieces("，，，", [word(0.5, (0, 1), (1, 2), (2, 3))], "content") == [
        Piece("，，，", "for-3")
    ]


def test_a_span_beyond_the_text_that_is_shown_is_cut_off() -> None:
    assert pieces("甲乙", [word(1.0, (1, 9))], "content") == [
        Piece("甲", ""),
        Piece("乙", "for-3"),
    ]


def test_no_text_has_no_pieces() -> None:
    assert pieces("", [word(1.0)], "content") == []


@given(
    st.text(max_size=40),
    st.lists(
        st.tuples(
            st.floats(-3, 3).map(lambda one: round(one, 6)),
            st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=5),
        ),
        max_size=6,
    ),
)
def test_pieces_are_the_text_and_marked_as_the_sum_of_its_words_says(
    text: str, drawn: list[tuple[float, list[tuple[int, int]]]]
) -> None:
    words = [
        word(weight, *((begin, begin + length) for begin, length in places))
        for weight, places in drawn
    ]
    found = pieces(text, words, "content")
    assert "".join(piece.text for piece in found) == text
    kinds = [piece.kind for piece in found for _ in piece.text]
    for at, kind in enumerate(kinds):
        over = [one["weight"] * sum(b <= at < e for b, e in one["spans"]) for one in words]
        total = round(sum(round(one * 1_000_000) for one in over))
        assert kind.split("-")[0] == ("for" if total > 0 else "against" if total < 0 else "")
    assert all(one.kind != two.kind for one, two in pairwise(found))
