from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from labels.corpus import Labels
from labels.scheme import Scheme
from labels.suspects import LEAST, Suspect, Unjudged, suspect_lines, suspects, unjudged_lines

Floats = npt.NDArray[np.float64]
AI = 4  # its column; the types stand in 0 to 3


def domains(*having: bool) -> list[Labels]:
    """The labels of articles of which nothing is known but whether they are about AI."""
    return [{"domains": frozenset(["ai"] if has else [])} for has in having]


def about_ai(*likely: float) -> Floats:
    """Probabilities of which only those of AI are known."""
    found = np.full((len(likely), 8), np.nan)
    found[:, AI] = likely
    return found


def ids(count: int) -> list[str]:
    return [f"a{at}" for at in range(count)]


# Five articles with the label, at 0.75 but for one, and five without it, at 0.25 but for one.
HAVING = (True,) * 5 + (False,) * 5
LIKELY = (0.75, 0.75, 0.75, 0.75, 0.125, 0.25, 0.25, 0.25, 0.25, 1.0)
USUAL_WITH, USUAL_WITHOUT = 3.125 / 5, 2.0 / 5


def test_a_label_that_the_model_finds_as_unlikely_as_the_others_is_suspect(scheme: Scheme) -> None:
    found, _ = suspects(scheme, ids(10), domains(*HAVING), about_ai(*LIKELY))
    assert [(one.id, one.group, one.label, one.has, one.likely) for one in found] == [
        ("a9", "domains", "ai", False, 1.0),
        ("a4", "domains", "ai", True, 0.125),
    ]


def test_the_margin_says_how_far_beyond_the_usual_of_the_other_side_it_lies(
    scheme: Scheme,
) -> None:
    found, _ = suspects(scheme, ids(10), domains(*HAVING), about_ai(*LIKELY))
    lacks, has = found
    assert lacks.margin == pytest.approx((1.0 - USUAL_WITH) / (1 - USUAL_WITH), abs=1e-6)
    assert has.margin == pytest.approx((USUAL_WITHOUT - 0.125) / USUAL_WITHOUT, abs=1e-6)


def test_an_article_at_the_mean_of_the_other_side_is_just_suspect(scheme: Scheme) -> None:
    likely = (0.875, 0.875, 0.875, 0.875, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25)
    found, _ = suspects(scheme, ids(10), domains(*HAVING), about_ai(*likely))
    assert found == [
        Suspect(id="a4", group="domains", label="ai", has=True, likely=0.25, margin=0.0)
    ]


def test_labels_that_the_model_believes_are_not_suspect(scheme: Scheme) -> None:
    believed = np.where(HAVING, 0.9, 0.1).tolist()
    assert suspects(scheme, ids(10), domains(*HAVING), about_ai(*believed))[0] == []


def test_the_strongest_come_first_and_equals_by_id(scheme: Scheme) -> None:
    having = (True,) * 7 + (False,) * 5
    likely = (0.9,) * 4 + (0.0, 0.0, 0.05) + (0.1,) * 5
    given = ["a", "b", "c", "d", "z", "y", "x", "e", "f", "g", "h", "i"]
    found, _ = suspects(scheme, given, domains(*having), about_ai(*likely))
    assert [one.id for one in found] == ["y", "z", "x"]
    assert found[0].margin == found[1].margin == 1.0


