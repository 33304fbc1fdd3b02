"""Answering: whether the scheduler and the workers of a cluster do, and have this newstag."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from labels.errors import NewstagError, StateError

_ANSWER = 10.0  # seconds for a worker to say which newstag it has
_LONGEST = 1 << 20  # bytes of a greeting; what begins with a larger number is no scheduler's


def refuse_other_servers(address: str, wait: float) -> None:
    """A scheduler greets first; to wait for a server that does not would take a minute.

    Raises:
        OSError: nobody is there, or nobody who greets like that.
        ValueError: an address without a port that is a number.
    """
    place = urlsplit(address)
    if place.scheme != "tcp" or place.hostname is None or place.port is None:
        return
    with socket.create_connection((place.hostname, place.port), timeout=wait) as connection:
        greeting = connection.recv(8, socket.MSG_WAITALL)
    if len(greeting) < 8 or int.from_bytes(greeting, "little") > _LONGEST:
        raise OSError("another kind of server")


def refuse_workers(client: Any, address: str, wait: float) -> None:
    """Workers that came while a cluster was waited for.

    Raises:
        StateError: there is none, or one does not answer or has another newstag.
    """
    try:
        client.wait_for_workers(1, timeout=wait)
    except TimeoutError as error:
        fix = f"Start one, for instance: dask worker {address} --nthreads 1"
        raise StateError(address, "its scheduler has no worker", fix) from error
    ours = version("newstag")
    for worker, theirs in sorted(client.sync(_asked, client).items()):
        if isinstance(theirs, TimeoutError):
            fix = "Look whether it hangs, and end it or start it anew"
            raise StateError(worker, "a worker that does not answer", fix) from theirs
        if isinstance(theirs, OSError):  # it is gone by now
            continue
        if isinstance(theirs, Exception):
            fix = "Look into its log, and start it anew"
            raise StateError(worker, f"a worker that fails ({said(theirs)})", fix) from theirs
        if theirs != ours:
            raise unlike(worker, theirs, ours)


def unlike(worker: str, theirs: str, ours: str) -> StateError:
    """The error that a worker with another newstag is."""
    has = f"newstag {theirs}" if theirs else "no newstag"
    fix = f"Install newstag {ours} there, and start it anew"
    return StateError(worker, f"a worker with {has}", fix)


async def _asked(client: Any) -> dict[str, str | Exception]:
    """What each worker says of its newstag, or why it says nothing."""
    installed = _installed()

    async def ask(worker: str) -> str | Exception:
        try:
            call = client.run(installed, workers=[worker], on_error="return")
            found: dict[str, str | Exception] = await asyncio.wait_for(call, _ANSWER)
        except Exception as error:  # noqa: BLE001 - told of by whoever asks
            return error
        return found.get(worker, OSError("gone"))

    workers = list(await client.ncores())
    return dict(zip(workers, await asyncio.gather(*map(ask, workers)), strict=True))


def _installed() -> Callable[[], str]:
    """What a worker can run without newstag: a function that travels as it is, without its name."""

    def installed() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("newstag")
        except PackageNotFoundError:
            return ""

    return installed


def said(error: Any) -> str:
    """What an error of Dask's says, in a line."""
    if type(error).__name__ == "KilledWorker":
        return "every worker that tried it died, for want of memory it may be"
    text = " ".join(str(error).split()) or "nothing more is known"
    return text if isinstance(error, NewstagError) else f"{type(error).__name__}: {text}"
