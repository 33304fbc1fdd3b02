"""Access: who may ask for which path."""

from __future__ import annotations

import logging
from base64 import b64decode
from contextlib import suppress
from pathlib import Path

from labels.errors import NewstagError
from serving.exchange import Exchange
from serving.keys import Keyring, read_keyring
from serving.logs import noted
from serving.problems import Refused
from serving.rendering import ASSETS, PAGES

# Probes, and what says nothing but how to ask.
OPEN = frozenset({"/healthz", "/readyz", "/ping", "/version", "/docs", "/openapi.json", *ASSETS})
_SCOPES = {"/metrics": "metrics"}
_BEARER = b"bearer"
_BASIC = b"basic"

_log = logging.getLogger("newstag")


class Access:
    """The keys that a store has; without a file of keys, everybody may ask for everything.

    The file is read again when it changes. One that cannot be read, or is gone, changes nothing:
    what was closed stays closed.
    """

    def __init__(self, path: Path, *, closed: bool = False) -> None:
        self._path = path
        self._seen: object = ...  # unlike any mark, also that of no file
        self._complaint = ""
        # Of a service that began with keys: nobody is let in until they are read.
        self._keyring = Keyring(()) if closed else None

    @property
    def closed(self) -> bool:
        """Whether a key is needed."""
        return self._keyring is not None

    def start(self) -> None:
        """Read the keys.

        Raises:
            NewstagError: they cannot be read, and nobody would know who may ask.
        """
        if self.closed:
            self.look()
            return
        self._seen = self._mark()
        self._keyring = read_keyring(self._path)

    def look(self) -> None:
        """Read the keys again if their file has changed.

        A file that cannot be read is complained of once, and read again at every look: it may
        hold a revocation.
        """
        seen = self._mark()
        if seen == self._seen:
            self._complaint = ""
            return
        try:
            found = read_keyring(self._path)
        except NewstagError as error:
            self._complain(str(error))
            return
        if found is None and self.closed:
            held = "the keys that were read last stay in force"
            if self._seen is ...:
                held = "nobody is let in until it is back"
            self._complain(f"{self._path}: gone; {held}")
            return
        self._seen, self._keyring, self._complaint = seen, found, ""

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            _log.error("keys refused", extra=noted(reason=reason))

    def _mark(self) -> object:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return error.errno
        # The time of the inode changes with mode and owner too: who may read it may differ.
        return found.st_ctime_ns, found.st_mtime_ns, found.st_ino, found.st_size

    def check(self, exchange: Exchange, path: str, authorization: bytes) -> None:
        """Let a request pass, and note whose key it carries.

        Raises:
            Refused: no key, an unknown or revoked one, or one without the scope for this path.
        """
        if self._keyring is None or path in OPEN:
            return
        token = _token(authorization, path)
        held = self._keyring.find(token) if token is not None else None
        if held is None:
            raise Refused("no_key")
        exchange.key = held.name
        if not held.allows(_SCOPES.get(path, "predict")):
            raise Refused("not_in_scope")


def _token(authorization: bytes, path: str) -> bytes | None:
    """The key that a request brings; to a page a browser can bring it as a password (RFC 7617)."""
    scheme, _, given = authorization.partition(b" ")
    if scheme.lower() == _BEARER:
        return given.strip()
    if scheme.lower() == _BASIC and path in PAGES:
        with suppress(ValueError):
            return b64decode(given.strip(), validate=True).partition(b":")[2].strip()
    return None
