"""From articles to predictions, with what makes a text hard to judge."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from labels.article import Article
from models.calibration import Calibration, Sigmoid, Temperature
from models.decision import Rule
from models.model import Model
from models.predictor import Predictor

LONG_ENOUGH = "记者 记者 论坛 举办 人工智能 大模型 新药 通知"  # 22 characters without blanks


def article(content: str, title: str = "", name: str = "a1") -> Article:
    return Article(id=name, title=title, content=content)


def reasons(predictor: Predictor, content: str, title: str = "") -> tuple[str, ...]:
    return predictor.predict([article(content, title)])[0].reasons


def test_a_prediction_has_the_shape_of_the_contract(predictor: Predictor) -> None:
    content = "人工智能 " * 5
    [prediction] = predictor.predict([article(content, "论坛", "a17")])
    once, often = 1, 1 + math.log(5)  # what the title and the content weigh, before scaling
    length = math.hypot(once, often)
    types = [math.exp(2 * x) for x in (3 * once / length + 1, -once / length, -once / length)]
    domains = [1 / (1 + math.exp(-2 * (x * often / length - 1))) for x in (3, -1)]
    event, news, notice = (round(x / sum(types), 6) for x in types)
    ai, biomedicine = (round(x, 6) for x in domains)
    assert prediction.as_json() == {
        "id": "a17",
        "type": {"label": "event", "score": event},
        "domains": [{"label": "ai", "score": ai}],
        "review": False,
        "reasons": [],
        "scores": {
            "type": {"event": event, "news": news, "policy_notice": notice},
            "domains": {"ai": ai, "biomedicine": biomedicine},
        },
        "model": "20260101T000000Z-00000001",
    }


def test_an_empty_article_gets_the_best_guess_and_goes_to_review(predictor: Predictor) -> None:
    [prediction] = predictor.predict([article("")])
    assert prediction.as_json() == {
        "id": "a1",
        "type": {"label": "news", "score": 0.333333},
        "domains": [],
        "review": True,
        "reasons": ["uncertain:type", "too_little_text"],
        "scores": {
            "type": {"news": 0.333333, "event": 0.333333, "policy_notice": 0.333333},
            "domains": {"ai": 0.119203, "biomedicine": 0.119203},
        },
        "model": "20260101T000000Z-00000001",
    }


def test_scores_have_6_decimals(predictor: Predictor) -> None:
    [prediction] = predictor.predict([article(LONG_ENOUGH)])
    scores = [score for group in prediction.scores.values() for score in group.values()]
    assert max(len(str(score).partition(".")[2]) for score in scores) == 6
    assert [round(score, 6) for score in scores] == scores


def test_labels_and_scores_come_the_likeliest_first(predictor: Predictor) -> None:
    [prediction] = predictor.predict(
        [article("生物医药 生物医药 人工智能 大模型 大模型 大模型 记者")]
    )
    assert prediction.given["domains"] == ("ai",)
    assert list(prediction.scores["type"]) == ["news", "event", "policy_notice"]


def test_several_domains_come_the_likeliest_first(model: Model) -> None:
    rule = Rule(thresholds=(0.1, 0.1), sure=(0.1, 0.1), margin=0, trained=(True, True))
    generous = Predictor(replace(model, rules={**model.rules, "domains": rule}), "v")
    [prediction] = generous.predict([article("生物医药 生物医药 人工智能")])
    assert prediction.given["domains"] == ("biomedicine", "ai")
    assert list(prediction.scores["domains"]) == ["biomedicine", "ai"]


def test_a_text_of_known_words_goes_without_warnings(predictor: Predictor) -> None:
    assert reasons(predictor, "人工智能论坛举办" * 3, "论坛") == ()


@pytest.mark.parametrize(
    "content",
    ["", "   \n\n  ", "人工智能论坛今天举办了。。", "↓分享\n↓点赞\n↓在看", "论坛 " * 9, "论" * 19],
)
def test_a_short_content_is_too_little_text(predictor: Predictor, content: str) -> None:
    [prediction] = predictor.predict([article(content, "人工智能论坛")])
    assert "too_little_text" in prediction.reasons
    assert prediction.review


def test_13_characters_under_a_telling_title_are_too_little_all_the_same(
    predictor: Predictor,
) -> None:
    content = "人工智能论坛举办人工智能。"
    assert len(content) == 13
    assert reasons(predictor, content, "论坛") == ("too_little_text",)


def test_20_characters_are_enough(predictor: Predictor) -> None:
    assert reasons(predictor, "人工智能论坛举办人工智能大模型举办论坛。", "论坛") == ()


@pytest.mark.parametrize(("length", "expected"), [(20_000, ()), (20_001, ("truncated",))])
def test_beyond_20000_characters_an_article_is_truncated(
    predictor: Predictor, length: int, expected: tuple[str, ...]
) -> None:
    content = ("人工智能论坛举办" * 2501)[:length]
    assert reasons(predictor, content, "论坛") == expected


def test_what_follows_20000_characters_is_not_read(predictor: Predictor) -> None:
    content = "人工智能论坛举办" * 2500
    [short, long] = predictor.predict([article(content), article(content + "通知" * 9000)])
    assert short.scores == long.scores


def test_a_latin_text_is_out_of_vocabulary(predictor: Predictor) -> None:
    content = "The committee met on Monday and agreed to meet again."
    assert reasons(predictor, content) == ("uncertain:type", "out_of_vocabulary")


@pytest.mark.parametrize(
    ("content", "expected"), [("论坛 番茄 " * 5, False), ("论坛 番茄 " * 5 + "鸡蛋", True)]
)
def test_below_half_of_known_words_a_text_is_out_of_vocabulary(
    predictor: Predictor, content: str, expected: bool
) -> None:
    assert ("out_of_vocabulary" in reasons(predictor, content)) is expected


def test_too_little_text_is_not_called_out_of_vocabulary_too(predictor: Predictor) -> None:
    assert reasons(predictor, "Hello there") == ("uncertain:type", "too_little_text")


def test_untrained_labels_are_named_after_every_doubt_of_their_group(model: Model) -> None:
    two = (True, True, False)
    rules = {
        "type": replace(model.rules["type"], trained=two),
        "domains": replace(model.rules["domains"], trained=(True, False)),
    }
    calibrations: dict[str, Calibration] = {
        "type": Temperature(temperature=0.5, exclusive=True, trained=two),
        "domains": Sigmoid(slopes=(2, 2), offsets=(0, 0), exclusive=False, trained=(True, False)),
    }
    partial = Predictor(replace(model, rules=rules, calibrations=calibrations), "v")
    [prediction] = partial.predict([article("")])
    assert prediction.reasons == (
        "uncertain:type",
        "untrained:type:policy_notice",
        "untrained:domains:biomedicine",
        "too_little_text",
    )
    assert prediction.scores["type"] == {"news": 0.5, "event": 0.5, "policy_notice": 0}
    assert prediction.scores["domains"]["biomedicine"] == 0


def test_half_an_emoji_and_nul_do_not_crash(predictor: Predictor) -> None:
    strange, plain = predictor.predict(
        [
            article("人工智能\x00论坛\ud83d举办" * 3, "论坛\udc00\x00"),
            article("人工智能 论坛\ufffd举办" * 3, "论坛\ufffd "),
        ]
    )
    assert strange == plain
    assert json.loads(json.dumps(strange.as_json()).encode()) == strange.as_json()


def test_a_prediction_does_not_depend_on_the_other_articles(predictor: Predictor) -> None:
    articles = [article(text * 3, name=text) for text in ("论坛", "新药", "番茄", LONG_ENOUGH)]
    together = predictor.predict(articles)
    assert together == [predictor.predict([one])[0] for one in articles]
    assert predictor.predict(reversed(articles)) == together[::-1]


def test_no_articles_give_no_predictions(predictor: Predictor) -> None:
    assert predictor.predict([]) == []


def test_threads_share_a_predictor(predictor: Predictor) -> None:
    words = ["人工智能", "大模型", "生物医药", "新药", "论坛", "举办", "通知", "记者", "番茄", "，"]
    articles = [
        article("".join(words[(at * k) % 10] for k in range(60)), words[at % 10], f"a{at}")
        for at in range(200)
    ]
    alone = [predictor.predict([one]) for one in articles]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: predictor.predict([one]), articles)) == alone
