"""Running the service: a port, and as many worker processes as asked for."""

from __future__ import annotations

import logging
import resource
import socket
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

from labels.errors import StateError
from serving.keys import read_keyring
from serving.live import Loaded, load
from serving.logs import noted
from serving.server import BACKLOG, Config, Server
from serving.settings import Settings
from serving.workers import run_workers

_log = logging.getLogger("newstag")


def run(settings: Settings, host: str, port: int, workers: int, *, open_to_all: bool) -> None:
    """Serve until told to stop.

    Without API keys only this machine is served, unless it is ``open_to_all``.

    Raises:
        StateError: the address cannot be bound, there is no model, or no key for an address that
            others can reach.
        VersionError: the model is refused.
    """
    closed = read_keyring(settings.keys) is not None
    if not (closed or open_to_all or _is_loopback(host)):
        what = "no API keys, and others could reach this address"
        fix = "Make a key: newstag keys add NAME --scope predict; or give --without-keys"
        raise StateError(host, what, fix)
    _open_files()
    loaded = load(settings)
    settings = replace(settings, fallback=loaded.folder, closed=closed)
    listening = _bind(host, port)
    config = Config(settings, workers)
    _log.info("serving", extra=noted(**_described(listening, loaded, workers, closed=closed)))
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a person ends it
        if workers == 1:
            Server(config, loaded).run([listening])
        else:
            run_workers(config, listening)


def _described(
    listening: socket.socket, loaded: Loaded, workers: int, *, closed: bool
) -> dict[str, object]:
    host, port = listening.getsockname()[:2]
    return {
        "url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
        "model": loaded.manifest.version,
        "workers": workers,
        "keys": "required" if closed else "none: whoever reaches this address may ask",
    }


def _open_files() -> None:
    """Allow as many open files, and so connections, as the system lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems say "unlimited" and mean less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; a name counts as far as it is localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    """Listen already, so that a taken port is told before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not see that it is and leaves Nagle's delay of 40 ms on.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, TypeError) as error:  # the latter for a name that has no form in ASCII
        listening.close()
        reason = str(getattr(error, "strerror", "not a name"))
        reason = reason.split(" (", maxsplit=1)[0]  # without the address, told already
        what = f"cannot be bound ({reason})"
        raise StateError(f"{host}:{port}", what, "Choose another --host or --port") from error
    listening.setblocking(False)
    return listening
