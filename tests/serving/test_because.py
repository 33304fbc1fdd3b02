"""Why a label has its score adds up, and says what would have been needed."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from labels.article import Article
from models.predictor import Predictor
from serving.because import MARKED, Because, Sum, because, points, reach
from serving.language import choose
from serving.view import probability

EN = choose("en", "")
ARTICLE = Article(
    id="",
    title="数字人走进元宇宙",
    content="今天，头显与虚拟现实展会开幕，数字人向观众介绍元宇宙。项目申报通知将另行发布。",
)


@pytest.fixture(scope="module")
def told(predictor: Predictor) -> dict[str, Because]:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    model = predictor.model
    keys = [f"{group}.{label}" for group, label in model.scheme.outputs]
    return {key: because(prediction, model, ARTICLE, key, EN) for key in keys}


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_the_lines_add_up_to_the_score(told: dict[str, Because]) -> None:
    for one in told.values():
        *parts, total = [number(shown) for _, shown in one.sums]
        assert round(sum(parts), 3) == total  # as they are shown


def test_words_on_either_side_have_its_sign_and_fall(told: dict[str, Because]) -> None:
    for one in told.values():
        weights = [number(word.points) for word in one.speaking_for]
        assert all(weight >= 0 for weight in weights)
        assert weights == sorted(weights, reverse=True)
        assert all(number(word.points) <= 0 for word in one.speaking_against)
        assert all(0 < word.share <= 1 for word in one.speaking_for)
    assert any(word.text == "元宇宙" for word in told["domains.metaverse"].speaking_for)


def test_a_label_is_given_exactly_where_its_sum_reaches_what_is_needed(
    told: dict[str, Because], predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE])
    for label in ("ai", "brain_computer_interface", "biomedicine", "metaverse"):
        one = told[f"domains.{label}"]
        total = number(one.sums[-1][1])
        assert (total >= number(one.needed)) == (label in prediction.given["domains"])


def test_the_sentence_says_which_it_was(told: dict[str, Because]) -> None:
    given, missed = told["domains.metaverse"], told["domains.biomedicine"]
    assert given.question == "Why metaverse?"
    assert given.sentence.startswith("metaverse was given: its score is +")
    assert missed.question == "Why not biomedicine?"
    assert missed.sentence.startswith("biomedicine was not given: ")
    assert missed.sentence.endswith(f"and {missed.needed} would be needed.")


def test_of_an_exclusive_group_probabilities_are_compared(
    told: dict[str, Because], predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE])
    (best,) = prediction.given["type"]
    name, scores = best.replace("_", " "), prediction.scores["type"]
    assert told[f"type.{best}"].sentence == (
        f"{name} is the best guess, with a probability of {probability(scores[best])}: "
        "no other type is more likely."
    )
    for label, score in scores.items():
        one = told[f"type.{label}"]
        assert one.needed == ""
        if label != best:
            assert one.sentence.endswith(
                f"with a probability of {probability(score)}: {name} has "
                f"{probability(scores[best])}."
            )


@pytest.mark.parametrize(
    ("threshold", "given", "said"),
    [
        (0.0, True, "metaverse was given, as it would be whatever its score."),
        (1.0, False, "metaverse was not given, and would not be whatever its score."),
    ],
)
def test_where_no_score_decides_the_sentence_says_so(
    threshold: float, given: bool, said: str, predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    rule = replace(predictor.model.rules["domains"], thresholds=(threshold,) * 4)
    model = replace(predictor.model, rules={**predictor.model.rules, "domains": rule})
    labels = ("metaverse",) if given else ()
    decided = replace(prediction, given={**prediction.given, "domains": labels})
    found = because(decided, model, ARTICLE, "domains.metaverse", EN)
    assert (found.sentence, found.needed) == (said, "")
    assert found.speaking_for


def test_of_a_label_that_was_never_learnt_no_word_decides(predictor: Predictor) -> None:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    rule = replace(predictor.model.rules["domains"], trained=(True, True, True, False))
    model = replace(predictor.model, rules={**predictor.model.rules, "domains": rule})
    decided = replace(prediction, given={**prediction.given, "domains": ()})
    found = because(decided, model, ARTICLE, "domains.metaverse", EN)
    assert found.sentence == (
        "metaverse could not be learnt, for want of articles, so no word decides about it."
    )
    assert not found.learnt
    assert (found.speaking_for, found.speaking_against, found.sums, found.needed) == (
        [],
        [],
        [],
        "",
    )
    assert [piece.kind for piece in [*found.title, *found.content]] == ["", ""]


def test_ten_words_of_a_side_are_listed_beside_the_heaviest(told: dict[str, Because]) -> None:
    one = told["domains.metaverse"]
    assert len(one.speaking_for) <= 10
    assert max(word.share for word in [*one.speaking_for, *one.speaking_against]) == 1
    for word in one.speaking_for:
        first = one.speaking_for[0]
        share = number(word.points) / number(first.points)
        assert word.share / first.share == pytest.approx(share, abs=0.02)
    long = [one for one in told.values() if len(one.speaking_for) == 10]
    assert long


def test_text_beyond_what_is_read_is_not_shown(predictor: Predictor) -> None:
    long = Article(id="", title="元" * 20_005, content="宇" * 20_005)
    [prediction] = predictor.predict([long], MARKED)
    found = because(prediction, predictor.model, long, "", EN)
    assert "".join(piece.text for piece in found.title) == "元" * 20_000
    assert "".join(piece.text for piece in found.content) == "宇" * 20_000


def test_the_text_is_shown_as_it_was_sent(told: dict[str, Because]) -> None:
    for one in told.values():
        assert "".join(piece.text for piece in one.title) == ARTICLE.title
        assert "".join(piece.text for piece in one.content) == ARTICLE.content
    marked = [piece.text for piece in told["domains.metaverse"].title if piece.kind]
    assert "元宇宙" in "".join(marked)


@pytest.mark.parametrize("show", ["", "nothing", "domains.", "domains.metaverses"])
def test_without_a_known_label_the_first_domain_given_is_explained(
    show: str, predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    first = prediction.given["domains"][0]
    found = because(prediction, predictor.model, ARTICLE, show, EN)
    assert found.key == f"domains.{first}"


def test_where_no_domain_is_given_the_likeliest_one_is_not_taken(predictor: Predictor) -> None:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    none = replace(prediction, given={**prediction.given, "domains": ()})
    found = because(none, predictor.model, ARTICLE, "", EN)
    assert found.key == f"type.{prediction.given['type'][0]}"


@pytest.mark.parametrize(
    ("score", "shown"), [(0.25, "+0.250"), (-0.25, "−0.250"), (0.0001, "0.000"), (-0.0001, "0.000")]
)
def test_points_have_a_sign_unless_they_are_nothing(score: float, shown: str) -> None:
    assert points(score) == shown


@pytest.mark.parametrize(
    ("score", "needed", "given", "shown"),
    [
        (-0.9492, -0.9488, False, Sum(3, -950, -948)),
        (-0.94862, -0.94861, False, Sum(3, -949, -948)),
        (-0.949, -0.949, True, Sum(3, -949, -949)),
        (0.5004, 0.5002, True, Sum(4, 5004, 5002)),
        (0.29, 0.29, True, Sum(3, 290, 290)),
        (0.5, 0.50000001, False, Sum(5, 50000, 50001)),
        (0.123456789, 0.1234567889, True, Sum(9, 123456789, 123456789)),
        (0.25, None, False, Sum(3, 250, None)),
    ],
)
def test_score_and_what_is_needed_show_whether_it_is_given(
    score: float, needed: float | None, given: bool, shown: Sum
) -> None:
    assert reach(score, needed, given=given) == shown


@pytest.mark.parametrize(
    ("above", "given", "said"),
    [
        (1e-6, False, "was not given: its score is {} points, and {} would be needed."),
        (-1e-6, True, "was given: its score is {} points, and {} are enough."),
    ],
)
def test_a_score_beside_what_is_needed_is_told_apart_from_it(
    above: float, given: bool, said: str, predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE], MARKED)
    at = predictor.model.scheme.groups[1].ids.index("biomedicine")
    assert prediction.explain
    score = prediction.explain["domains"]["biomedicine"].score
    temperature = predictor.model.calibrations["domains"].score_at(at, 1 / (1 + exp(-1)))
    rule = predictor.model.rules["domains"]
    thresholds = list(rule.thresholds)
    thresholds[at] = 1 / (1 + exp(-score / temperature)) + above
    rules = {**predictor.model.rules, "domains": replace(rule, thresholds=tuple(thresholds))}
    labels = ("biomedicine",) if given else ()
    decided = replace(prediction, given={**prediction.given, "domains": labels})
    model = replace(predictor.model, rules=rules)
    found = because(decided, model, ARTICLE, "domains.biomedicine", EN)
    *parts, (_, total) = found.sums
    assert found.sentence == f"biomedicine {said.format(total, found.needed)}"
    assert (number(total) >= number(found.needed)) == given
    assert number(total) == pytest.approx(score, abs=0.0011)
    assert sum(number(part) for _, part in parts) == pytest.approx(number(total), abs=1e-9)
