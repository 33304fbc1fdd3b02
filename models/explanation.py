"""Explanations: which words of an article speak for or against each label, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypedDict

import numpy as np

from labels.scheme import Scheme
from models.keys import Places
from models.reading import Numbers, Terms
from models.scorer import Rows, Scorer, Scores, Values
from models.text import Read, Text

Side = Literal["title", "content"]
_SIDES: tuple[Side, Side] = ("title", "content")
_BITS = 17  # of any place in a text
_MASK = (1 << _BITS) - 1
_FIRST = np.zeros(1, np.intp)
_BOTH = np.array([0, 1])


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
    side = _sides(scorer, scored.terms)
    words, weights = _weighed(scorer, scored, side)
    strongest = _strongest(weights, most)
    used = np.zeros(len(words), bool)
    used[strongest] = True
    chosen = used.nonzero()[0]
    chosen = chosen.take(words.take(chosen).argsort())
    shown = _shown(scorer, scored, side, words.take(chosen))
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


def _sides(scorer: Scorer, terms: Terms) -> Numbers:
    """0 for the n-grams that begin in the title, 1 in the content; shape (n-grams,)."""
    counts = []
    for titles, (_, start, stop) in zip(scorer.plan.titles(terms), terms.spans, strict=True):
        counts += [titles, stop - start - titles]
    return np.tile(_BOTH, len(terms.spans)).repeat(counts)


def _weighed(scorer: Scorer, scored: Scored, side: Numbers) -> tuple[Numbers, Scores]:
    """The words of an article, shape (words,), and their weights, shape (outputs, words).

    A word is twice the number of its term, plus 1 where it stands in the content.
    """
    values = scored.values
    in_title = _title_share(scored, side)
    taken = scorer.weights.take(values.rows, axis=0)
    terms = scorer.term_of_row.take(values.rows) * 2
    words: list[Numbers] = [terms[:0]]
    weights: list[Scores] = [np.zeros((0, taken.shape[1]))]
    for at, tf in enumerate((values.tf * in_title, values.tf * (1 - in_title))):
        mine = tf.nonzero()[0]
        if len(mine):
            own = terms.take(mine)
            starts = _starts(own)
            words.append(own.take(starts) + at)
            added = taken.take(mine, axis=0) * tf.take(mine)[:, None]
            weights.append(np.add.reduceat(added, starts, axis=0))
    return np.concatenate(words), np.concatenate(weights).T


def _title_share(scored: Scored, side: Numbers) -> Scores:
    """The share of each row's occurrences that stand in the title, shape (known terms,).

    An n-gram that reaches from the title into the content counts as one of the title.
    """
    values = scored.values
    share = np.zeros(len(values.rows))
    rows = np.sort(scored.rows.take((side == 0).nonzero()[0]))
    rows = rows[rows.searchsorted(1) :]
    if len(rows):
        starts = _starts(rows)
        counts = np.concatenate((starts[1:], (len(rows),))) - starts
        at = values.rows.searchsorted(rows.take(starts))
        share[at] = counts / values.counts.take(at)
    return share


def _starts(ordered: Numbers | Rows) -> Places:
    """Where each run of equal numbers begins, of at least one."""
    return np.concatenate((_FIRST, (ordered[1:] != ordered[:-1]).nonzero()[0] + 1))


def _strongest(weights: Scores, most: int) -> Numbers:
    """The strongest words of each output, shape (outputs, at most ``most``)."""
    strengths = np.abs(weights, order="C")
    if most >= strengths.shape[1]:
        return np.argsort(-strengths, axis=1, kind="stable")
    top = np.argpartition(strengths, -most, axis=1)[:, -most:]
    order = np.argsort(-np.take_along_axis(strengths, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def _shown(
    scorer: Scorer, scored: Scored, side: Numbers, words: Numbers
) -> list[tuple[str, Side, list[list[int]]]]:
    """Term, side and spans of each of these words, which are ascending."""
    wanted = np.zeros(2 * len(scorer.rows), bool)
    wanted[words] = True
    every = scored.terms.numbers * 2
    every += side
    mine = (wanted.take(every) & (scored.rows != 0)).nonzero()[0]
    place = words.searchsorted(every.take(mine))
    begins, ends = scorer.plan.places(scored.text, scored.terms, mine)
    # Several blocks see one occurrence, which is shown once; word by word, in reading order.
    packed = (place << 2 * _BITS) + (begins << _BITS) + ends
    packed.sort()
    packed = packed.take(_starts(packed)) if len(packed) else packed
    place, begins, ends = packed >> 2 * _BITS, (packed >> _BITS) & _MASK, packed & _MASK
    spans = _as_sent(scored, begins, ends, words.take(place) & 1)
    edges = place.searchsorted(np.arange(len(words) + 1)).tolist()
    return [
        (scorer.vocabulary.term(word >> 1), _SIDES[word & 1], spans[first:last])
        for word, (first, last) in zip(words.tolist(), pairwise(edges), strict=True)
    ]


def _as_sent(scored: Scored, begins: Places, ends: Places, in_content: Numbers) -> list[list[int]]:
    """The spans in the article as sent; what reaches into the other field is cut off."""
    read = scored.read
    first = len(read.title.text) + 1
    spans = np.empty((len(begins), 2), np.intp)
    for at, normalised, offset in ((0, read.title, 0), (1, read.content, first)):
        mine = (in_content == at).nonzero()[0]
        if len(mine):
            begin = np.maximum(begins.take(mine) - offset, 0)
            end = np.minimum(ends.take(mine) - offset, len(normalised.text))
            spans[mine, 0], spans[mine, 1] = normalised.spans(begin, end)
    found: list[list[int]] = spans.tolist()
    return found
