"""What is checked before a port answers, and who is let in; nothing really runs here."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from uvicorn.supervisors import multiprocess

from labels.errors import StateError, VersionError
from models.store import Store
from serving.edge import Edge
from serving.keys import KeyFile
from serving.live import Loaded
from serving.logs import CONFIG
from serving.metrics import FOLDER
from serving.run import _bind, run
from serving.server import Config, Server
from serving.settings import Settings
from serving.workers import Worker, Workers

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing answers there

Lines = list[dict[str, Any]]


class Started:
    """What was made to run, with the sockets that it was given."""

    def __init__(self) -> None:
        self.config: Config | None = None
        self.loaded: Loaded | None = None
        self.sockets: list[socket.socket] = []
        self.folder: Path | None = None

    @property
    def settings(self) -> Settings:
        assert self.config is not None
        return self.config.settings

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.sockets[0].getsockname()[:2]
        return host, port


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """What would run; logging, the environment and uvicorn are as before in the end."""
    found = Started()

    class OneProcess:
        def __init__(self, config: Config, loaded: Loaded) -> None:
            found.config, found.loaded = config, loaded

        def run(self, sockets: list[socket.socket]) -> None:
            found.sockets = sockets

    class SeveralProcesses:
        processes: ClassVar[list[Worker]] = []

        def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
            found.config, found.sockets = config, sockets

        def run(self) -> None:
            found.folder = Path(os.environ[FOLDER])
            assert found.folder.is_dir()

    monkeypatch.setattr("serving.run.Server", OneProcess)
    monkeypatch.setattr("serving.workers.Workers", SeveralProcesses)
    monkeypatch.setattr(multiprocess, "Process", multiprocess.Process)
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda _: None)
    yield found
    for one in found.sockets:
        one.close()


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Settings:
    """A store of one's own, without keys."""
    (tmp_path / "store").mkdir()
    champion = Store(trained).resolve()
    (tmp_path / "store" / champion.name).symlink_to(champion)
    (tmp_path / "store" / "champion").write_text(f"{champion.name}\n")
    return Settings(store=tmp_path / "store")


def start(settings: Settings, host: str = "127.0.0.1", workers: int = 1, **more: bool) -> None:
    run(settings, host, 0, workers, **{"open_to_all": False, **more})


# Who could reach it


@pytest.mark.parametrize(
    "host",
    [
        ANYWHERE,
        "::",
        "192.0.2.1",
        "10.0.0.1",
        "2001:db8::1",
        "example.org",
        "",
        "0",
        "localhost.x",
    ],
)
def test_without_keys_only_this_machine_is_served(
    own: Settings, started: Started, host: str
) -> None:
    with pytest.raises(StateError) as caught:
        start(own, host)
    assert str(caught.value) == (
        f"{host}: no API keys, and others could reach this address. Make a key: newstag keys add "
        "NAME --scope predict; or give --without-keys."
    )
    assert started.config is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_keys_this_machine_is_served(own: Settings, started: Started, host: str) -> None:
    start(own, host)
    assert started.address[0] == {"localhost": "127.0.0.1"}.get(host, host)


@pytest.mark.parametrize("host", [ANYWHERE, "::"])
def test_with_keys_others_are_served_too(own: Settings, started: Started, host: str) -> None:
    KeyFile(own.keys).add("desk", ["predict"])
    start(own, host)
    assert started.address[0] == host


def test_with_revoked_keys_others_may_come_and_are_refused(own: Settings, started: Started) -> None:
    KeyFile(own.keys).add("desk", ["predict"])
    KeyFile(own.keys).revoke("desk")
    start(own, ANYWHERE)
    assert started.address[0] == ANYWHERE


def test_without_keys_others_are_served_if_that_is_asked_for(
    own: Settings, started: Started
) -> None:
    start(own, ANYWHERE, open_to_all=True)
    assert started.address[0] == ANYWHERE


def test_damaged_keys_open_no_port(own: Settings, started: Started) -> None:
    own.keys.write_text("{")
    with pytest.raises(StateError) as caught:
        start(own, open_to_all=True)
    assert str(caught.value).startswith(f"{own.keys}: a damaged file of keys. ")
    assert started.config is None


