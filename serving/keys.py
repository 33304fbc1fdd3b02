"""Keys: what clients of the service show, and what each of them opens."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any

from labels.errors import InputError, StateError
from models.files import locked, write_whole

SCOPES: tuple[str, ...] = ("predict", "metrics", "admin")
FORMAT = 1
NAME = "keys.json"  # within the store

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ID = re.compile(r"[0-9a-f]{8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LENGTH = len("newstag_") + 8 + len("_") + 43  # of a token, in bytes
_ALLOWED = ", ".join(SCOPES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """``created`` and ``revoked`` are UTC, ISO 8601; a live key was not revoked.

    ``digest`` is the hexadecimal SHA-256 of the whole token. ``id`` is the part of the token
    that is no secret: by it a token that turned up somewhere is found in the list.
    """

    name: str
    scopes: frozenset[str]
    created: str
    revoked: str | None
    digest: str = field(repr=False)
    id: str = ""

    def allows(self, scope: str) -> bool:
        """Whether the key opens what needs ``scope``; admin opens metrics, but not predict."""
        opened = scope in self.scopes or (scope == "metrics" and "admin" in self.scopes)
        return opened and self.revoked is None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that a server checks against. Without a live one it lets nobody in."""

    keys: tuple[Key, ...]

    def find(self, token: bytes) -> Key | None:
        """The live key of this token; None for any other bytes.

        It meets every key whatever it finds, so that its time tells nothing of them.
        """
        if len(token) != _LENGTH:  # which is no secret, and saves hashing a megabyte
            return None
        # Fast on purpose: a slow hash protects what people choose, and nobody guesses 256
        # random bits from their digest.
        digest = sha256(token).hexdigest()
        found = None
        for key in self.keys:
            if compare_digest(key.digest, digest) and key.revoked is None:
                found = key
        return found


def read_keyring(path: Path) -> Keyring | None:
    """The keys of the file; None where there is no file.

    Raises:
        StateError: there is one, and it is damaged, not readable or of another format.
    """
    keys = _read(path)
    return None if keys is None else Keyring(tuple(keys))


class KeyFile:
    """Keys in a JSON file that only its owner reads.

    Revoked ones stay in it: the names remain known, and a service whose last key was revoked
    stays closed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keys(self) -> list[Key]:
        """Every key, the oldest first; none where there is no file.

        Raises:
            StateError: the file is damaged, not readable or of another format.
        """
        return _read(self.path) or []

    def add(self, name: str, scopes: Collection[str]) -> str:
        """Make a key and give its token, which is kept nowhere.

        Raises:
            InputError: not a name, no scope, or one that there is not.
            StateError: a live key has the name, or the file cannot be read or written.
        """
        _check_name(name)
        _check_scopes(scopes)
        identity = secrets.token_hex(4)
        token = f"newstag_{identity}_{secrets.token_urlsafe(32)}"
        with self._changing() as keys:
            if any(key.name == name and key.revoked is None for key in keys):
                fix = "Revoke it first, or choose another name"
                raise StateError(str(self.path), f"a live key has the name '{name}'", fix)
            key = Key(
                name=name,
                scopes=frozenset(scopes),
                created=_now(),
                revoked=None,
                digest=sha256(token.encode()).hexdigest(),
                id=identity,
            )
            keys.append(key)
        return token

    def revoke(self, name: str) -> Key:
        """Close the service to the live key of this name.

        Raises:
            InputError: not a name.
            StateError: no key has it, its key is revoked already, or the file cannot be read
                or written.
        """
        _check_name(name)
        self._live(name, self.keys())  # before a lock file is made for nothing
        with self._changing() as keys:
            key = self._live(name, keys)
            revoked = replace(key, revoked=_now())
            keys[keys.index(key)] = revoked
        return revoked

    def _live(self, name: str, keys: Sequence[Key]) -> Key:
        named = [key for key in keys if key.name == name]
        if not named:
            raise StateError(str(self.path), f"no key '{name}'", "See: newstag keys list")
        for key in named:
            if key.revoked is None:
                return key
        what = f"the key '{name}' is revoked already, since {named[-1].revoked}"
        raise StateError(str(self.path), what, "Nothing is to be done")

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, for one process at a time; what became of them is written at the end."""
        self.keys()  # what cannot be read is told before anything is made
        target = self.path.resolve()  # through links: what they point at is replaced
        try:
            with locked(target.with_name(f".{target.name}.lock")):
                keys = self.keys()
                yield keys
                write_whole(target, _as_json(keys), mode=0o600)
        except OSError as error:
            what = f"not writable ({error.strerror or type(error).__name__})"
            fix = "Give a folder that you may write, on a disk with space, with --store"
            raise StateError(str(self.path), what, fix) from error


def _check_name(name: str) -> None:
    """Refuse what is no name, without repeating it: it could be a token, given by mistake."""
    if not _NAME.fullmatch(name):
        fix = "Use 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
        raise InputError("name", "not a name for a key", fix)


def _check_scopes(scopes: Collection[str]) -> None:
    if not scopes:
        raise InputError("scope", "none given", f"Use one or more of: {_ALLOWED}")
    for scope in scopes:
        if scope not in SCOPES:
            raise InputError("scope", f"no scope '{scope}'", f"Use one or more of: {_ALLOWED}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _as_json(keys: Sequence[Key]) -> bytes:
    rows = [{**asdict(key), "scopes": sorted(key.scopes)} for key in keys]
    return json.dumps({"format": FORMAT, "keys": rows}, indent=1).encode() + b"\n"


def _read(path: Path) -> list[Key] | None:
    """The keys of the file; None where there is none.

    A link to nothing is an error: a disk that was not mounted must not open the service.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        if not path.is_symlink():
            return None
        fix = "Put back what it points at, or remove it"
        raise StateError(str(path), "a link to nothing", fix) from error
    except OSError as error:
        fix = "Let the user who runs newstag read it, or give another --store"
        raise StateError(str(path), f"not readable ({error.strerror})", fix) from error
    try:
        raw = json.loads(data)
        _check_format(path, raw["format"])
        return _distinct([_key(row) for row in raw["keys"]])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        fix = "Restore it from a backup, or delete it and make new keys"
        raise StateError(str(path), "a damaged file of keys", fix) from error


def _check_format(path: Path, found: object) -> None:
    if isinstance(found, int) and found != FORMAT:
        what = f"format {found}, and this newstag reads format {FORMAT}"
        fix = "Use the newstag that wrote it, or delete it and make new keys"
        raise StateError(str(path), what, fix)
    if found != FORMAT:
        raise ValueError


def _key(row: Any) -> Key:
    key = Key(**{**row, "scopes": frozenset(row["scopes"])})
    datetime.fromisoformat(key.created)
    if key.revoked is not None:
        datetime.fromisoformat(key.revoked)
    whole = _NAME.fullmatch(key.name) and _ID.fullmatch(key.id) and _DIGEST.fullmatch(key.digest)
    if not whole or not key.scopes or not key.scopes <= set(SCOPES):
        raise ValueError
    return key


def _distinct(keys: list[Key]) -> list[Key]:
    """The same keys. Of two that are alike, revoking would leave one open."""
    live = [key.name for key in keys if key.revoked is None]
    if len(set(live)) < len(live) or len({key.digest for key in keys}) < len(keys):
        raise ValueError
    return keys
