from __future__ import annotations

import json
from dataclasses import asdict, astuple, replace
from pathlib import Path

import numpy as np
import pytest

from labels.intervals import wilson
from labels.scheme import Scheme
from training.abstention import Promise, Promises
from training.learning import Point
from training.linear import Bools
from training.report import Gold, report_on
from training.reporting import STYLE_WARNING, group_lines, report_from, report_lines
from training.train import Trained
from training.validation import Judged

GOLD = [0, 0, 1, 1, 2, 2, 3, 3]
GUESS = [0, 1, 1, 1, 2, 2, 3, 0]


def one_hot(labels: list[int]) -> Bools:
    return np.eye(4, dtype=bool)[labels]


def judged(guess: list[int], domains: Bools) -> Judged:
    given = np.hstack([one_hot(guess), domains])
    review = np.zeros((8, 2), bool)
    review[[1, 7], 0] = True
    return Judged(
        likely=given.astype(float), given=given, review=review, learnt=np.ones_like(given)
    )


def right(scheme: Scheme, targets: Bools) -> Gold:
    """Articles of their own, known in both groups."""
    count = len(targets)
    return Gold(
        scheme=scheme,
        targets=targets,
        known=np.ones((count, 2), bool),
        clusters=np.arange(count),
    )


def test_figures_are_those_of_scikit_learn(scheme: Scheme) -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    random = np.random.default_rng(0)
    gold, guess = random.random((2, 8, 4)) < 0.4
    targets = np.hstack([one_hot(GOLD), gold])
    kind, domains = report_on(right(scheme, targets), [judged(GUESS, guess)], np.arange(8))
    assert kind.f1_macro.value == pytest.approx(f1_score(GOLD, GUESS, average="macro"))
    assert kind.f1_micro.value == pytest.approx(np.mean(np.array(GOLD) == GUESS))
    assert domains.f1_micro.value == pytest.approx(f1_score(gold, guess, average="micro"))
    assert domains.f1_macro.value == pytest.approx(f1_score(gold, guess, average="macro"))
    for at, label in enumerate(kind.labels):
        truth, said = np.array(GOLD) == at, np.array(GUESS) == at
        assert label.precision.value == pytest.approx(precision_score(truth, said))
        assert label.recall.value == pytest.approx(recall_score(truth, said))


def test_review_and_what_is_kept_are_counted(scheme: Scheme) -> None:
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    one = judged(GUESS, np.zeros((8, 4), bool))
    kind, _ = report_on(right(scheme, targets), [one], np.arange(8))
    assert kind.reviewed == 0.25
    assert kind.kept_right.value == 1.0
    assert kind.confusion[0] == [1.0, 1.0, 0.0, 0.0]


def test_coverage_at_the_target_is_the_mean_of_what_the_partitions_could_let_pass(
    scheme: Scheme,
) -> None:
    """Of the first the five surest of eight are right, of the second all; a pair counts once."""
    types = np.array(GOLD)
    likely = np.linspace(0.9, 0.6, 8)
    parts = []
    for wrong in ([5, 6, 7], []):
        guess = types.copy()
        guess[wrong] = (guess[wrong] + 1) % 4
        one = judged(guess.tolist(), np.zeros((8, 4), bool))
        parts.append(replace(one, likely=one.given * likely[:, None]))
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    gold = replace(right(scheme, targets), clusters=np.array([0, 0, 1, 2, 3, 4, 5, 6]))
    kind, domains = report_on(gold, parts, np.arange(8))
    assert kind.coverage_at_target == pytest.approx((4 / 7 + 1) / 2)
    assert domains.coverage_at_target == 1.0
    kind, _ = report_on(gold, parts, np.arange(8), 0.5)
    assert kind.coverage_at_target == pytest.approx(1.0)


def test_the_precision_to_aim_at_is_that_of_the_recipe_or_else_the_usual(trained: Trained) -> None:
    assert trained.report.target == 0.95
    assert replace(trained.report, precision=0.8).target == 0.8


