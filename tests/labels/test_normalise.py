from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.normalise import fold, normalise

ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'"}
BLANKS = ["&nbsp;", "&ensp;", "&emsp;", "&thinsp;", "&#160;", "&#xa0;"]

# What posts are made of, and any character at all, lone surrogates among them.
PIECES = [
    *ENTITIES, *BLANKS, " ", "\u3000", "\xa0", "\t", "\r", "\n", "\r\n", "\u2028", "\x00",
    "\u200b", "\ufeff", "\u200d", "\ufe0f", "Ａ", "ｚ", "Z", "：", "&", "nbsp;", "amp;", "湖",
    "水", "😀", "\ud83d", "\ude00", "分享", "点赞", "👇", "编辑：", "来源：", "转载请注明",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=()), max_size=24).map(
    "".join
)


@settings(deadline=None)
@given(TEXTS)
def test_every_character_maps_back_to_what_folds_to_it(text: str) -> None:
    normalised = normalise(text)
    for at, character in enumerate(normalised.text):
        start, end = normalised.span(at, at + 1)
        source = fold(text[start:end])
        if character == "\n":
            assert source == ""
        elif character == " ":
            for blank in (*BLANKS, " ", "\u200b"):
                source = source.replace(blank, "")
            assert source == ""
        else:
            assert ENTITIES.get(source, source) == character


@settings(deadline=None)
@given(TEXTS)
def test_spans_stand_within_the_text_in_its_order(text: str) -> None:
    normalised = normalise(text)
    spans = [normalised.span(at, at + 1) for at in range(len(normalised.text))]
    edges = [edge for start, end in spans if start < end for edge in (start, end)]
    assert edges == sorted(edges)
    assert all(0 <= start <= end <= len(text) for start, end in spans)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_the_span_of_a_stretch_runs_from_its_first_character_to_its_last(
    text: str, data: st.DataObject
) -> None:
    normalised = normalise(text + "\n湖")
    start = data.draw(st.integers(0, len(normalised.text) - 1))
    end = data.draw(st.integers(start + 1, len(normalised.text)))
    # But for line feeds at either end of it.
    stretch = normalised.text[start:end]
    begin = end - len(stretch.lstrip("\n"))
    last = start + len(stretch.rstrip("\n"))
    if begin < last:
        expected = (normalised.span(begin, begin + 1)[0], normalised.span(last - 1, last)[1])
        assert normalised.span(start, end) == expected


@settings(deadline=None)
@given(TEXTS)
def test_no_blank_stands_beside_another_or_at_the_edge_of_a_line(text: str) -> None:
    result = normalise(text).text
    assert "  " not in result
    assert result == "" or all(line and line == line.strip() for line in result.split("\n"))


@settings(deadline=None)
@given(TEXTS)
def test_nothing_is_left_of_returns_capitals_and_zero_widths(text: str) -> None:
    left = set(normalise(text).text)
    assert not left & set("\r\t\u3000\xa0\u200b\ufeffＡABCDEFGHIJKLMNOPQRSTUVWXYZ")


@settings(deadline=None)
@given(TEXTS)
def test_folding_keeps_the_length_and_is_done_once(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_every_full_width_form_becomes_its_small_half() -> None:
    wide = "".join(chr(point) for point in range(0xFF01, 0xFF5F))
    assert fold(wide) == "".join(chr(point) for point in range(0x21, 0x7F)).lower()
    assert fold("\uff00\uff5f") == "\uff00\uff5f"


def test_every_control_character_is_a_blank_or_ends_a_line() -> None:
    controls = {chr(point) for point in (*range(0x20), *range(0x7F, 0xA0))}
    ends = set("\n\r\v\f\x1c\x1d\x1e\x85")
    assert {normalise(f"水{end}质").text for end in (*ends, "\u2028", "\u2029")} == {"水\n质"}
    assert {normalise(f"水{blank}质").text for blank in controls - ends} == {"水 质"}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("\u00ad", "\u00ad"),
        ("\u200b", "\u200f"),
        ("\u202a", "\u202e"),
        ("\u2060", "\u206f"),
        ("\ufe00", "\ufe0f"),
        ("\ufeff", "\ufeff"),
    ],
)
def test_characters_without_a_width_vanish_and_their_neighbours_stay(first: str, last: str) -> None:
    points = range(ord(first), ord(last) + 1)
    assert {normalise(f"水{chr(point)}质").text for point in points} == {"水质"}
    assert len(normalise(f"水{chr(ord(last) + 1)}质").text) == 3


def test_only_halves_of_emoji_become_the_replacement_character() -> None:
    assert fold("\ud7ff\ud800\udfff\ue000😀") == "\ud7ff\ufffd\ufffd\ue000😀"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        (" \r\n\u3000\u200b&nbsp;\n", ""),
        ("第一段\r第二段", "第一段\n第二段"),
        ("第一段\r\n\r\n  第二段\u2028第三段", "第一段\n第二段\n第三段"),
        ("湖&nbsp;&nbsp; 水", "湖 水"),
        ("&NBSP;湖&#160;", "湖"),
        ("ＡＢＣ１２３：（湖）", "abc123:(湖)"),
        ("湖\u3000\t水", "湖 水"),
        ("水\u200b质\ufeff好\u00ad", "水质好"),
        ("水 \u200b 质", "水 质"),
        ("a&amp;b &lt;c&gt; &quot;d&quot; &#39;e&apos;", "a&b <c> \"d\" 'e'"),
        ("&amp;nbsp;", "&nbsp;"),
        ("R&D & AT&T; &copy;", "r&d & at&t; &copy;"),
        ("湖\ud83d", "湖\ufffd"),
        ("湖\x00水", "湖 水"),
    ],
)
def test_a_text_is_folded_to_its_plain_form(text: str, result: str) -> None:
    assert normalise(text).text == result


