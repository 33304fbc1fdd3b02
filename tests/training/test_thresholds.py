from __future__ import annotations

import numpy as np

from labels.scheme import Scheme
from models.calibration import Sigmoid
from training.calibrate import Evidence
from training.linear import Bools, Floats
from training.recipe import Recipe
from training.thresholds import fit_rule

LOGITS = Sigmoid(
    slopes=(1.0,) * 4, offsets=(0.0,) * 4, exclusive=False, trained=(True, True, True, False)
)


def evidence(scores: Floats, targets: Bools, weights: Floats | None = None) -> Evidence:
    counted = np.ones(len(scores)) if weights is None else weights
    return Evidence(scores=scores, targets=targets, weights=counted)


def column(likely: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    values = np.array(likely)
    return np.tile(np.log(values / (1 - values))[:, None], (1, 4))


def test_without_a_pull_the_threshold_has_the_greatest_f1(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    rule = fit_rule(scheme.groups[1], LOGITS, evidence(scores, gold), Recipe(pull=0.0))
    assert 0.25 < rule.thresholds[0] <= 0.3


def test_a_strong_pull_holds_the_threshold_at_a_half(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    rule = fit_rule(scheme.groups[1], LOGITS, evidence(scores, gold), Recipe(pull=100.0))
    assert rule.thresholds[0] == 0.5


def test_an_untrained_label_is_never_given(scheme: Scheme) -> None:
    scores = column([0.2, 0.9])
    rule = fit_rule(scheme.groups[1], LOGITS, evidence(scores, scores > 0), Recipe())
    assert rule.thresholds[3] == 1.0
    assert rule.trained == (True, True, True, False)


def test_an_exclusive_group_needs_to_be_sure(scheme: Scheme) -> None:
    scores = column([0.2, 0.9])
    rule = fit_rule(scheme.groups[0], LOGITS, evidence(scores, scores > 0), Recipe(sure=0.7))
    assert rule.sure == (0.7, 0.7, 0.7, 0.7)
    assert rule.thresholds == (0.0, 0.0, 0.0, 0.0)


def test_a_multi_label_is_sure_a_margin_above_its_threshold(scheme: Scheme) -> None:
    scores = column([0.2, 0.9])
    rule = fit_rule(
        scheme.groups[1], LOGITS, evidence(scores, scores > 0), Recipe(pull=100.0, margin=0.2)
    )
    assert (rule.thresholds[0], rule.sure[0], rule.margin) == (0.5, 0.7, 0.2)


def test_articles_of_more_weight_draw_the_threshold(scheme: Scheme) -> None:
    """At 0.3 one label is held by the first article, and by none of the other three."""
    scores = column([0.3, 0.3, 0.3, 0.3, 0.8])
    gold = np.tile(np.array([True, False, False, False, True])[:, None], (1, 4))
    weights = np.array([10.0, 1.0, 1.0, 1.0, 1.0])
    low = fit_rule(scheme.groups[1], LOGITS, evidence(scores, gold, weights), Recipe(pull=0.0))
    high = fit_rule(scheme.groups[1], LOGITS, evidence(scores, gold), Recipe(pull=0.0))
    assert low.thresholds[0] <= 0.3 < high.thresholds[0]


def test_pooled_labels_share_the_threshold_of_all_their_articles(scheme: Scheme) -> None:
    """Alone the first label would have a low threshold, the two others a high one."""
    scores = column([0.3, 0.3, 0.3, 0.8])
    gold = np.zeros((4, 4), bool)
    gold[:, 0] = True
    gold[3] = True
    seen = evidence(scores, gold)
    alone = fit_rule(scheme.groups[1], LOGITS, seen, Recipe(pull=0.0)).thresholds
    pooled = fit_rule(scheme.groups[1], LOGITS, seen, Recipe(pull=0.0, pooled=True)).thresholds
    assert alone[0] <= 0.3 < alone[1] == alone[2]
    assert 0.1 <= pooled[0] == pooled[1] == pooled[2] <= 0.8
    assert pooled[3] == 1.0


def test_pooled_labels_leave_an_untrained_one_out(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    turned = gold.copy()
    turned[:, 3] = ~gold[:, 3]
    one, other = (
        fit_rule(scheme.groups[1], LOGITS, evidence(scores, x), Recipe(pull=0.0, pooled=True))
        for x in (gold, turned)
    )
    assert one == other


def test_a_row_without_a_score_says_nothing_of_the_threshold(scheme: Scheme) -> None:
    scores = column([0.2, 0.25, 0.3, 0.7, 0.8])
    gold = np.tile(np.array([False, False, True, True, True])[:, None], (1, 4))
    more = evidence(np.vstack([scores, np.full((3, 4), np.nan)]), np.vstack([gold, gold[2:]]))
    one = fit_rule(scheme.groups[1], LOGITS, evidence(scores, gold), Recipe())
    assert fit_rule(scheme.groups[1], LOGITS, more, Recipe()) == one
