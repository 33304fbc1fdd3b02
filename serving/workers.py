"""Workers: processes that serve on the same port, and their parent."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from labels.errors import StateError
from serving.logs import noted
from serving.metrics import FOLDER, cut_ended
from serving.server import Config, Server

_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})
_WAIT = 0.2  # seconds between two looks for a signal

_log = logging.getLogger("newstag")


class Worker(multiprocess.Process):
    """uvicorn's worker process, with our server in it."""

    config: Config

    @property
    def server(self) -> Server:
        """The server, made in the process that runs it."""
        if not isinstance(self._server, Server):
            self._server = Server(self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """uvicorn's parent of workers, which keeps what a worker cannot know that is started again.

    Once there was a file of keys the service stays closed, whatever becomes of the file.
    """

    config: Config

    def keep_subprocess_alive(self) -> None:
        """Look whether there are keys by now, then start workers again that have ended."""
        settings = self.config.settings
        if not settings.closed and os.path.lexists(settings.keys):
            self.config.settings = replace(settings, closed=True)
        for old in self._ended_by(super().keep_subprocess_alive):
            ended = noted(process=old.pid, code=old.exitcode)
            _log.error("a worker ended; another one takes its place", extra=ended)

    def handle_signals(self) -> None:
        """Do what signals ask for; workers that it ended keep no more room than they fill."""
        self._ended_by(super().handle_signals)

    def _ended_by(self, act: Callable[[], None]) -> list[multiprocess.Process]:
        """The workers that are gone afterwards; what they counted stays."""
        before = list(self.processes)
        act()
        ended = [one for one in before if one not in self.processes]
        for one in ended:
            cut_ended(one.pid or 0)
        return ended

    def terminate_all(self) -> None:
        """Tell every worker to stop, and let go of the port.

        Otherwise connections would be taken that nobody answers, for as long as a worker drains.
        """
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for all workers to end; who is told to stop once more tells them once more."""
        self.signal_queue.clear()
        while living := [one for one in self.processes if one.process.is_alive()]:
            if self.signal_queue and self.signal_queue.pop() in _ENDING:
                for worker in living:
                    worker.process.terminate()
            living[0].process.join(_WAIT)
        super().join_all()


def run_workers(config: Config, listening: socket.socket) -> None:
    """Serve by as many processes as the settings say, until told to stop.

    Raises:
        StateError: one of them could not start.
    """
    # Where whoever started this ignores the end of children, ended workers would seem to live.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    multiprocess.Process = Worker  # type: ignore[misc] # no other way to hand it a kind of worker
    workers = Workers(config, [listening])
    with _shared_counts():
        workers.run()
    if any(one.exitcode == STARTUP_FAILURE for one in workers.processes):
        raise StateError("newstag serve", "a worker could not start", "See its log lines above")


@contextmanager
def _shared_counts() -> Iterator[None]:
    """A folder where workers keep their counts, so that each can show those of all."""
    with tempfile.TemporaryDirectory(prefix="newstag-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]
