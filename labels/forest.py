"""A forest: clusters while they grow, each known by its lowest member."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


class Forest:
    """``n`` members, each in a cluster of its own at first (union-find, Galler and Fischer 1964).

    Every member points at a lower one of its cluster, the lowest at itself.
    """

    def __init__(self, n: int) -> None:
        self._above = np.arange(n)

    def roots(self) -> Indices:
        """The lowest member of the cluster of each, shape (n,)."""
        self._above = self.roots_of(self._above)
        return self._above.copy()

    def roots_of(self, members: Indices) -> Indices:
        """The lowest member of the cluster of some, in their shape."""
        found = self._above[members]
        while (above := self._above[found]).tobytes() != found.tobytes():
            found = above
        return found

    def join(self, ones: Indices, others: Indices) -> None:
        """Make one cluster of those of each pair."""
        for pair in zip(ones.tolist(), others.tolist(), strict=True):
            low, high = sorted(map(self._root, pair))
            self._above[high] = low

    def _root(self, member: int) -> int:
        while (above := int(self._above[member])) != member:
            self._above[member] = self._above[above]
            member = above
        return member
