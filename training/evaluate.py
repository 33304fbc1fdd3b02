"""Evaluation of a version on labelled articles, apart from those that it was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from labels.corpus import Corpus
from labels.scheme import Scheme
from models.evidence import Seen
from models.prediction import Prediction
from models.predictor import Predictor
from training.report import GroupReport, report_on
from training.reporting import group_lines, micro
from training.validation import Judged


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The figures of a version on articles that it had not seen.

    ``seen`` are ids that it was trained on, or near-duplicates of such; their figures, in
    ``seen_groups``, say how well it remembers and nothing of how well it does. ``answers``
    holds an object an article: id, seen, gold and predicted labels, review.
    """

    model: str
    evaluated: int
    seen: list[str]
    groups: list[GroupReport]
    seen_groups: list[GroupReport]
    answers: list[dict[str, object]]

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def evaluate(predictor: Predictor, corpus: Corpus, seen: Seen) -> Evaluation:
    """Predict every article of the corpus, and compare with its labels."""
    articles = [sample.article for sample in corpus.samples]
    predictions = predictor.predict(articles)
    known = np.array([seen.holds(article) for article in articles], bool)
    judged = _judged(corpus.scheme, predictions)
    labelled = np.column_stack([corpus.known(group) for group in corpus.scheme.groups])

    def figures(rows: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> list[GroupReport]:
        return report_on(corpus.scheme, [judged], corpus.strata, labelled, rows)

    return Evaluation(
        model=predictor.version,
        evaluated=int((~known).sum()),
        seen=[article.id for article, was in zip(articles, known, strict=True) if was],
        groups=figures(np.flatnonzero(~known)) if not known.all() else [],
        seen_groups=figures(np.flatnonzero(known)) if known.any() else [],
        answers=list(_answers(corpus, predictions, known.tolist())),
    )


def _judged(scheme: Scheme, predictions: Sequence[Prediction]) -> Judged:
    """Predictions as arrays; what the text itself gives cause for goes to review everywhere."""
    outputs = scheme.outputs
    names = {group.id for group in scheme.groups}
    return Judged(
        likely=np.array([[p.scores[g][x] for g, x in outputs] for p in predictions], np.float64),
        given=np.array([[x in p.given[g] for g, x in outputs] for p in predictions], bool),
        review=np.array(
            [
                [
                    any(_concerns(reason, group.id, names) for reason in p.reasons)
                    for group in scheme.groups
                ]
                for p in predictions
            ],
            bool,
        ),
    )


def _concerns(reason: str, group: str, groups: set[str]) -> bool:
    """``uncertain:type`` concerns the group type; ``truncated`` concerns all groups."""
    named = reason.split(":")[1:2]
    return not named or named[0] not in groups or named[0] == group


def _answers(
    corpus: Corpus, predictions: Sequence[Prediction], seen: Sequence[bool]
) -> Iterator[dict[str, object]]:
    for sample, prediction, was in zip(corpus.samples, predictions, seen, strict=True):
        yield {
            "id": sample.article.id,
            "seen": was,
            "gold": {group: sorted(names) for group, names in sample.labels.items()},
            "given": {group: sorted(names) for group, names in prediction.given.items()},
            "review": prediction.review,
        }


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """The evaluation for a terminal."""
    yield f"{evaluation.model} on {evaluation.evaluated} articles that it was not trained on"
    if evaluation.seen:
        shown = ", ".join(evaluation.seen[:5]) + (", …" if len(evaluation.seen) > 5 else "")
        yield f"set apart, as it was trained on them or on near-duplicates: {len(evaluation.seen)}"
        yield f"  {shown}"
    for group in evaluation.groups:
        yield ""
        yield from group_lines(group)
    for group in evaluation.seen_groups:
        yield ""
        yield (
            f"{group.group} of those set apart, no measure of quality: macro-F1 "
            f"{group.f1_macro.value:.3f}, {micro(group)}"
        )
