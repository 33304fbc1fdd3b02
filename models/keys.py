"""Keys: strings as 64-bit numbers, so that all terms of a text are looked up at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]
Points = npt.NDArray[np.uint32]

SEPARATOR = "\0"  # stands in no normalised text
_BLANK = np.uint64(ord(" "))
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_LEAST_POWERS = 1 << 16
_AT_ONCE = 8192  # strings whose keys are computed together


def points_of(text: str) -> Points:
    """The code points of a text, shape (characters,)."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def keys_of(strings: Iterable[str]) -> Keys:
    """The key of each string, shape (strings,); of an empty one it is 0.

    The key of characters c1 c2 c3 … is c1 * B + c2 * B^2 + c3 * B^3 + … modulo 2^64, with an odd
    B (the polynomial of Karp and Rabin 1987). Some two of n strings have one key with a chance
    of about n^2 / 2^65: 3 in 10^8 at a million strings.
    """
    found = [np.zeros(0, np.uint64)]
    rest = iter(strings)
    while part := list(islice(rest, _AT_ONCE)):
        points = points_of(joined(part))
        found.append(piece_keys(points, gaps_of(points)))
    return np.concatenate(found)


def joined(pieces: Sequence[str]) -> str:
    """The pieces, with a separator before each and after the last."""
    return f"{SEPARATOR}{SEPARATOR.join(pieces)}{SEPARATOR}" if pieces else SEPARATOR


def gaps_of(points: Points) -> Places:
    """Where the separators stand, shape (pieces + 1,)."""
    gaps: Places = (points == 0).nonzero()[0]
    return gaps


def ends_of_runs(ordered: npt.NDArray[np.generic]) -> Places:
    """The last place of each run of equal numbers, shape (runs,)."""
    last = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=last[:-1])
    ends: Places = last.nonzero()[0]
    return ends


def piece_keys(points: Points, gaps: Places) -> Keys:
    """The key of each piece, shape (pieces,)."""
    raised, inverse = _powers(len(points))
    # Separators add nothing to the sum.
    sums = np.cumsum(points * raised[: len(points)], dtype=np.uint64).take(gaps)
    keys: Keys = sums[1:] - sums[:-1]
    keys *= inverse.take(gaps[:-1])
    return keys


def character_keys(points: Points) -> Keys:
    """The key of each character, shape (characters,)."""
    return points * _power(1)


def grams(keys: Keys, lengths: Places | None, low: int, high: int) -> Iterator[Keys]:
    """Keys of the runs of ``low`` to ``high`` units, each of shape (runs,), length by length.

    Units are words with a blank between them, of these lengths; or, where ``lengths`` is None,
    characters with nothing between. Runs longer than the units there are do not come.
    """
    run, long = keys, lengths
    for n in range(1, min(high, len(keys)) + 1):
        if n > 1 and lengths is None:
            run = run[:-1] + keys[n - 1 :] * _power(n - 1)
        elif n > 1 and long is not None and lengths is not None:
            raised, _ = _powers(int(long.max()) + 2)
            run = run[:-1] + raised.take(long[:-1] + 1) * (_BLANK + keys[n - 1 :])
            long = long[:-1] + 1 + lengths[n - 1 :]
        if n >= low:
            yield run


@cache
def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, 2**64))


def _powers(count: int) -> tuple[Keys, Keys]:
    """At least so many powers of the base and of its inverse, from the power 0 on."""
    return _powers_to(max(_LEAST_POWERS, 1 << (count - 1).bit_length()))


@cache
def _powers_to(count: int) -> tuple[Keys, Keys]:
    factors = np.full((2, count), [[_BASE], [pow(_BASE, -1, 2**64)]], np.uint64)
    factors[:, 0] = 1
    raised, lowered = np.cumprod(factors, axis=1, dtype=np.uint64)
    return raised, lowered
