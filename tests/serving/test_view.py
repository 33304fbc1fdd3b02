"""What a prediction looks like to a person: bars, verdicts and reasons in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labels.article import Article
from models.model import Model
from models.prediction import Prediction
from models.predictor import Predictor
from serving.language import choose
from serving.view import Bar, apart, bound, groups_of, probability, reasons_of

EN, ZH = choose("en", ""), choose("zh", "")
TYPES = {"news": 0.5, "event": 0.3, "policy_notice": 0.15, "research_breakthrough": 0.05}
DOMAINS = {"metaverse": 0.6, "ai": 0.45, "biomedicine": 0.2, "brain_computer_interface": 0.0}


@pytest.fixture(scope="module")
def model(predictor: Predictor) -> Model:
    """With rules that are easy to read: domains from 0.5 on, sure from 0.7 on."""
    kind, domains = (predictor.model.rules[group] for group in ("type", "domains"))
    rules = {
        "type": replace(kind, sure=(0.6, 0.6, 2.0, 0.6), trained=(True,) * 4),
        "domains": replace(
            domains,
            thresholds=(0.5, 0.5, 0.5, 0.5),
            sure=(0.7, 0.7, 0.7, 0.7),
            margin=0.1,
            trained=(True, False, True, True),
        ),
    }
    return replace(predictor.model, rules=rules)


def prediction(model: Model, *reasons: str, kind: str = "news") -> Prediction:
    types = dict(sorted(TYPES.items(), key=lambda one: (one[0] != kind, -one[1])))
    return Prediction(
        id="",
        scheme=model.scheme,
        given={"type": (kind,), "domains": ("metaverse",)},
        scores={"type": types, "domains": DOMAINS},
        reasons=reasons,
        model="20261123T201500Z-1f3a9c2e",
        words=7,
        unknown=4,
    )


def test_every_label_has_a_row_the_likeliest_first(model: Model) -> None:
    kinds, domains = groups_of(prediction(model), model, EN)
    assert [row.key for row in kinds.rows] == [f"type.{name}" for name in TYPES]
    assert [row.name for row in domains.rows][:2] == ["metaverse", "artificial intelligence"]
    assert (kinds.given, domains.given) == (["news"], ["metaverse"])
    assert [row.given for row in domains.rows] == [True, False, False, False]
    assert [row.verdict for row in kinds.rows][:2] == ["best guess", "not given"]


def test_a_bar_shows_the_threshold_and_where_a_person_should_look(model: Model) -> None:
    kinds, domains = groups_of(prediction(model), model, EN)
    assert domains.rows[0].bar == Bar(level=0.6, line=0.5, doubt=(0.4, 0.7))
    assert kinds.rows[0].bar == Bar(level=0.5, line=0.6, doubt=(0.0, 0.6))
    assert kinds.rows[1].bar == Bar(level=0.3, line=None, doubt=None)  # nothing decides there
    assert domains.rows[0].spoken == "probability 0.600, given from 0.50 on"
    assert kinds.rows[0].spoken == "probability 0.500, sure from 0.60 on"
    assert kinds.rows[1].spoken == "probability 0.300"


def test_what_is_shaded_stays_on_the_bar_and_reaches_the_threshold(model: Model) -> None:
    rule = replace(
        model.rules["domains"], thresholds=(0.05, 0.5, 0.5, 0.8), sure=(0.02, 2.0, 2.0, 0.7)
    )
    edges = replace(model, rules={**model.rules, "domains": rule})
    _, domains = groups_of(prediction(edges), edges, EN)
    doubts = {row.key: row.bar.doubt for row in domains.rows}
    assert doubts["domains.ai"] == (0.0, 0.05)
    assert doubts["domains.biomedicine"] == (0.4, 1.0)
    begin, end = doubts["domains.metaverse"] or (0, 0)
    assert (round(begin, 6), end) == (0.7, 0.8)


def test_a_label_that_is_never_sure_has_no_line(model: Model) -> None:
    event = model.scheme.groups[0].ids.index("event")
    kinds, _ = groups_of(prediction(model, kind="event"), model, EN)
    assert model.rules["type"].sure[event] == 2.0
    assert kinds.rows[0].bar == Bar(level=0.3, line=None, doubt=(0.0, 1.0))
    assert kinds.rows[0].spoken == "probability 0.300, never sure"


def test_a_label_that_was_never_learnt_says_so(model: Model) -> None:
    _, domains = groups_of(prediction(model), model, ZH)
    row = domains.rows[-1]
    assert (row.name, row.verdict, row.spoken) == ("脑机接口", "未学到", "未学到")
    assert row.bar == Bar(level=0.0, line=None, doubt=None)
    assert row.question == "为什么不是脑机接口？"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "uncertain:type",
            "The type is not certain: news has 0.500, and is sure from 0.60 on only.",
        ),
        (
            "uncertain:domains:metaverse",
            "metaverse was given with 0.600; it is sure from 0.70 on only.",
        ),
        (
            "uncertain:domains:ai",
            "artificial intelligence was nearly given: it has 0.450, and is given from 0.50 on.",
        ),
        (
            "untrained:domains:brain_computer_interface",
            (
                "brain-computer interface could not be learnt, for want of articles. "
                "Check whether it applies."
            ),
        ),
        (
            "too_little_text",
            (
                "There is too little text: fewer than 20 characters of content, blanks and share "
                "lines aside."
            ),
        ),
        ("truncated", "The post is longer than what is read: the first 20,000 characters."),
        (
            "out_of_vocabulary",
            "More than half of the words are unknown to this version (4 of 7).",
        ),
    ],
)
def test_every_reason_is_said_in_words(reason: str, said: str, model: Model) -> None:
    assert reasons_of(prediction(model, reason), model, EN) == [said]
    (chinese,) = reasons_of(prediction(model, reason), model, ZH)
    assert chinese != said
    assert "{" not in chinese


def test_a_type_that_is_never_sure_says_why(model: Model) -> None:
    found = prediction(model, "uncertain:type", kind="event")
    assert reasons_of(found, model, EN) == [
        "event was given, and no probability of it is high enough to pass without a person."
    ]


def test_the_reasons_of_a_real_prediction_are_all_said(predictor: Predictor) -> None:
    [found] = predictor.predict([Article(id="", title="zxqj wvk", content="zxqj")])
    assert found.reasons
    said = reasons_of(found, predictor.model, EN)
    assert len(set(said)) == len(found.reasons)


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (0.0, "0.000"),
        (0.0004, "< 0.001"),
        (0.000999, "< 0.001"),
        (0.001, "0.001"),
        (0.419996, "0.419"),
        (0.42, "0.420"),
        (0.57, "0.570"),
        (0.5, "0.500"),
        (0.999, "0.999"),
        (0.999001, "> 0.999"),
        (0.999999, "> 0.999"),
        (1.0, "1.000"),
    ],
)
def test_neither_a_bound_nor_certainty_is_rounded_up_to(score: float, shown: str) -> None:
    assert probability(score) == shown


@pytest.mark.parametrize(
    ("score", "threshold", "shown"),
    [
        (0.5, 0.42, ("0.500", "0.42")),
        (0.42, 0.42, ("0.420", "0.42")),
        (0.419996, 0.42, ("0.419", "0.42")),
        (0.8762, 0.876412, ("0.876", "0.877")),
        (0.8767, 0.87654, ("0.8767", "0.8766")),
        (0.876541, 0.8765404321, ("0.876541", "0.876541")),
        (0.876540, 0.8765404321, ("0.876", "0.877")),
        (0.999999, 0.9999, ("> 0.9999", "0.9999")),
    ],
)
def test_score_and_threshold_are_shown_on_the_side_where_the_score_is(
    score: float, threshold: float, shown: tuple[str, str]
) -> None:
    assert apart(score, threshold) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0.5, "0.50"),
        (0.42, "0.42"),
        (0.57, "0.57"),
        (0.28, "0.28"),
        (0.425, "0.425"),
        (1.0, "1.00"),
    ],
)
def test_a_bound_has_two_decimals_or_those_that_it_needs(given: float, shown: str) -> None:
    assert bound(given) == shown