def test_a_label_that_is_never_found_likely_leaves_no_room_and_no_division_by_zero(
    scheme: Scheme,
) -> None:
    likely = (1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    found, _ = suspects(scheme, ids(10), domains(*HAVING), about_ai(*likely))
    assert [(one.id, one.margin) for one in found] == [("a4", 1.0)]


def test_a_label_with_too_few_articles_on_either_side_is_not_judged(scheme: Scheme) -> None:
    for having, lacking in ((LEAST - 1, LEAST), (LEAST, LEAST - 1)):
        labels = domains(*(True,) * having, *(False,) * lacking)
        found, unjudged = suspects(
            scheme, ids(len(labels)), labels, about_ai(*np.linspace(0, 1, len(labels)))
        )
        assert found == []
        assert Unjudged(group="domains", label="ai", having=having, lacking=lacking) in unjudged


def test_an_article_that_no_model_judged_counts_on_no_side(scheme: Scheme) -> None:
    likely = about_ai(*LIKELY)
    likely[0, AI] = np.nan
    found, unjudged = suspects(scheme, ids(10), domains(*HAVING), likely)
    assert found == []
    assert Unjudged(group="domains", label="ai", having=4, lacking=5) in unjudged


def test_an_article_whose_group_is_unknown_counts_on_no_side(scheme: Scheme) -> None:
    labels = domains(*HAVING)
    strangers: list[Labels] = [{"type": frozenset(["news"])}] * 3
    found, _ = suspects(scheme, ids(13), [*labels, *strangers], about_ai(*LIKELY, 1.0, 1.0, 1.0))
    assert {one.id for one in found} == {"a4", "a9"}


def test_a_type_taken_for_another_is_suspect_under_both(scheme: Scheme) -> None:
    types = ["news"] * 6 + ["event"] * 6
    labels: list[Labels] = [{"type": frozenset([kind])} for kind in types]
    likely = np.full((12, 8), np.nan)
    likely[:, :4] = [[0.0, 0.9, 0.1, 0.0]] * 6 + [[0.0, 0.1, 0.9, 0.0]] * 6
    likely[0, :4] = [0.0, 0.05, 0.95, 0.0]
    found, unjudged = suspects(scheme, ids(12), labels, likely)
    assert {(one.id, one.label, one.has) for one in found} == {
        ("a0", "news", True),
        ("a0", "event", False),
    }
    assert [one.label for one in unjudged][:2] == ["policy_notice", "research_breakthrough"]


@pytest.mark.parametrize("seed", range(4))
def test_planted_wrong_labels_are_found_and_next_to_nothing_else(scheme: Scheme, seed: int) -> None:
    """About half of them: a suspect must be likelier than the mean of the other side."""
    random = np.random.default_rng(seed)
    having = np.arange(200) < 100
    likely = np.where(having, random.beta(8, 2, 200), random.beta(2, 8, 200))
    wrong = random.choice(200, 10, replace=False)
    said = having.copy()
    said[wrong] = ~said[wrong]
    found, _ = suspects(scheme, ids(200), domains(*said.tolist()), about_ai(*likely))
    planted = {f"a{at}" for at in wrong}
    right = len(planted & {one.id for one in found})
    assert right >= 5
    assert len(found) - right <= 1


def test_a_suspect_as_json_has_every_figure() -> None:
    one = Suspect(id="a", group="type", label="news", has=True, likely=0.1, margin=0.5)
    assert one.as_json() == {
        "id": "a",
        "group": "type",
        "label": "news",
        "has": True,
        "likely": 0.1,
        "margin": 0.5,
    }


def test_the_terminal_is_told_what_an_article_has_or_lacks() -> None:
    found = [
        Suspect(id="long", group="type", label="news", has=True, likely=0.1234, margin=0.5),
        Suspect(id="b", group="domains", label="ai", has=False, likely=0.9, margin=0.4),
    ]
    assert list(suspect_lines(found)) == [
        "long  has   type:news, probability 0.123",
        "b     lacks domains:ai, probability 0.900",
    ]


def test_the_terminal_is_told_where_nothing_looks_wrong_and_what_was_not_judged() -> None:
    few = Unjudged(group="domains", label="metaverse", having=3, lacking=70)
    assert list(suspect_lines([])) == ["no label looks wrong"]
    assert list(unjudged_lines([few])) == [
        "too few to judge domains:metaverse: 3 articles with it, 70 without, 5 of each are needed",
    ]
