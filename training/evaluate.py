"""Evaluation of a version on labelled articles, apart from those that it was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from labels.corpus import Corpus
from labels.scheme import Scheme
from models.decision import trained_outputs
from models.evidence import Seen, Why
from models.prediction import Prediction
from models.predictor import Predictor
from training.measures import Figure, proportion, share_of
from training.phrases import articles
from training.report import Gold, GroupReport, report_on
from training.reporting import group_lines, micro_phrase, unmeasured_lines, untrained_lines
from training.validation import Judged


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The figures of a version on articles that it had not seen.

    ``seen`` says by id which articles are set apart as trained on, and why; their figures, in
    ``seen_groups``, tell how well it remembers and nothing of how well it does. Of the others,
    ``reviewed`` is the share that goes to a person, whatever the reason, and ``kept_right`` the
    share of the rest whose known labels are all right; near-duplicates count once. ``answers``
    holds an object an article: id, seen, gold and predicted labels, review. ``untrained`` are
    the labels, by group, that the version could not learn: they send every article to review.
    """

    model: str
    evaluated: int
    reviewed: float
    kept_right: Figure
    seen: dict[str, Why]
    groups: list[GroupReport]
    unmeasured: list[str]
    untrained: dict[str, list[str]]
    seen_groups: list[GroupReport]
    answers: list[dict[str, object]]

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def evaluate(predictor: Predictor, corpus: Corpus, seen: Seen) -> Evaluation:
    """Predict every article of the corpus, and compare with its labels."""
    everything = [sample.article for sample in corpus.samples]
    predictions = predictor.predict(everything)
    why = [seen.why(article) for article in everything]
    fresh = np.array([one is None for one in why], bool)
    new, old = np.flatnonzero(fresh), np.flatnonzero(~fresh)
    gold, judged = Gold.of(corpus), [_judged(corpus.scheme, predictions)]
    review = np.array([prediction.review for prediction in predictions], bool)
    right = np.array(
        [
            all(set(one.given[group]) == names for group, names in sample.labels.items())
            for one, sample in zip(predictions, corpus.samples, strict=True)
        ],
        bool,
    )
    weights = gold.weights(new)
    return Evaluation(
        model=predictor.version,
        evaluated=len(new),
        reviewed=share_of(review[new], weights),
        kept_right=proportion(weights @ (right & ~review)[new], weights @ ~review[new]),
        seen={article.id: one for article, one in zip(everything, why, strict=True) if one},
        groups=report_on(gold, judged, new),
        unmeasured=gold.unmeasured(new) if len(new) else [],
        untrained=corpus.scheme.labels_where(
            ~trained_outputs(corpus.scheme, predictor.model.rules)
        ),
        seen_groups=report_on(gold, judged, old),
        answers=list(_answers(corpus, predictions, why)),
    )


def _judged(scheme: Scheme, predictions: Sequence[Prediction]) -> Judged:
    """Predictions as arrays; a group is reviewed for reasons that name it."""
    outputs = scheme.outputs
    return Judged(
        likely=np.array([[p.scores[g][x] for g, x in outputs] for p in predictions], np.float64),
        given=np.array([[x in p.given[g] for g, x in outputs] for p in predictions], bool),
        review=np.array(
            [
                [
                    any(reason.split(":")[1:2] == [group.id] for reason in p.reasons)
                    for group in scheme.groups
                ]
                for p in predictions
            ],
            bool,
        ),
        learnt=np.ones((len(predictions), len(outputs)), bool),
    )


def _answers(
    corpus: Corpus, predictions: Sequence[Prediction], why: Sequence[Why | None]
) -> Iterator[dict[str, object]]:
    for sample, prediction, seen in zip(corpus.samples, predictions, why, strict=True):
        yield {
            "id": sample.article.id,
            "seen": seen,
            "gold": {group: sorted(names) for group, names in sample.labels.items()},
            "given": {group: sorted(names) for group, names in prediction.given.items()},
            "review": prediction.review,
        }


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """The evaluation for a terminal."""
    yield f"{evaluation.model} on {articles(evaluation.evaluated)} that it was not trained on"
    yield from _seen_lines(evaluation)
    for group in evaluation.groups:
        yield ""
        yield from group_lines(group)
    yield from unmeasured_lines(evaluation.unmeasured)
    yield from untrained_lines(evaluation.untrained)
    if evaluation.evaluated:
        right = f"; of the others {evaluation.kept_right.value:.1%} have every known label right"
        yield ""
        yield (
            f"altogether {evaluation.reviewed:.0%} go to review, whatever the reason"
            f"{right if evaluation.reviewed < 1 else ''}"
        )
    for group in evaluation.seen_groups:
        yield ""
        yield (
            f"{group.group} of those set apart, no measure of quality: macro-F1 "
            f"{group.f1_macro.value:.3f}, {micro_phrase(group)}"
        )


def _seen_lines(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.seen:
        return
    yield f"set apart as trained on: {len(evaluation.seen)}"
    by_reason: dict[Why, list[str]] = {}
    for name, why in evaluation.seen.items():
        by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        yield f"  {why} ({len(names)}): {shown}"
    if not evaluation.evaluated:
        yield "Nothing is left to measure. Give labelled articles with other ids and texts."
