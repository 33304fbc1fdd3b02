"""Why a label has its score adds up, and says what would have been needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labels.article import Article
from models.predictor import Predictor
from serving.because import MARKED, Because, because, points
from serving.language import choose

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
        assert sum(parts) == pytest.approx(total, abs=0.003)  # of three rounded lines


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
    assert given.sentence.startswith("metaverse was given: the words add up to +")
    assert missed.question == "Why not biomedicine?"
    assert missed.sentence.startswith("biomedicine was not given: ")
    assert missed.sentence.endswith(f"and {missed.needed} would be needed.")


def test_of_an_exclusive_group_the_best_guess_is_named(
    told: dict[str, Because], predictor: Predictor
) -> None:
    [prediction] = predictor.predict([ARTICLE])
    (best,) = prediction.given["type"]
    others = [one for key, one in told.items() if key.startswith("type.") and best not in key]
    assert told[f"type.{best}"].sentence.startswith(f"{best.replace('_', ' ')} is the best guess")
    assert len(others) == 3
    assert all("is not the best guess" in one.sentence for one in others)
    assert all(one.needed == "" for one in others)


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