@pytest.mark.parametrize(
    "line",
    [
        "来源：澄湖观察",
        "本文来源 | 澄湖观察",
        "编辑：钱小湖",
        "责任编辑｜钱小湖　审核丨孙小溪",
        "摄影/孙小溪",
        "本号文章转载请注明出处",
        "分享",
        "↓ 点赞 在看 分享 ↓",
        "👇👇点分享、点赞、在看",
        "关注&nbsp;转发",
        "分\u200b享",
    ],
)
def test_a_line_of_furniture_goes_and_its_neighbours_stay(line: str) -> None:
    assert normalise(f"水质良好。\n{line}\n湖面平静。").text == "水质良好。\n湖面平静。"


@pytest.mark.parametrize(
    "line", ["分享经验的人很多", "编辑部今天开会", "来源:" + "很长" * 31, "关注湖水", "点赞的人"]
)
def test_a_line_that_only_begins_like_furniture_stays(line: str) -> None:
    assert normalise(line).text == line


@pytest.mark.parametrize("text", ["分享", "\r\n 点赞 分享 \r\n", "编辑：钱小湖\n来源：澄湖观察"])
def test_a_text_of_furniture_alone_becomes_empty(text: str) -> None:
    assert normalise(text).text == ""


def test_offsets_count_an_emoji_as_one() -> None:
    text = "😀😀 湖水👋🏻Ａ"
    normalised = normalise(text)
    at = normalised.text.index("湖水")
    assert normalised.span(at, at + 2) == (3, 5)
    assert normalised.text.endswith("👋🏻a")
    assert normalised.span(len(normalised.text) - 1, len(normalised.text)) == (7, 8)


def test_the_span_of_an_entity_is_the_whole_of_it() -> None:
    normalised = normalise("甲&amp;乙")
    assert normalised.text == "甲&乙"
    assert [normalised.span(at, at + 1) for at in range(3)] == [(0, 1), (1, 6), (6, 7)]
    assert normalised.span(0, 2) == (0, 6)
    assert normalised.span(1, 3) == (1, 7)


def test_the_span_of_a_blank_is_the_whole_run() -> None:
    normalised = normalise("甲 &nbsp;\u3000乙")
    assert normalised.text == "甲 乙"
    assert normalised.span(1, 2) == (1, 9)


def test_the_span_of_a_line_feed_is_empty_where_its_line_ends() -> None:
    normalised = normalise("甲\r\n 乙")
    assert normalised.text == "甲\n乙"
    assert normalised.span(1, 2) == (1, 1)


def test_a_span_leaves_out_what_was_dropped_beside_it() -> None:
    text = "水质良好。 \n分享\n 湖面平静。"
    normalised = normalise(text)
    assert normalised.text == "水质良好。\n湖面平静。"
    for start, end, sent in ((2, 6, "良好。"), (5, 8, "湖面"), (3, 8, "好。 \n分享\n 湖面")):
        begin, stop = normalised.span(start, end)
        assert text[begin:stop] == sent


def test_a_span_reaches_over_what_was_dropped_inside() -> None:
    text = "前 水\u200b质 后"
    normalised = normalise(text)
    at = normalised.text.index("水质")
    start, end = normalised.span(at, at + 2)
    assert text[start:end] == "水\u200b质"


def test_a_span_reaches_over_a_dropped_line() -> None:
    text = "水质良好。\n分享\n湖面平静。"
    normalised = normalise(text)
    assert normalised.span(0, len(normalised.text)) == (0, len(text))


@pytest.mark.parametrize(("start", "end", "at"), [(0, 4, 3), (3, 4, 3), (-1, 1, -1)])
def test_a_span_outside_the_text_is_an_error(start: int, end: int, at: int) -> None:
    with pytest.raises(IndexError) as caught:
        normalise("甲乙丙").span(start, end)
    assert str(caught.value) == f"position {at} is outside a text of 3 characters"


@pytest.mark.parametrize("title", ["视频丨澄湖论坛今日开幕", "策划｜澄湖治理十年"])
def test_a_headline_with_its_column_is_kept_whole(title: str) -> None:
    assert normalise(title).text == ""
    assert normalise(title, furniture=True).text == title.replace("｜", "|")


@settings(deadline=None)
@given(TEXTS)
def test_the_pieces_of_a_text_make_up_its_length(text: str) -> None:
    for furniture in (False, True):
        normalised = normalise(text, furniture)
        long, _, _, feeds = normalised.pieces().T
        assert long.sum() + feeds.sum() == len(normalised.text) + 1


def test_furniture_is_known_whatever_has_no_width_in_it() -> None:
    text = "如需转载\u200b请注明出处\n人工智能论坛"
    normalised = normalise(text)
    assert normalised.text == "人工智能论坛"
    assert normalised.span(0, 4) == (11, 15)
