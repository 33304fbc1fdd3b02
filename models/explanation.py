"""Explanations: which words of an article speak for or against each label, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from labels.normalise import spans_as_given
from labels.scheme import Scheme
from models.reading import Numbers, Terms
from models.scorer import Rows, Scorer, Scores, Values
from models.text import Read, Text

Side = Literal["title", "content"]
_SIDES: tuple[Side, Side] = ("title", "content")
_BITS = 17  # of any place in a text
_MASK = (1 << _BITS) - 1


class Word(TypedDict):
    """A term of title or content, where it stands, and what it adds to a score.

    ``spans`` are in code points of the article as sent.
    """

    text: str
    field: Side
    spans: Sequence[Sequence[int]]
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reasons:
    """Why a label has its score: the intercept and the words, the strongest first.

    The score is the linear one, before calibration. The weights of all words add up to it,
    together with the intercept.
    """

    score: float
    intercept: float
    words: Sequence[Word]

    def as_json(self) -> dict[str, object]:
        return {"score": self.score, "intercept": self.intercept, "words": self.words}


Explanation = Mapping[str, Mapping[str, Reasons]]  # group id to label id to reasons


class Scored(NamedTuple):
    """An article on its way to scores, step by step."""

    read: Read
    text: Text
    terms: Terms
    rows: Rows
    values: Values
    linear: Scores


def explain(scheme: Scheme, scorer: Scorer, scored: Scored, most: int) -> Explanation:
    """At most so many words of each label, the strongest first, for or against it.

    A term that several blocks count is one word, with all that it adds. One that stands in both
    title and content is two, each with the share of its occurrences there.
    """
    words, weights = _weighed(scorer, scored)
    strongest = _strongest(weights, most)
    used = np.zeros(len(words), bool)
    used[strongest] = True
    chosen = used.nonzero()[0]
    chosen = chosen.take(words.take(chosen).argsort())
    shown = _shown(scorer, scored, words.take(chosen))
    by_place = dict(zip(chosen.tolist(), shown, strict=True))
    found: dict[str, dict[str, Reasons]] = {group.id: {} for group in scheme.groups}
    intercepts, linear = scorer.intercepts.tolist(), scored.linear.tolist()
    for output, (group, label) in enumerate(scheme.outputs):
        mine = strongest[output]
        adding = weights[output].take(mine).tolist()
        found[group][label] = Reasons(
            score=linear[output],
            intercept=intercepts[output],
            words=[
                {"text": text, "field": field, "spans": spans, "weight": weight}
                for (text, field, spans), weight in zip(
                    map(by_place.__getitem__, mine.tolist()), adding, strict=True
                )
                if weight
            ],
        )
    return found


def _weighed(scorer: Scorer, scored: Scored) -> tuple[Numbers, Scores]:
    """The words of an article, shape (words,), and their weights, shape (outputs, words).

    A word is twice the number of its term, plus 1 where it stands in the content.
    """
    values = scored.values
    titled, share = _title_shares(scorer, scored)
    kept = np.ones(len(values.rows))
    kept[titled] -= share
    mine = kept.nonzero()[0]
    rows = values.rows.take(np.concatenate((titled, mine)))
    tf = np.concatenate((values.tf.take(titled) * share, values.tf.take(mine) * kept.take(mine)))
    words = scorer.term_of_row.take(rows) * 2
    words[len(titled) :] += 1
    # Rows of one term follow each other, in the title and again in the content.
    starts = _firsts(words).nonzero()[0]
    added = scorer.weights.take(rows, axis=0) * tf[:, None]
    sums: Scores = np.add.reduceat(added, starts, axis=0) if len(starts) else added
    return words.take(starts), sums.T


def _title_shares(scorer: Scorer, scored: Scored) -> tuple[Numbers, Scores]:
    """Which of the known terms stand in the title, and the share of their occurrences there.

    Both of shape (terms in the title,). An n-gram that reaches from the title into the content
    counts as one of the title.
    """
    values = scored.values
    found, start = [scored.rows[:0]], 0
    spans = scored.terms.spans
    for titles, (_, first, stop) in zip(scorer.plan.titles(scored.terms), spans, strict=True):
        found.append(scored.rows[start : start + titles])
        start += stop - first
    rows = np.concatenate(found)
    rows.sort()
    rows = rows[rows.searchsorted(1) :]
    if not len(rows):
        return np.zeros(0, np.intp), np.zeros(0)
    starts = _firsts(rows).nonzero()[0]
    counts = np.concatenate((starts[1:], (len(rows),))) - starts
    at = values.rows.searchsorted(rows.take(starts))
    shares: Scores = counts / values.counts.take(at)
    return at, shares


def _firsts(ordered: Numbers | Rows) -> npt.NDArray[np.bool_]:
    """Which numbers begin a run of equal ones."""
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def _strongest(weights: Scores, most: int) -> Numbers:
    """The strongest words of each output, shape (outputs, at most ``most``)."""
    strengths = np.abs(weights, order="C")
    if most >= strengths.shape[1]:
        return np.argsort(-strengths, axis=1, kind="stable")
    top = np.argpartition(strengths, -most, axis=1)[:, -most:]
    order = np.argsort(-np.take_along_axis(strengths, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def _shown(
    scorer: Scorer, scored: Scored, words: Numbers
) -> list[tuple[str, Side, list[list[int]]]]:
    """Term, side and spans of each of these words, which are ascending."""
    wanted = np.zeros(len(scorer.rows), bool)
    wanted[words >> 1] = True
    mine = (wanted.take(scored.terms.numbers) & (scored.rows != 0)).nonzero()[0]
    begins, ends = scorer.plan.places(scored.text, scored.terms, mine)
    title = len(scored.read.title.text)
    content = begins >= title
    found = scored.terms.numbers.take(mine) * 2 + content
    place = words.searchsorted(found)
    # Several blocks see one occurrence, which is shown once; word by word, in reading order.
    packed = (place << 2 * _BITS) + (begins << _BITS) + ends
    packed = packed[words.take(place, mode="clip") == found]
    packed.sort()
    packed = packed[_firsts(packed)]
    place, begins, ends = packed >> 2 * _BITS, (packed >> _BITS) & _MASK, packed & _MASK
    # What reaches from one field into the other is cut off.
    side = words.take(place) & 1
    begins = np.maximum(begins, side * (title + 1))
    ends = np.minimum(ends, np.where(side, ends, title))
    read = scored.read
    begins, ends = spans_as_given((read.title, read.content), begins, ends)
    held = (begins < ends).nonzero()[0]  # a line feed alone stands nowhere
    place, spans = place.take(held), np.column_stack((begins, ends)).take(held, axis=0).tolist()
    edges = place.searchsorted(np.arange(len(words) + 1)).tolist()
    return [
        (scorer.vocabulary.term(word >> 1), _SIDES[word & 1], spans[first:last])
        for word, (first, last) in zip(words.tolist(), pairwise(edges), strict=True)
    ]
