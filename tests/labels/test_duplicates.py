from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from labels.article import Article
from labels.duplicates import SIMILAR, SKETCH_SIZE, clusters, similarity, sketch

POST = (
    "澄湖实验室今天公布了五月份的水质预报，预报覆盖三十二个采样点，其中二十九个达到二类标准。"
    "负责人钱小湖介绍，新的预报模型把误差降低了一半，渔民可以提前两天安排下网的时间。"
    "下一步，实验室将把采样点增加到五十个，并向周边三个县开放全部数据。"
)
OTHER = (
    "青石镇的老木匠孙小溪用了七年时间，修好了镇上最后一座廊桥，桥身没有使用一颗铁钉。"
    "他说自己只是照着祖父留下的图样去做，每一根梁都要在雨季之前晾干。"
)


def article(content: str, title: str = "") -> Article:
    return Article(id="w", title=title, content=content)


def alike(one: str, other: str) -> float:
    return similarity(sketch(article(one)), sketch(article(other)))


def groups(*contents: str) -> list[int]:
    found: list[int] = clusters(np.stack([sketch(article(text)) for text in contents])).tolist()
    return found


@pytest.mark.parametrize("text", ["", "湖", "湖水清", POST])
def test_a_sketch_has_64_places_however_short_the_text(text: str) -> None:
    made = sketch(article(text))
    assert made.shape == (SKETCH_SIZE,)
    assert made.dtype == np.uint32


def test_a_sketch_is_the_same_for_ever() -> None:
    # Model versions keep sketches of their corpus: another hash would make them worthless.
    assert sketch(article("澄湖水质月报"))[:4].tolist() == [
        1546641838,
        3151818297,
        154644197,
        1115540810,
    ]


def test_equal_texts_have_equal_sketches_however_they_are_set() -> None:
    again = "\u3000" + POST.replace("，", ",").replace("。", "。\r\n\u200b") + "\n分享 点赞"
    assert alike(POST, again) == 1.0


def test_a_title_counts_like_a_first_line() -> None:
    whole = sketch(article(POST, title=OTHER))
    assert whole.tolist() == sketch(article(f"{OTHER}\n{POST}")).tolist()
    assert similarity(whole, sketch(article(POST))) < 0.9


def test_other_texts_are_hardly_similar() -> None:
    assert alike(POST, OTHER) < 0.05


def test_similarity_estimates_the_share_of_equal_shingles() -> None:
    again = POST.replace("五月份", "六月份").replace("钱小湖", "李小舟")
    one, other = ({text[at : at + 5] for at in range(len(text) - 4)} for text in (POST, again))
    share = len(one & other) / len(one | other)
    assert alike(POST, again) == pytest.approx(share, abs=0.13)  # two standard errors


def test_similarity_is_symmetric() -> None:
    assert alike(POST, POST[:90]) == alike(POST[:90], POST)


def test_near_duplicates_share_a_cluster_named_after_the_first() -> None:
    again = POST.replace("五月份", "六月份")
    assert alike(POST, again) >= SIMILAR
    assert groups(OTHER, POST, again, OTHER[::-1]) == [0, 1, 1, 3]


def test_a_part_of_a_text_is_no_near_duplicate_of_it() -> None:
    assert alike(POST, POST[:40]) < SIMILAR
    assert groups(POST, POST[:40]) == [0, 1]


def test_being_near_duplicates_is_transitive() -> None:
    first = np.arange(SKETCH_SIZE, dtype=np.uint32)
    middle, last = first.copy(), first.copy()
    middle[48:] += 1000  # 0.75 like the first
    last[32:] += 1000  # 0.75 like the middle, 0.5 like the first
    assert similarity(first, last) < SIMILAR
    assert clusters(np.stack([first, middle, last])).tolist() == [0, 0, 0]
    assert clusters(np.stack([first, last])).tolist() == [0, 1]


def test_no_near_duplicates_are_missed() -> None:
    """Just similar enough, equal in places drawn at random: clusters are those of all pairs."""
    random = np.random.default_rng(0)
    sketches = random.integers(0, 2**32, (300, SKETCH_SIZE), np.uint32)
    for at in range(100, 300):
        equal = random.choice(SKETCH_SIZE, random.integers(36, 43), replace=False)
        sketches[at, equal] = sketches[random.integers(0, at), equal]
    alike = (sketches[:, None] == sketches).mean(axis=2) >= SIMILAR
    _, expected = connected_components(alike, directed=False)
    found = clusters(sketches)
    assert len(set(found.tolist())) < 250
    assert np.array_equal(expected[:, None] == expected, found[:, None] == found)


def test_one_equal_band_is_enough_to_find_near_duplicates() -> None:
    one = np.arange(SKETCH_SIZE, dtype=np.uint32)
    other = one.copy()
    other[3::4] += 1000  # a place in every band
    other[35] = one[35]
    assert clusters(np.stack([one, other])).tolist() == [0, 0]


def test_equal_places_below_the_bound_do_not_make_near_duplicates() -> None:
    one = np.arange(SKETCH_SIZE, dtype=np.uint32)
    other = one + 1000
    other[:4] = one[:4]
    assert clusters(np.stack([one, other])).tolist() == [0, 1]


def test_no_articles_have_no_clusters() -> None:
    assert clusters(np.zeros((0, SKETCH_SIZE), np.uint32)).tolist() == []


def test_clusters_do_not_depend_on_the_order_of_the_articles() -> None:
    one = np.arange(SKETCH_SIZE, dtype=np.uint32)
    alike, other = one.copy(), one + 5000
    alike[7::4] += 1000  # 0.77 like the first
    other[:4] = one[:4]
    assert clusters(np.stack([other, one, alike])).tolist() == [0, 1, 1]
    assert clusters(np.stack([one, other, alike])).tolist() == [0, 1, 0]
