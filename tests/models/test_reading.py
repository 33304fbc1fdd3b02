"""The n-grams that a model looks up are those of the strings of the text."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labels.article import Article
from models.features import COLUMNS, Block
from models.reading import Plan
from models.segmentation import Segmenter, open_segmenter
from models.text import Text, read_text, terms
from models.vocabulary import vocabulary_of

pieces = st.one_of(
    st.sampled_from(["人工智能", "论坛", "举办", "【通知】", "AI", "C++", "3.5%", "B超", "12月"]),
    st.sampled_from(["，", "。", "\n", " ", "\u3000", "&nbsp;", "&amp;", "😀", "\u200b"]),
    st.text(max_size=4),
)
texts = st.lists(pieces, max_size=30).map("".join)
long = st.tuples(texts, st.integers(1, 40)).map(lambda drawn: drawn[0] * drawn[1])
blocks = st.lists(
    st.builds(
        lambda column, low, more: Block(field=column[0], unit=column[1], low=low, high=low + more),
        st.sampled_from(COLUMNS),
        st.integers(1, 3),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return open_segmenter("rjieba", ("人工智能", "大模型"))


def read_terms(text: Text, given_: list[Block]) -> list[Counter[str]]:
    """The n-grams of each block, by way of keys and numbers."""
    known = sorted({term for block in given_ for term in terms(text, block)})
    vocabulary = vocabulary_of(known)
    numbers, blocks_ = divmod(Plan.of(given_).read(text, vocabulary).cells, len(given_))
    return [
        # Blanks are no terms.
        Counter(vocabulary.names(n for n in numbers[blocks_ == at].tolist() if n))
        for at in range(len(given_))
    ]


@given(title=texts, content=long, given_=blocks)
@example(title="", content="", given_=[Block(field="whole", low=1, high=2)])
@example(title="论坛", content="", given_=[Block(field="whole", unit="character", high=10**6)])
@example(title="", content="3月", given_=[Block(field="last", unit="shape", high=2)])
@example(
    title="3月",
    content="5月 6月",
    given_=[Block(field="whole", unit="shape"), Block(field="whole", high=2)],
)
@settings(deadline=None, derandomize=True, max_examples=400)
def test_every_n_gram_is_found_as_often_as_it_stands(
    segmenter: Segmenter, title: str, content: str, given_: list[Block]
) -> None:
    text = read_text(Article(id="a", title=title, content=content), segmenter)
    assert read_terms(text, given_) == [Counter(terms(text, block)) for block in given_]


@given(title=texts, content=long, given_=blocks)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_every_n_gram_is_found_where_it_stands(
    segmenter: Segmenter, title: str, content: str, given_: list[Block]
) -> None:
    text = read_text(Article(id="a", title=title, content=content), segmenter)
    plan = Plan.of(given_)
    vocabulary = vocabulary_of(sorted({t for block in given_ for t in terms(text, block)}))
    found = plan.read(text, vocabulary)
    numbers, blocks_ = divmod(found.cells, len(given_))
    known = numbers.nonzero()[0]
    begins, ends = plan.places(text, found, known)
    whole = f"{text.title}\n{text.content}"
    for number, block, begin, end in zip(
        numbers[known].tolist(),
        blocks_[known].tolist(),
        begins.tolist(),
        ends.tolist(),
        strict=True,
    ):
        [term] = vocabulary.names([number])
        stands = whole[begin:end]
        if given_[block].unit == "shape":
            stands = stands.translate(str.maketrans("123456789", "000000000"))
            assert "".join(stands.split()) == "".join(term.split())
        elif given_[block].unit == "character":
            assert stands.replace("\n", " ") == term
        elif given_[block].field in {"markers", "dictionary"}:  # others may stand between them
            words = term.split(" ")
            assert "".join(stands.split()).startswith(words[0])
            assert "".join(stands.split()).endswith(words[-1])
        else:  # words have a blank between them wherever they stand
            assert "".join(stands.split()) == "".join(term.split())


def test_units_are_made_once_for_all_blocks() -> None:
    plan = Plan.of([Block(field="title"), Block(field="lead"), Block(field="whole", high=2)])
    assert plan.sources == [("word", ("title", "lead", "whole"), 1, 2)]


def test_words_are_read_even_where_no_block_wants_them() -> None:
    plan = Plan.of([Block(field="title", unit="character")])
    assert [one.source for one in plan.sources] == ["word", "character"]