def test_the_calibration_error_is_of_the_best_label_or_of_all(scheme: Scheme) -> None:
    domains = np.zeros((8, 4), bool)
    domains[0, 0] = True
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    kind, multi = report_on(right(scheme, targets), [judged(GUESS, domains)], np.arange(8))
    # Probabilities are 0 or 1: two of 8 types, and one of 32 domains, are wrong.
    assert kind.calibration_error.value == pytest.approx(2 / 8)
    assert multi.calibration_error.value == pytest.approx(1 / 32)
    for group in (kind, multi):
        error = group.calibration_error
        assert error.low <= error.value <= error.high


def test_figures_are_means_over_partitions_with_their_spread(scheme: Scheme) -> None:
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    none = np.zeros((8, 4), bool)
    both = [judged(GUESS, none), judged(GOLD, none)]
    kind, _ = report_on(right(scheme, targets), both, np.arange(8))
    assert kind.f1_micro.value == pytest.approx(0.875)
    assert (kind.f1_micro.least, kind.f1_micro.most) == (0.75, 1.0)
    assert kind.f1_micro.sd == pytest.approx(0.125)
    assert kind.f1_micro.low < 0.875 < kind.f1_micro.high


def test_a_perfect_result_still_has_an_interval(scheme: Scheme) -> None:
    targets = np.hstack([one_hot(GOLD), one_hot(GOLD)])
    both = report_on(right(scheme, targets), [judged(GOLD, one_hot(GOLD))], np.arange(8))
    for group in both:
        assert group.f1_macro.value == 1.0
        assert group.f1_macro.low < 0.95


def test_the_terminal_is_told_on_what_and_how_it_was_measured(trained: Trained) -> None:
    lines = list(report_lines(trained.report))
    assert lines[0] == (
        "Measured on 120 given articles, each judged by models that had not seen it; "
        "mean over 2 partitions."
    )
    assert lines[2] == "type (120 articles, 112 distinct)"
    assert any(line.startswith("  policy_notice ") for line in lines)
    assert sum(line.startswith("  calibration error ") for line in lines) == 2


def test_the_metrics_have_the_calibration_error(trained: Trained) -> None:
    kind = trained.report.groups[0]
    metrics = trained.report.metrics()
    assert metrics["type_calibration_error"] == kind.calibration_error.value
    assert not [name for name in metrics if name.endswith("leave_one_theme_out")]


def test_the_terminal_is_told_how_other_themes_do(trained: Trained) -> None:
    themed = replace(trained.report, source="starter", themes=trained.report.groups)
    kind, domains = trained.report.groups
    lines = list(report_lines(themed))
    assert STYLE_WARNING in lines
    at = lines.index("With each theme judged by models of the other themes:")
    assert lines[at + 1 :] == [
        f"  type: macro-F1 {kind.f1_macro.value:.3f}, accuracy {kind.f1_micro.value:.3f}",
        f"  domains: macro-F1 {domains.f1_macro.value:.3f}, micro-F1 {domains.f1_micro.value:.3f}",
    ]


LABELS = [
    Promise(label="news", given=80, kept=70, wrong=1, bound=0.93333, sure=0.61, needed=29),
    Promise(label="event", given=12, kept=0, wrong=0, bound=0.0, sure=None, needed=29),
    Promise(label="policy_notice", given=40, kept=0, wrong=0, bound=0.0, sure=None, needed=29),
]
PROMISES = Promises(source="starter", articles=77, distinct=70, labels=LABELS)


