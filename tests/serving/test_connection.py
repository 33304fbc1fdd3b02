"""A connection reads little at once, and ends when its client takes nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from uvicorn.server import ServerState

from serving.connection import Connection
from serving.server import Config
from serving.settings import Settings

DEADLINE = 0.4
KIB = 1024
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = GET.replace(b"Host", b"Connection: close\r\nHost")

Lines = list[dict[str, Any]]
Client = Callable[[socket.socket], Awaitable[Any]]


class App:
    """Answers every request with so many bytes, and notes how many bytes it got at once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.read: list[int] = []

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        while (message := await receive()).get("more_body"):
            assert message["type"] == "http.request"
        headers = [(b"content-length", str(self.size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for at in range(0, self.size, 64 * KIB):
            part = b"a" * min(64 * KIB, self.size - at)
            more = at + 64 * KIB < self.size
            await send({"type": "http.response.body", "body": part, "more_body": more})


def run(
    app: App, client: Client, monkeypatch: pytest.MonkeyPatch, kept: int | None = 4 * KIB
) -> Any:
    """What the client finds; the system keeps little of an answer, or what it does by itself."""
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda _: None)
    config = Config(Settings(store=Path(), deadline=DEADLINE), 1)
    config.app = app
    config.load()

    class Noting(Connection):
        def data_received(self, data: bytes) -> None:
            app.read.append(len(data))
            super().data_received(data)

    def made() -> Noting:
        return Noting(config=config, server_state=ServerState(), app_state={})

    async def serve() -> Any:
        listening = socket.create_server(("127.0.0.1", 0))
        if kept:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, kept)
        server = await asyncio.get_running_loop().create_server(made, sock=listening)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, listening.getsockname())
            try:
                return await client(connection)
            finally:
                server.close()

    return asyncio.run(serve())


async def rest(connection: socket.socket, pause: float = 0) -> bytes:
    """What comes until the end, read in parts of 16 KiB with pauses between."""
    found, loop = b"", asyncio.get_running_loop()
    try:
        while part := await loop.sock_recv(connection, 16 * KIB):
            found += part
            await asyncio.sleep(pause)
    except ConnectionResetError:
        pass
    return found


BAD = GET + b"\0\r\n\r\n"  # a request, and then what is none


@pytest.mark.parametrize(
    ("asked", "size"),
    [(GET, 1024 * KIB), (CLOSE, 1024 * KIB), (CLOSE, 60 * KIB), (BAD, 60 * KIB)],
    ids=["kept", "closed", "closed when all is written", "closed by uvicorn"],
)
def test_who_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, logged: Lines, asked: bytes, size: int
) -> None:
    async def client(connection: socket.socket) -> bytes:
        await asyncio.get_running_loop().sock_sendall(connection, asked)
        async with asyncio.timeout(30):
            while not logged:
                await asyncio.sleep(0.05)
        return await rest(connection)

    assert len(run(App(size), client, monkeypatch)) < size
    assert [line["event"] for line in logged] == ["a client took nothing of its answer"]


def test_who_takes_little_at_a_time_gets_all(
    monkeypatch: pytest.MonkeyPatch, logged: Lines
) -> None:
    async def client(connection: socket.socket) -> bytes:
        await asyncio.get_running_loop().sock_sendall(connection, CLOSE)
        return await rest(connection, DEADLINE / 10)

    size = 400 * KIB  # of which some 40 KiB are taken until a deadline
    head, _, body = run(App(size), client, monkeypatch).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(body) == size
    assert logged == []


def test_who_takes_little_of_what_the_system_keeps_is_not_cut_off(
    monkeypatch: pytest.MonkeyPatch, logged: Lines
) -> None:
    size = 32 * 1024 * KIB  # more than any system keeps

    async def client(connection: socket.socket) -> int:
        loop, found = asyncio.get_running_loop(), 0
        await loop.sock_sendall(connection, CLOSE)
        ends = loop.time() + 4 * DEADLINE
        while loop.time() < ends:
            found += len(await loop.sock_recv(connection, 16 * KIB))
            await asyncio.sleep(DEADLINE / 40)
        assert found < size / 4
        while part := await loop.sock_recv(connection, 1024 * KIB):
            found += len(part)
        return found

    assert run(App(size), client, monkeypatch, kept=None) > size
    assert logged == []


def test_little_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def client(connection: socket.socket) -> bytes:
        body = b"a" * 100 * KIB
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(connection, head % len(body) + body)
        return await rest(connection)

    app = App(5)
    assert run(app, client, monkeypatch).endswith(b"\r\n\r\naaaaa")
    assert sum(app.read) > 100 * KIB
    assert max(app.read) <= 16 * KIB