# What else opens no port


def test_no_port_is_opened_without_a_model(tmp_path: Path, started: Started) -> None:
    with pytest.raises(StateError) as caught:
        start(Settings(store=tmp_path))
    assert str(caught.value) == f"{tmp_path}: no model version yet. Run: newstag train."
    assert started.config is None


@pytest.mark.parametrize("workers", [1, 2])
def test_no_port_is_opened_with_a_damaged_model(
    version: Path, started: Started, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("serving.run._bind", None)
    (version / "weights.npy").write_bytes(b"")
    with pytest.raises(VersionError) as caught:
        start(Settings(store=version.parent), workers=workers)
    assert str(caught.value).startswith(f"{version / 'weights.npy'}: an altered file: ")
    assert started.config is None


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", "INET"), ("::1", "INET6")])
def test_a_taken_port_is_told_before_anything_starts(
    own: Settings, started: Started, host: str, family: str
) -> None:
    with socket.create_server((host, 0), family=getattr(socket, f"AF_{family}")) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StateError) as caught:
            run(own, host, port, 1, open_to_all=False)
    assert str(caught.value) == (
        f"{host}:{port}: cannot be bound (Address already in use). Choose another --host or --port."
    )
    assert started.config is None


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "nowhere.invalid", "a..b", "号" * 80, "a" * 80], ids=range(5)
)
def test_an_address_that_this_machine_does_not_have_is_told(
    own: Settings, started: Started, host: str
) -> None:
    with pytest.raises(StateError) as caught:
        start(own, host, open_to_all=True)
    assert str(caught.value).startswith(f"{host}:0: cannot be bound (")
    assert str(caught.value).endswith("). Choose another --host or --port.")
    assert started.config is None


# What runs


def test_one_worker_answers_with_the_model_that_was_checked(
    own: Settings, started: Started, trained: Path
) -> None:
    start(own)
    assert started.loaded is not None
    assert started.loaded.manifest.version == Store(trained).champion()
    assert started.settings == replace(own, fallback=Store(trained).resolve())
    assert started.folder is None


def test_several_workers_share_settings_port_and_counts(
    own: Settings, started: Started, trained: Path
) -> None:
    start(own, workers=3)
    assert started.config is not None
    assert started.config.workers == 3
    assert started.settings == replace(own, fallback=Store(trained).resolve())
    assert len(started.sockets) == 1
    assert multiprocess.Process is Worker
    assert started.folder is not None
    assert not started.folder.exists()
    assert FOLDER not in os.environ