def test_the_terminal_is_told_what_can_be_promised(trained: Trained) -> None:
    report = replace(trained.report, precision=0.9, promises={"type": PROMISES})
    lines = list(report_lines(report))
    at = lines.index("type: labels that need no review at precision 0.9, with confidence 95 %")
    assert lines[at + 1 :] == [
        (
            "  news           70 of 80 need none, from probability 0.610; 1 wrong, precision at "
            "least 0.933"
        ),
        "  event          12 articles given it, 29 are needed: all go to review",
        "  policy_notice  not held by the 40 articles given it: all go to review",
        (
            "  Learnt on 77 starter articles, 70 distinct, near-duplicates counted once; it "
            "holds for articles like these and each label by itself. Other labels, other groups "
            "and the text may send an article to review."
        ),
        (
            "What goes to review above was measured with promises learnt without those articles, "
            "from fewer: the model itself may hold promises that they could not, and review less."
        ),
    ]


def test_the_terminal_is_told_which_labels_the_evaluation_could_not_learn(
    trained: Trained,
) -> None:
    report = replace(trained.report, unlearnt={"type": ["event"]})
    assert (
        "type: the model has learnt event, but some of the models that judged above had too few "
        "articles for it: they missed it, and its recall and F1 are too low."
    ) in report_lines(report)


def test_the_terminal_is_told_that_an_untrained_label_sends_everything_to_review(
    trained: Trained,
) -> None:
    untrained = {"type": ["event", "news"]}
    report = replace(trained.report, untrained=untrained)
    assert list(report_lines(report))[-1] == (
        "type: too few distinct articles to learn and to judge event, news, with it or without "
        "it. Any article could have such a label: everything goes to review."
    )
    lines = list(report_lines(replace(report, precision=0.9, promises={"type": PROMISES})))
    at = lines.index("type: labels that need no review at precision 0.9, with confidence 95 %")
    assert lines[at + 1 : -1] == ["  None, because of event, news: everything goes to review."]


def test_the_terminal_is_told_where_no_article_speaks_of_a_group(trained: Trained) -> None:
    promises = replace(PROMISES, source="given", articles=0, distinct=0)
    lines = list(report_lines(replace(trained.report, precision=0.9, promises={"type": promises})))
    assert lines[-3:-1] == [
        "  No given article has a label of it: nothing is promised, and every",
        "  article that gets one goes to review.",
    ]


def test_a_group_of_which_no_label_is_known_has_no_figures(scheme: Scheme) -> None:
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    gold = right(scheme, targets)
    gold.known[:, 1] = False
    groups = report_on(gold, [judged(GUESS, np.zeros((8, 4), bool))], np.arange(8))
    assert [group.group for group in groups] == ["type"]
    assert gold.unmeasured(np.arange(8)) == ["domains"]


def test_the_terminal_is_told_of_groups_that_were_not_measured(trained: Trained) -> None:
    report = replace(trained.report, groups=trained.report.groups[:1], unmeasured=["domains"])
    lines = list(report_lines(report))
    assert lines[-1] == (
        "domains: none of these articles has a label of it, so nothing was measured"
    )
    assert not [name for name in report.metrics() if name.startswith("domains")]


def test_copies_of_one_article_are_no_evidence_for_its_label(scheme: Scheme) -> None:
    """100 articles of one label, and one of another a hundred times."""
    types = [1] * 100 + [2] * 100
    targets = np.hstack([one_hot(types), np.zeros((200, 4), bool)])
    clusters = np.minimum(np.arange(200), 100)
    right_all = Judged(
        likely=targets.astype(float),
        given=targets,
        review=np.zeros((200, 2), bool),
        learnt=np.ones_like(targets),
    )
    gold = replace(right(scheme, targets), clusters=clusters)
    _, news, event, _ = report_on(gold, [right_all], np.arange(200))[0].labels
    assert (news.recall.low, news.recall.high) == wilson(100, 100)
    assert (event.recall.low, event.recall.high) == pytest.approx(wilson(1, 1))
    assert (news.articles, event.articles) == (100, 100)


