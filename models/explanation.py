"""Explanations: which words of an article speak for or against each label, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypedDict

import numpy as np

from labels.normalise import spans_as_given
from labels.scheme import Scheme
from models.keys import ends_of_runs
from models.reading import Numbers, Terms
from models.scorer import Rows, Scorer, Scores, Values
from models.text import Read, Text

Side = Literal["title", "content"]
_SIDES: tuple[Side, Side] = ("title", "content")
_BITS = 17  # of any place in a text
_MASK = (1 << _BITS) - 1
_FILTER = (1 << 14) - 1


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
    words, weights, rows, word = _weighed(scorer, scored)
    strongest, adding = _strongest(weights, most)
    used = np.zeros(len(words), bool)
    used[strongest] = True
    chosen = used.nonzero()[0]
    chosen = chosen.take(words.take(chosen).argsort())
    each = _shown(scorer, scored, words.take(chosen), rows[used.take(word)])
    shown = dict(zip(chosen.tolist(), each, strict=True))
    found: dict[str, dict[str, Reasons]] = {group.id: {} for group in scheme.groups}
    numbers = zip(scored.linear.tolist(), scorer.intercepts.tolist(), strict=True)
    listed = zip(strongest.tolist(), adding.tolist(), strict=True)
    for (group, label), (score, intercept), (places, mine) in zip(
        scheme.outputs, numbers, listed, strict=True
    ):
        found[group][label] = Reasons(
            score=score,
            intercept=intercept,
            words=[
                {"text": told[0], "field": told[1], "spans": told[2], "weight": weight}
                for told, weight in zip(map(shown.__getitem__, places), mine, strict=True)
                if weight
            ],
        )
    return found


class _Weighed(NamedTuple):
    """The words of an article, each twice the number of its term, plus 1 where in the content.

    Those of the title come first. ``words`` has shape (words,), ``weights`` shape (outputs,
    words). ``rows``, word after word, are those of their terms in the weight matrix, and ``word``
    says which one each belongs to.
    """

    words: Numbers
    weights: Scores
    rows: Rows
    word: Numbers


def _weighed(scorer: Scorer, scored: Scored) -> _Weighed:
    values = scored.values
    titled, share = _title_shares(scorer, scored)
    rows = np.concatenate((values.rows.take(titled), values.rows))
    tf = np.concatenate((values.tf.take(titled) * share, values.tf))
    tf[len(titled) + titled] *= 1 - share
    words = scorer.term_of_row.take(rows) * 2
    words[len(titled) :] += 1
    # Rows of one term follow each other, in the title and again in the content.
    ends = ends_of_runs(words)
    word = np.zeros(len(words), np.intp)
    word[ends[:-1] + 1] = 1
    np.cumsum(word, out=word)
    added = scorer.weights.take(rows, axis=0) * tf[:, None]
    shape = added.shape[1], len(ends)
    cells = word[:, None] + np.arange(shape[0]) * shape[1]
    # At few labels faster than adding up along the words. Of no words it counts in whole numbers.
    sums = np.bincount(cells.reshape(-1), added.reshape(-1), shape[0] * shape[1])
    weights = sums.astype(np.float64, copy=False).reshape(shape)
    return _Weighed(words.take(ends), weights, rows, word)


def _title_shares(scorer: Scorer, scored: Scored) -> tuple[Numbers, Scores]:
    """Which of the known terms stand in the title, and the share of their occurrences there.

    Both of shape (terms in the title,). An n-gram that reaches from the title into the content
    counts as one of the title.
    """
    values = scored.values
    found, after = [scored.rows[:1]], 1  # the first row is nobody's: 0
    spans = scored.terms.spans
    for titles, (_, start, stop, _, _) in zip(scorer.plan.titles(scored.terms), spans, strict=True):
        found.append(scored.rows[after : after + titles])
        after += stop - start
    rows = np.concatenate(found)
    rows.sort()
    ends = ends_of_runs(rows)
    at = values.rows.searchsorted(rows.take(ends[1:]))
    shares: Scores = (ends[1:] - ends[:-1]) / values.counts.take(at)
    return at, shares


def _strongest(weights: Scores, most: int) -> tuple[Numbers, Scores]:
    """The strongest words of each output and their weights, (outputs, at most ``most``) both."""
    strengths = np.abs(weights)
    outputs, words = strengths.shape
    first = np.arange(outputs)[:, None] * words  # of each output, among all weights
    if most < words:
        top = strengths.argpartition(words - most, axis=1)[:, words - most :]
        order = (-strengths.take(top + first)).argsort(axis=1, kind="stable")
        top = top.take(order + np.arange(outputs)[:, None] * most)
    else:
        top = (-strengths).argsort(axis=1, kind="stable")
    return top, weights.take(top + first)


def _shown(
    scorer: Scorer, scored: Scored, words: Numbers, rows: Rows
) -> list[tuple[str, Side, list[list[int]]]]:
    """Term, side and spans of each of these words, which are ascending and have these rows."""
    # Most cells are none of theirs, as a look at the last bits of their rows tells.
    likely = np.zeros(_FILTER + 1, bool)
    likely[rows & _FILTER] = True
    cells = (likely.take(scored.rows & _FILTER) & (scored.rows > 0)).nonzero()[0]
    begins, ends = scorer.plan.places(scored.text, scored.terms, cells)
    title = len(scored.read.title.text)
    found = scorer.term_of_row.take(scored.rows.take(cells)) * 2 + (begins >= title)
    # Several blocks see one occurrence, which is shown once; word by word, in reading order.
    packed = (found << 2 * _BITS) + (begins << _BITS) + ends
    packed.sort()
    packed = packed.take(ends_of_runs(packed))
    found = packed >> 2 * _BITS
    place = words.searchsorted(found)
    held = (words.take(place, mode="clip") == found).nonzero()[0]
    packed, place, side = packed.take(held), place.take(held), found.take(held) & 1
    # What reaches from one field into the other is cut off.
    begins = np.maximum((packed >> _BITS) & _MASK, side * (title + 1))
    ends = packed & _MASK
    ends = np.minimum(ends, np.where(side, ends, title))
    sent = spans_as_given((scored.read.title, scored.read.content), begins, ends)
    # A line feed alone stands nowhere, the one between the fields above all.
    held = ((begins < ends) & (sent[0] < sent[1])).nonzero()[0]
    spans = np.array(sent).T.take(held, axis=0).tolist()
    edges = place.take(held).searchsorted(np.arange(len(words) + 1)).tolist()
    names = scorer.vocabulary.names((words >> 1).tolist())
    return [
        (name, _SIDES[side], spans[first:last])
        for name, side, (first, last) in zip(
            names, (words & 1).tolist(), pairwise(edges), strict=True
        )
    ]
