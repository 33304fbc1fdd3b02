"""Clients that check every answer: load with its truth at hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import HOST
from labels.article import Article
from models.version import load_predictor

Expected = Mapping[str, Sequence[object]]  # version id -> the right answer for each article


@dataclass(kw_only=True)
class Tally:
    """What clients met. ``answers`` counts right ones by version, ``failed`` holds the reasons
    of those that did not come, ``wrong`` counts answers that no single version would give, and
    ``refused`` those that were told to come back.
    """

    answers: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    wrong: int = 0
    refused: int = 0


def body_of(article: Article) -> bytes:
    """The article as a request of ours has it."""
    row = {"id": article.id, "title": article.title, "content": article.content}
    return json.dumps(row, ensure_ascii=False).encode()


def expected_of(folders: Sequence[Path], articles: Sequence[Article]) -> dict[str, list[object]]:
    """What each version says of each article, reckoned in this process."""
    found: dict[str, list[object]] = {}
    for folder in folders:
        predictor = load_predictor(folder)
        found[predictor.version] = [one.as_json() for one in predictor.predict(articles)]
    return found


class Clients:
    """Connections that send one article after the other until they are told to stop.

    Once ``ending`` is set, a refused connection is the end of a client and no failure; a request
    that was sent and not answered stays one.
    """

    def __init__(self, port: int, articles: Sequence[Article], expected: Expected) -> None:
        self.tally = Tally()
        self.ending = False
        self._stopped = False
        self._port = port
        self._bodies = [body_of(article) for article in articles]
        self._expected = expected

    def stop(self) -> None:
        """Let every client end after the answer that it waits for."""
        self._stopped = True

    async def run(self, connections: int) -> None:
        """Send over so many connections at once."""
        await asyncio.gather(*(self._client(at) for at in range(connections)))

    async def _client(self, first: int) -> None:
        at = first
        while not self._stopped:
            try:
                reader, writer = await asyncio.open_connection(HOST, self._port)
            except OSError as error:
                if not self.ending:
                    self.tally.failed.append(f"no connection: {error}")
                return
            try:
                at = await self._use(reader, writer, at)
            finally:
                writer.close()

    async def _use(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: int
    ) -> int:
        """Send until the server closes the connection; the number of the next article."""
        while not self._stopped:
            body = self._bodies[at % len(self._bodies)]
            try:
                status, closes, answer = await _ask(reader, writer, body)
            except (OSError, EOFError, ValueError) as error:
                self.tally.failed.append(f"no answer: {type(error).__name__} {error}")
                return at + 1
            self._judge(at % len(self._bodies), status, answer)
            at += 1
            if closes:
                break
        return at

    def _judge(self, at: int, status: int, answer: bytes) -> None:
        if status == 503:
            self.tally.refused += 1
            return
        if status != 200:
            self.tally.failed.append(f"status {status}")
            return
        found = json.loads(answer)
        if self._expected[found["model"]][at] == found:
            self.tally.answers[found["model"]] += 1
        else:
            self.tally.wrong += 1


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes
) -> tuple[int, bool, bytes]:
    """Status, whether the connection ends, and body."""
    writer.write(
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
    answer = await reader.readexactly(length)
    return int(head.split(b" ", 2)[1]), b"connection: close" in head, answer
