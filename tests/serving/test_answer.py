"""An answer leaves piece by piece, and is never there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from serving.answer import Answer

KIB = 1024


class Parts(list[bytes]):
    """Parts that know how many of them were looked at."""

    taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in super().__iter__():
            self.taken += 1
            yield part


def sent(parts: list[bytes], taken: list[int] | None = None) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)
        if taken is not None and isinstance(parts, Parts):
            taken.append(parts.taken)

    async def receive() -> Any:
        raise AssertionError

    asyncio.run(Answer(parts)({"type": "http"}, receive, send))
    return messages


@pytest.mark.parametrize(
    ("sizes", "pieces"),
    [
        ([0], [0]),
        ([1, 2, 3], [6]),
        ([64 * KIB - 1], [64 * KIB - 1]),
        ([64 * KIB], [64 * KIB, 0]),
        ([40 * KIB, 40 * KIB, 1], [80 * KIB, 1]),
        ([200 * KIB], [64 * KIB, 64 * KIB, 64 * KIB, 8 * KIB]),
    ],
)
def test_all_of_it_leaves_in_pieces(sizes: list[int], pieces: list[int]) -> None:
    parts = [bytes([at + 1]) * size for at, size in enumerate(sizes)]
    start, *bodies = sent(parts)
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert dict(start["headers"]) == {
        b"content-length": str(sum(sizes)).encode(),
        b"content-type": b"application/json",
    }
    assert b"".join(one["body"] for one in bodies) == b"".join(parts)
    assert [len(one["body"]) for one in bodies] == pieces
    assert [one.get("more_body", False) for one in bodies] == [True] * (len(pieces) - 1) + [False]


def test_a_piece_is_made_when_the_one_before_has_left() -> None:
    taken: list[int] = []
    sent(Parts([b"a" * 64 * KIB] * 5), taken)
    counted, *taken = taken  # all of them, for the length
    assert [each - counted for each in taken] == [2, 3, 4, 5, 5, 5]
