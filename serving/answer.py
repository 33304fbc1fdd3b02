"""An answer: JSON that leaves as fast as its client takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "application/json"
# As much as asyncio holds of an answer before it says that the client is slow.
_PIECE = 64 * 1024


class Answer(Response):
    """A body of several parts, which are never copied into one.

    A large one is sent piece by piece: what is handed over as a whole is held twice.
    """

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts
        length = str(sum(map(len, parts)))
        super().__init__(headers={"content-length": length}, media_type=MEDIA_TYPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, as ASGI has it."""
        del scope, receive
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        pieces = _pieces(self._parts)  # made one by one, or there would be a second copy of all
        piece = next(pieces)
        for following in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = following
        await send({"type": "http.response.body", "body": piece})


def _pieces(parts: Sequence[bytes]) -> Iterator[bytes]:
    """The parts in pieces of about the same size, at least one."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        for at in range(0, len(part), _PIECE):
            piece = part[at : at + _PIECE]
            waiting.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
    yield b"".join(waiting)
