from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.json_text import Text, without_halves

PIECES = st.sampled_from(
    ["\\ud83d", "\\uDE00", "\\ude00", "\\ud83d\\ude00", "\\\\", "\\n", "ud83d", "水", "x" * 11]
)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (r"\ud83d\ude00", r"\ud83d\ude00"),
        (r"\ude00", r"\u003f"),
        (r"\uD83D", r"\u003f"),
        (r"\ud83d\ud83d\ude00", r"\u003f\ud83d\ude00"),
        (r"\ud83d\u6c34", r"\u003f\u6c34"),
        (r"\\ude00", r"\\ude00"),
        (r"\\\ude00", r"\\\u003f"),
        (r"\\ud83d\ude00", r"\\ud83d\u003f"),
        (r"\ud7ff\ue000", r"\ud7ff\ue000"),
    ],
)
def test_half_an_emoji_becomes_a_question_mark(text: str, mended: str) -> None:
    assert without_halves(text.encode()).decode() == mended


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12), st.integers(1, 30))
def test_it_is_the_same_in_pieces_of_any_size(pieces: list[str], size: int) -> None:
    text = '"' + "".join(pieces) + '"'
    file = Text(io.BytesIO(text.encode()))
    found = b"".join(iter(lambda: file.read(size), b""))
    assert json.loads(found) == json.loads(text).encode("utf-8", "replace").decode()


def test_a_run_of_backslashes_is_not_held_whole() -> None:
    file = Text(io.BytesIO(b"\\" * 100_000))
    pieces = list(iter(lambda: file.read(5000), b""))
    assert sum(map(len, pieces)) == 100_000
    assert max(map(len, pieces)) <= 6024