def test_review_counts_near_duplicates_once(scheme: Scheme) -> None:
    """Three copies that are wrong and kept, one that is right, and one for review."""
    targets = np.hstack([one_hot([0, 0, 0, 1, 2]), np.zeros((5, 4), bool)])
    given = np.hstack([one_hot([1, 1, 1, 1, 2]), np.zeros((5, 4), bool)])
    review = np.zeros((5, 2), bool)
    review[4] = True
    gold = replace(right(scheme, targets), clusters=np.array([0, 0, 0, 1, 2]))
    one = Judged(likely=given.astype(float), given=given, review=review, learnt=np.ones_like(given))
    kind, _ = report_on(gold, [one], np.arange(5))
    assert kind.reviewed == pytest.approx(1 / 3)
    assert kind.kept_right.value == pytest.approx(1 / 2)


@pytest.mark.parametrize("copies", [3, 5, 6, 7])
def test_nothing_or_everything_for_review_is_exactly_that(scheme: Scheme, copies: int) -> None:
    count = 8 * copies
    targets = np.hstack([one_hot(GOLD * copies), np.zeros((count, 4), bool)])
    gold = replace(right(scheme, targets), clusters=np.arange(count) % 8)
    for share in (0.0, 1.0):
        review = np.full((count, 2), bool(share))
        learnt = np.ones_like(targets)
        one = Judged(likely=targets.astype(float), given=targets, review=review, learnt=learnt)
        kind, _ = report_on(gold, [one], np.arange(count))
        assert kind.reviewed == share


def test_near_duplicates_do_not_narrow_an_interval(scheme: Scheme) -> None:
    """Each article thrice is as much evidence as each once."""
    targets = np.hstack([one_hot(GOLD), np.zeros((8, 4), bool)])
    single = judged(GUESS, np.zeros((8, 4), bool))
    thrice = Judged(
        likely=np.repeat(single.likely, 3, axis=0),
        given=np.repeat(single.given, 3, axis=0),
        review=np.repeat(single.review, 3, axis=0),
        learnt=np.repeat(single.learnt, 3, axis=0),
    )
    gold = replace(
        right(scheme, np.repeat(targets, 3, axis=0)), clusters=np.repeat(np.arange(8), 3)
    )
    one = report_on(right(scheme, targets), [single], np.arange(8))[0]
    other = report_on(gold, [thrice], np.arange(24))[0]
    assert (other.articles, other.distinct) == (24, 8)
    for name in ("f1_macro", "f1_micro", "kept_right"):
        assert astuple(getattr(other, name)) == pytest.approx(astuple(getattr(one, name)))
    for single_label, label in zip(one.labels, other.labels, strict=True):
        assert astuple(label.f1) == pytest.approx(astuple(single_label.f1))
    assert astuple(other.calibration_error) == pytest.approx(astuple(one.calibration_error))
    first = next(group_lines(other))
    assert first == "type (24 articles, 8 distinct)"


def test_a_report_with_themes_and_promises_is_read_back_as_it_was(
    trained: Trained, tmp_path: Path
) -> None:
    report = replace(
        trained.report,
        themes=trained.report.groups,
        precision=0.9,
        promises={"type": PROMISES},
    )
    (tmp_path / "report.json").write_text(json.dumps(asdict(report)), "utf-8")
    assert report_from(tmp_path / "report.json") == report


def test_the_terminal_is_told_what_fewer_articles_would_have_brought(trained: Trained) -> None:
    points = [
        Point(articles=count, f1_macro=f1, f1_micro=f1, f1_macro_error=None)
        for count, f1 in ((0, 0.79), (4, 0.873), (8, 0.9))
    ]
    lines = list(report_lines(replace(trained.report, learning={"type": points})))
    at = lines.index("domains (120 articles, 112 distinct)")
    assert lines[at - 2] == (
        "  learnt from 0, 4 and 8 given articles, uncalibrated: macro-F1 0.790, 0.873, 0.900"
    )
    assert not [line for line in lines[at:] if line.startswith("  learnt from")]
    alone = list(report_lines(replace(trained.report, learning={"type": points[:1]})))
    assert not [line for line in alone if line.startswith("  learnt from")]
