"""Reading: the n-grams of all blocks of a model, from one pass over a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.features import Block, Field
from models.keys import Keys, Places, grams
from models.text import Text
from models.units import Source, Units, places_of, source_of, units_of
from models.vocabulary import Vocabulary

Numbers = npt.NDArray[np.intp]

_NOTHING = np.zeros(1, np.intp)
_NO_KEYS = np.zeros(0, np.uint64)


# The n-grams of one block of one length n: the block, from where to where among those of all
# sources, n, and the place of the first of their units among the units of all sources. A plain
# tuple: a dozen of them are made for every article.
Span = tuple[int, int, int, int, int]


class Grams(NamedTuple):
    """The n-grams of a text: their keys, source after source and length by length.

    ``begins`` says where those of each source and length begin, -1 where there are none;
    ``spans`` are those of the blocks. Among single words and shapes are blanks, which are no
    terms.
    """

    keys: Keys
    units: Sequence[Units]
    begins: Sequence[Sequence[int]]
    spans: Sequence[Span]


class Terms(NamedTuple):
    """The terms of a text, as numbers of a vocabulary, 0 where one is unknown.

    ``cells`` say of each n-gram of each block where in the rows of a scorer its row stands: the
    number times the number of blocks, plus the block; of shape (1 + n-grams of all blocks,), span
    after span. The first one, 0, is nobody's. ``words`` has shape (words,), and ``shapes`` too,
    but is None where no block reads them. ``units`` are those of each source.
    """

    cells: Numbers
    words: Numbers
    shapes: Numbers | None
    spans: Sequence[Span]
    units: Sequence[Units]


class Part(NamedTuple):
    """The n-grams of one block: of which source and field, and how long."""

    source: int
    field: Field
    low: int
    high: int


class Wanted(NamedTuple):
    """The n-grams that are made of a source: of these fields, from ``low`` to ``high`` units."""

    source: Source
    fields: tuple[Field, ...]
    low: int
    high: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which units to make of a text, which n-grams of them, and which block reads which.

    Every n-gram is made once, however many blocks read it. There is a part for each block.
    """

    sources: Sequence[Wanted]
    parts: Sequence[Part]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Plan:
        # The words themselves are always wanted: how many of them are known tells of the text.
        lengths: dict[Source, list[int]] = {"word": [1]}
        fields: dict[Source, dict[Field, None]] = {"word": {}}
        for block in blocks:
            source = source_of((block.field, block.unit))
            lengths.setdefault(source, []).extend((block.low, block.high))
            fields.setdefault(source, {})[block.field] = None
        if "shape" in lengths:
            lengths["shape"].append(1)
            # Words and their shapes are to be the same ones, with or without the blanks.
            if max(*lengths["word"], *lengths["shape"]) > 1:
                lengths["word"].append(2)
                lengths["shape"].append(2)
        order = list(lengths)
        return cls(
            sources=[Wanted(s, tuple(fields[s]), min(lengths[s]), max(lengths[s])) for s in order],
            parts=[
                Part(order.index(source_of((b.field, b.unit))), b.field, b.low, b.high)
                for b in blocks
            ],
        )

    def grams(self, text: Text) -> Grams:
        """Every n-gram of the text, as keys."""
        units, keys = [], [_NO_KEYS]
        begins: list[list[int]] = []  # of the n-grams of each source, length by length
        firsts: list[int] = []  # of the units of each source
        end = many = 0
        for source, fields, low, high in self.sources:
            one = units_of(text, source, fields, high)
            units.append(one)
            firsts.append(many)
            many += len(one.keys)
            mine = [-1] * (low - 1)
            for run in grams(one.keys, one.lengths, low, high):
                mine.append(end)
                keys.append(run)
                end += len(run)
            begins.append(mine)
        spans: list[Span] = []
        for block, (at, field, low, high) in enumerate(self.parts):
            first, last = units[at].parts[field]
            mine = begins[at]
            for n in range(low, min(high, len(mine)) + 1):
                if last - first >= n:
                    start = mine[n - 1] + first
                    stop = start + last - first - n + 1
                    spans.append((block, start, stop, n, firsts[at] + first))
        return Grams(np.concatenate(keys), units, begins, spans)

    def read(self, text: Text, vocabulary: Vocabulary) -> Terms:
        """Look up every n-gram of the text."""
        keys, units, begins, spans = self.grams(text)
        numbers = vocabulary.find(keys)
        scaled = numbers * len(self.parts)
        cells = np.concatenate([_NOTHING, *[scaled[start:stop] for _, start, stop, _, _ in spans]])
        blocks = np.array([block for block, _, _, _, _ in spans], np.intp)
        cells[1:] += blocks.repeat([stop - start for _, start, stop, _, _ in spans])
        shapes = None
        for (source, _, _, _), one, mine in zip(self.sources, units, begins, strict=True):
            if source == "shape" and mine:
                shapes = numbers[mine[0] : mine[0] + len(one.keys)]
        return Terms(
            cells=cells,
            words=numbers[: len(units[0].keys)],
            shapes=shapes,
            spans=spans,
            units=units,
        )

    def titles(self, terms: Terms) -> list[int]:
        """How many n-grams of each span begin in the title; they come first."""
        found = []
        for block, start, stop, _, _ in terms.spans:
            source, field, _, _ = self.parts[block]
            inside = field in {"title", "markers"}
            over = field in {"whole", "dictionary"}
            count = stop - start if inside else terms.units[source].titles if over else 0
            found.append(min(count, stop - start))
        return found

    def places(self, text: Text, terms: Terms, chosen: Numbers) -> tuple[Places, Places]:
        """Where in the whole text the n-grams of these cells begin and end, both (chosen,)."""
        if not terms.spans:
            return _NOTHING[1:], _NOTHING[1:]
        each = [
            places_of(text, fields, units)
            for units, (_, fields, _, _) in zip(terms.units, self.sources, strict=True)
        ]
        _, starts, stops, lengths, firsts = np.array(terms.spans, np.intp).T
        after = (stops - starts).cumsum() + 1  # the first cell is nobody's
        span = after.searchsorted(chosen, "right")
        unit = chosen + (firsts + stops - starts - after).take(span)
        begins = np.concatenate([begin for begin, _ in each]).take(unit)
        ends = np.concatenate([end for _, end in each]).take(unit + lengths.take(span) - 1)
        return begins, ends
