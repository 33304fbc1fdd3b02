"""A vocabulary: the terms that a model knows, each found in one place by its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.keys import Keys, keys_of

_FACTOR = np.uint64(0xD6E8FEB86659FD93)  # odd: a multiplicative hash (Knuth 1973, section 6.4)
_LEAST_BITS = 4
_SHIFTS = 1 << 16  # that are tried for one bucket; some hundreds are the most that was seen


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """A perfect hash table (hash and displace, Belazzougui, Botelho and Dietzfelbinger 2009).

    The first bits of a key name a bucket; the bucket's entry in ``shifts``, of shape (buckets,),
    leads each of its keys to a slot of its own. ``slots`` of shape (size,) holds the keys, 0
    where there is none. ``read`` gives the terms in the order of their slots; it is called to
    explain only, as predicting needs no term.
    """

    shifts: npt.NDArray[np.uint16]
    slots: Keys
    read: Callable[[], Sequence[str]]

    def find(self, keys: Keys) -> npt.NDArray[np.intp]:
        """The number of each key's term, 1 + its slot, or 0 where it is unknown; shape (keys,)."""
        bucket_bits, slot_bits = self._bits
        found = self.shifts.take((keys >> bucket_bits).view(np.intp)) ^ keys
        found *= _FACTOR
        found >>= slot_bits
        numbers = found.view(np.intp)
        known = self.slots.take(numbers) == keys
        numbers += 1
        numbers *= known
        return numbers

    def names(self, numbers: Iterable[int]) -> list[str]:
        """The terms of these numbers."""
        return list(map(self._terms.__getitem__, numbers))

    @cached_property
    def terms(self) -> list[str]:
        """The terms in the order of their numbers."""
        return list(self.read())

    @cached_property
    def numbers(self) -> npt.NDArray[np.intp]:
        """The number of each term, ascending, shape (terms,)."""
        return self.slots.nonzero()[0] + 1

    @cached_property
    def _terms(self) -> dict[int, str]:
        return dict(zip(self.numbers.tolist(), self.terms, strict=True))

    @cached_property
    def _bits(self) -> tuple[np.uint64, np.uint64]:
        """How far to shift a key, for its bucket and its slot."""
        return _shift(len(self.shifts)), _shift(len(self.slots))


def vocabulary_of(terms: Sequence[str]) -> Vocabulary:
    """The vocabulary of these terms, of which none is empty and none stands twice.

    Raises:
        ValueError: two terms have one key, or a term is empty.
    """
    keys = keys_of(terms)
    if len(np.unique(keys)) < len(keys) or not keys.all():
        raise ValueError("two terms have one key, or a term is empty")
    table = table_of(keys)
    order = np.argsort(table.find(keys), kind="stable")
    return replace(table, read=lambda: [terms[at] for at in order])


def table_of(keys: Keys) -> Vocabulary:
    """The vocabulary of terms that have these keys, none of them 0 or twice, and no names."""
    bits = max(_LEAST_BITS, (len(keys) * 5 // 4).bit_length())  # four fifths full at most
    shifts, slots = _place(keys, bits)
    return Vocabulary(shifts=shifts, slots=slots, read=list)


def _shift(size: int) -> np.uint64:
    return np.uint64(64 - (size - 1).bit_length())


def _place(keys: Keys, bits: int) -> tuple[npt.NDArray[np.uint16], Keys]:
    """Shifts and slots. The largest buckets choose first; all of one size choose at once."""
    shifts, slots = np.zeros(1 << (bits - 2), np.uint16), np.zeros(1 << bits, np.uint64)
    bucket = (keys >> _shift(len(shifts))).view(np.intp)
    order = np.argsort(bucket, kind="stable")
    sizes = np.bincount(bucket, minlength=len(shifts))
    first = sizes.cumsum() - sizes
    claimant = np.zeros(len(slots), np.intp)
    for size in range(int(sizes.max()), 0, -1):
        left = np.flatnonzero(sizes == size)
        for shift in range(_SHIFTS):
            if not len(left):
                break
            mine = keys[order[first[left, None] + np.arange(size)]]
            at = (((mine ^ np.uint64(shift)) * _FACTOR) >> _shift(len(slots))).view(np.intp)
            free = np.flatnonzero((slots[at] == 0).all(axis=1))
            # Of several that claim a slot one wins; a bucket takes all of its slots or none.
            claims = at[free].ravel()
            claimant[claims] = np.arange(len(claims))
            won = (claimant[claims] == np.arange(len(claims))).reshape(-1, size).all(axis=1)
            placed = free[won]
            slots[at[placed]] = mine[placed]
            shifts[left[placed]] = shift
            left = np.delete(left, placed)
        if len(left):
            raise ValueError("no perfect hash of these terms")
    return shifts, slots
