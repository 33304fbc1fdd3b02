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

_NONE = np.zeros(0, np.intp)
_NO_KEYS = np.zeros(0, np.uint64)


# The n-grams of one block of one length: the block, and from where to where among those of all
# sources. A plain tuple: a dozen of them are made for every article.
Span = tuple[int, int, int]


class Grams(NamedTuple):
    """The n-grams of a text: their keys, source after source and length by length.

    ``begins`` says where those of each source and length begin; ``spans`` are those of the
    blocks. Among single words and shapes are blanks, which are no terms.
    """

    keys: Keys
    units: Sequence[Units]
    begins: Sequence[Sequence[int]]
    spans: Sequence[Span]


class Terms(NamedTuple):
    """The terms of a text, as numbers of a vocabulary, 0 where one is unknown.

    ``numbers`` and the ``blocks`` that they belong to have shape (n-grams of all blocks,), span
    after span; ``words`` has shape (words,), and ``shapes`` too, but is None where no block
    reads them. ``units`` are those of each source.
    """

    numbers: Numbers
    blocks: Numbers
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which units to make of a text, up to which length of n-grams, and which block reads which.

    Every n-gram is made once, however many blocks read it. There is a part for each block.
    """

    sources: Sequence[tuple[Source, tuple[Field, ...], int]]
    parts: Sequence[Part]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Plan:
        # The words themselves are always wanted: how many of them are known tells of the text.
        most: dict[Source, int] = {"word": 1}
        fields: dict[Source, dict[Field, None]] = {"word": {}}
        for block in blocks:
            source = source_of((block.field, block.unit))
            most[source] = max(most.get(source, 1), block.high)
            fields.setdefault(source, {})[block.field] = None
        if "shape" in most and (most["word"] > 1) != (most["shape"] > 1):
            # Words and their shapes are to be the same ones, with or without the blanks.
            most["word"], most["shape"] = max(most["word"], 2), max(most["shape"], 2)
        order = list(most)
        return cls(
            sources=[(source, tuple(fields[source]), most[source]) for source in order],
            parts=[
                Part(order.index(source_of((b.field, b.unit))), b.field, b.low, b.high)
                for b in blocks
            ],
        )

    def grams(self, text: Text) -> Grams:
        """Every n-gram of the text, as keys."""
        units = [units_of(text, *source) for source in self.sources]
        keys = [_NO_KEYS]
        begins: list[list[int]] = []  # of the n-grams of each source, length by length
        end = 0
        for one, (_, _, most) in zip(units, self.sources, strict=True):
            mine = []
            for run in grams(one.keys, one.lengths, most):
                mine.append(end)
                keys.append(run)
                end += len(run)
            begins.append(mine)
        spans: list[Span] = []
        for block, (source, field, low, high) in enumerate(self.parts):
            first, last = units[source].parts[field]
            mine = begins[source]
            for n in range(low, min(high, len(mine)) + 1):
                start = mine[n - 1] + first
                spans.append((block, start, max(start, mine[n - 1] + last - n + 1)))
        return Grams(np.concatenate(keys), units, begins, spans)

    def read(self, text: Text, vocabulary: Vocabulary) -> Terms:
        """Look up every n-gram of the text."""
        keys, units, begins, spans = self.grams(text)
        numbers = vocabulary.find(keys)
        blocks = np.array([block for block, _, _ in spans], np.intp)
        return Terms(
            numbers=np.concatenate([_NONE, *[numbers[start:stop] for _, start, stop in spans]]),
            blocks=blocks.repeat([stop - start for _, start, stop in spans]),
            words=numbers[: len(units[0].keys)],
            shapes=self._shapes(numbers, units, begins),
            spans=spans,
            units=units,
        )

    def _shapes(
        self, numbers: Numbers, units: Sequence[Units], begins: Sequence[Sequence[int]]
    ) -> Numbers | None:
        for (source, _, _), one, mine in zip(self.sources, units, begins, strict=True):
            if source == "shape":
                first = mine[0] if mine else 0
                return numbers[first : first + len(one.keys)]
        return None

    def titles(self, terms: Terms) -> list[int]:
        """How many n-grams of each span begin in the title; they come first."""
        found = []
        for block, start, stop in terms.spans:
            source, field, _, _ = self.parts[block]
            inside = field in {"title", "markers"}
            over = field in {"whole", "dictionary"}
            count = stop - start if inside else terms.units[source].titles if over else 0
            found.append(min(count, stop - start))
        return found

    def places(self, text: Text, terms: Terms, chosen: Numbers) -> tuple[Places, Places]:
        """Where in the whole text these n-grams begin and end, both of shape (chosen,)."""
        begins, ends = [_NONE], [_NONE]
        for units, (_, fields, most) in zip(terms.units, self.sources, strict=True):
            begin, end = places_of(text, fields, units)
            for n in range(1, min(most, len(begin)) + 1):
                begins.append(begin[: len(begin) - n + 1])
                ends.append(end[n - 1 :])
        spans = np.array(terms.spans, np.intp).reshape(-1, 3)
        stops = (spans[:, 2] - spans[:, 1]).cumsum()
        at = chosen + (spans[:, 2] - stops).take(stops.searchsorted(chosen, "right"))
        return np.concatenate(begins).take(at), np.concatenate(ends).take(at)