def test_the_folder_of_counts_goes_when_running_fails(
    own: Settings, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[str] = []

    def fail(_: object) -> None:
        folders.append(os.environ[FOLDER])
        raise RuntimeError

    monkeypatch.setattr("serving.workers.Workers.run", fail)
    with pytest.raises(RuntimeError):
        start(own, workers=2)
    assert not Path(folders[0]).exists()
    assert FOLDER not in os.environ
    assert started.config is not None


def test_a_worker_process_gets_its_settings_as_they_are(own: Settings, started: Started) -> None:
    start(own, workers=2)
    assert pickle.loads(pickle.dumps(started.config)).settings == started.settings  # noqa: S301 - ours


def test_uvicorn_tells_neither_itself_nor_requests(own: Settings, started: Started) -> None:
    start(own)
    config = started.config
    assert config is not None
    assert (config.access_log, config.server_header) == (False, False)
    assert (config.timeout_keep_alive, config.backlog) == (75, 256)
    assert config.log_config == CONFIG


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_where_it_serves_is_logged(
    own: Settings, started: Started, logged: Lines, host: str, url: str
) -> None:
    start(own, host, workers=2)
    assert [{**line, "time": ""} for line in logged] == [
        {
            "time": "",
            "level": "info",
            "event": "serving",
            "url": f"http://{url}:{started.address[1]}",
            "model": (own.store / "champion").read_text().strip(),
            "workers": 2,
            "keys": "none: whoever reaches this address may ask",
        }
    ]


def test_that_keys_are_required_is_logged(own: Settings, started: Started, logged: Lines) -> None:
    KeyFile(own.keys).add("desk", ["predict"])
    start(own)
    assert [(line["keys"], line["workers"]) for line in logged] == [("required", 1)]
    assert started.config is not None


# Stopping


@pytest.fixture
def server(own: Settings, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that has started, as far as it knows."""
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda _: None)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_: None)
    found = Server(Config(replace(own, drain=5.0), 1), loaded)
    found.run()
    found.started = True
    return found


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    time = [1000.0]
    monkeypatch.setattr("serving.server.monotonic", lambda: time[0])
    return time


def drains(server: Server) -> bool:
    app = server.config.app
    assert isinstance(app, Edge)
    return app.service.live.draining


def test_told_to_stop_it_goes_on_for_a_while(
    server: Server, now: list[float], logged: Lines
) -> None:
    server.handle_exit(signal.SIGTERM, None)
    assert (drains(server), server.should_exit) == (True, False)
    assert logged == []  # a signal may interrupt somebody who writes the log
    now[0] = 1004.9
    assert not asyncio.run(server.on_tick(1))
    assert not asyncio.run(server.on_tick(1))
    assert [(line["event"], line["seconds"]) for line in logged] == [("draining", 5.0)]
    now[0] = 1005.0
    assert asyncio.run(server.on_tick(2))
    assert (server.should_exit, server.force_exit) == (True, False)


def test_told_twice_it_waits_no_longer(server: Server, now: list[float]) -> None:
    server.handle_exit(signal.SIGTERM, None)
    now[0] = 1001.0
    server.handle_exit(signal.SIGTERM, None)
    assert (server.should_exit, server.force_exit) == (True, False)


def test_told_by_its_parent_and_by_the_system_at_once_it_is_told_once(
    server: Server, now: list[float]
) -> None:
    server.handle_exit(signal.SIGTERM, None)
    now[0] = 1000.9
    server.handle_exit(signal.SIGTERM, None)
    assert (drains(server), server.should_exit) == (True, False)


def test_interrupted_it_does_not_wait(server: Server) -> None:
    server.handle_exit(signal.SIGINT, None)
    assert (server.should_exit, drains(server)) == (True, False)


def test_told_to_stop_before_it_has_started_it_does_not_wait(server: Server) -> None:
    server.started = False
    server.handle_exit(signal.SIGTERM, None)
    assert (server.should_exit, drains(server)) == (True, False)


def test_without_a_time_to_drain_it_does_not_wait(
    own: Settings, loaded: Loaded, server: Server
) -> None:
    at_once = Server(Config(replace(own, drain=0.0), 1), loaded)
    at_once.run()
    at_once.started = server.started
    at_once.handle_exit(signal.SIGTERM, None)
    assert (at_once.should_exit, drains(at_once)) == (True, False)


def test_a_worker_makes_one_server_of_ours(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda _: None)
    worker = Worker(Config(own, 2), [])
    assert isinstance(worker.server, Server)
    assert worker.server is worker.server
    assert logging.getLogger("newstag").propagate


def test_what_waits_at_the_very_end_is_taken(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing the port would reset the connections that nobody has accepted yet."""
    taken: list[asyncio.BaseTransport] = []

    class Taking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken.append(transport)

    monkeypatch.setattr(server, "_protocol", Taking)
    monkeypatch.setattr("serving.server._LAST_ANSWERS", 0)
    listening = _bind("127.0.0.1", 0)
    server.servers = []

    async def end() -> None:
        clients = [socket.create_connection(listening.getsockname()) for _ in range(3)]
        await server._take_the_last([listening])
        await asyncio.sleep(0)
        for transport in taken:
            transport.close()
        for client in clients:
            client.close()
        await asyncio.sleep(0)

    asyncio.run(end())
    listening.close()
    assert len(taken) == 3


def workers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """A parent without workers, which leaves the signals of the process alone."""
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return Workers(Config(settings, 2), [_bind("127.0.0.1", 0)])


def test_workers_that_are_told_to_stop_leave_no_port_open(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workers(own, monkeypatch)
    address = found.sockets[0].getsockname()
    found.terminate_all()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_a_worker_that_is_started_again_knows_that_there_were_keys(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workers(own, monkeypatch)
    found.keep_subprocess_alive()
    assert not found.config.settings.closed
    KeyFile(own.keys).add("desk", ["predict"])
    found.keep_subprocess_alive()
    own.keys.unlink()
    found.keep_subprocess_alive()
    assert found.config.settings == replace(own, closed=True)
    found.terminate_all()


class Ended:
    """A worker that has ended, or will when it is told to."""

    def __init__(self, parent: Workers, *, living: bool, code: int | None = None) -> None:
        self.pid, self.exitcode, self.process = 77, code, self
        self.told: list[int] = []
        self._parent, self._living = parent, living

    def is_alive(self) -> bool:
        return self._living and len(self.told) < 2

    def terminate(self) -> None:
        self.told.append(signal.SIGTERM)

    def join(self, _: float | None = None) -> None:
        self._parent.signal_queue.append(signal.SIGTERM)  # of an impatient operator


def test_a_second_signal_to_the_parent_reaches_its_workers(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workers(own, monkeypatch)
    living, ended = Ended(found, living=True), Ended(found, living=False)
    found.processes = [ended, living]  # type: ignore[list-item] # they do what is asked of them
    found.join_all()
    assert (living.told, ended.told) == ([signal.SIGTERM] * 2, [])
    found.sockets[0].close()


def test_a_worker_that_is_replaced_is_told_of(
    own: Settings, monkeypatch: pytest.MonkeyPatch, logged: Lines, tmp_path: Path
) -> None:
    counts = tmp_path / "counter_77.db"
    counts.write_bytes((16).to_bytes(4, sys.byteorder) + bytes(1000))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    found = workers(own, monkeypatch)
    kept, ended, new = (Ended(found, living=True, code=code) for code in (None, -9, None))
    found.processes = [kept, ended]  # type: ignore[list-item] # as above

    def replaced(parent: Workers) -> None:
        parent.processes[1] = new  # type: ignore[call-overload] # as above

    monkeypatch.setattr(multiprocess.Multiprocess, "keep_subprocess_alive", lambda _: None)
    found.keep_subprocess_alive()
    assert logged == []
    monkeypatch.setattr(multiprocess.Multiprocess, "keep_subprocess_alive", replaced)
    found.keep_subprocess_alive()
    assert [(line["event"], line["process"], line["code"]) for line in logged] == [
        ("a worker ended; another one takes its place", 77, -9)
    ]
    assert counts.stat().st_size == 16
    found.sockets[0].close()


def test_a_worker_that_a_signal_ends_gives_room_back(
    own: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = [tmp_path / f"counter_{process}.db" for process in (77, 78)]
    for path in files:
        path.write_bytes((16).to_bytes(4, sys.byteorder) + bytes(1000))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    found = workers(own, monkeypatch)
    kept, ended = (Ended(found, living=True, code=None) for _ in range(2))
    kept.pid = 78
    found.processes = [kept, ended]  # type: ignore[list-item] # as above

    def ends_one(parent: Workers) -> None:
        parent.processes.pop()

    monkeypatch.setattr(multiprocess.Multiprocess, "handle_signals", ends_one)
    found.handle_signals()
    assert [path.stat().st_size for path in files] == [16, 1004]
    found.sockets[0].close()


@pytest.mark.parametrize("started", [False, True])
def test_a_worker_whose_parent_is_no_more_stops(
    server: Server, monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    class Gone:
        def is_alive(self) -> bool:
            return False

    async def startup(*_: object) -> None:
        await asyncio.sleep(0.01)

    monkeypatch.setattr("serving.server.multiprocessing.parent_process", Gone)
    monkeypatch.setattr("uvicorn.Server.startup", startup)
    server.started = started
    asyncio.run(server.startup())
    app = server.config.app
    assert isinstance(app, Edge)
    assert (drains(server), app.service.live.ending) == (started, not started)
    server._told = server._told and server._told - 2
    asyncio.run(server.startup())  # it drains on, if it does
    assert server.should_exit is not started


def test_told_to_stop_a_worker_without_a_model_waits_for_none(server: Server) -> None:
    server.started = False
    server.handle_exit(signal.SIGTERM, None)
    app = server.config.app
    assert isinstance(app, Edge)
    assert app.service.live.ending
