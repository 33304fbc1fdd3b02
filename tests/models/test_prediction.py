"""A prediction as every client gets it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labels.scheme import Scheme
from models.prediction import Prediction


@pytest.fixture
def prediction(scheme: Scheme) -> Prediction:
    return Prediction(
        id="a17",
        scheme=scheme,
        given={"type": ("event",), "domains": ("biomedicine", "ai")},
        scores={
            "type": {"event": 0.84, "news": 0.11, "policy_notice": 0.05},
            "domains": {"biomedicine": 0.97, "ai": 0.62},
        },
        reasons=("uncertain:domains:ai",),
        model="20260101T000000Z-00000001",
    )


def test_as_json_has_the_shape_of_the_contract(prediction: Prediction) -> None:
    assert prediction.as_json() == {
        "id": "a17",
        "type": {"label": "event", "score": 0.84},
        "domains": [{"label": "biomedicine", "score": 0.97}, {"label": "ai", "score": 0.62}],
        "review": True,
        "reasons": ["uncertain:domains:ai"],
        "scores": {
            "type": {"event": 0.84, "news": 0.11, "policy_notice": 0.05},
            "domains": {"biomedicine": 0.97, "ai": 0.62},
        },
        "model": "20260101T000000Z-00000001",
    }


def test_as_json_keeps_the_order_of_the_contract(prediction: Prediction) -> None:
    written = json.loads(json.dumps(prediction.as_json()))
    assert list(written) == ["id", "type", "domains", "review", "reasons", "scores", "model"]
    assert list(written["scores"]["type"]) == ["event", "news", "policy_notice"]


def test_a_multi_group_without_labels_is_an_empty_list(prediction: Prediction) -> None:
    none = replace(prediction, given={"type": ("event",), "domains": ()})
    assert none.as_json()["domains"] == []


def test_without_reasons_nobody_needs_to_look(prediction: Prediction) -> None:
    sure = replace(prediction, reasons=())
    assert (sure.review, sure.as_json()["review"], sure.as_json()["reasons"]) == (False, False, [])
