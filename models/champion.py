"""The champion: a pointer to the version that is live, beside the ledger of how it came there."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from labels.errors import StateError
from models.files import locked, writable, write_whole
from models.ledger import Action, Entry, append_entry, read_ledger
from models.manifest import VERSION_ID

_LOST = "the pointer named it, and the ledger did not"


class Champion:
    """``root/champion`` is what is live, ``root/ledger.jsonl`` how it came there.

    The ledger is written first, both under ``root/.lock``. A kill between the two leaves a change
    that is promised and not yet live; whoever changes something next finishes it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pointer = root / "champion"
        self._ledger = root / "ledger.jsonl"

    def name(self) -> str | None:
        """The id of the live version, or None where there is none."""
        pointed = self._pointed()
        if pointed is not None and not VERSION_ID.fullmatch(pointed):
            fix = "Use: newstag models promote REF"
            raise StateError(str(self._pointer), "names no version", fix)
        return pointed

    def history(self) -> list[Entry]:
        """Every change, the oldest first."""
        return read_ledger(self._ledger)

    def known(self) -> str | None:
        """As ``name``, but None for a damaged pointer, which promoting replaces."""
        pointed = self._pointed() or ""
        return pointed if VERSION_ID.fullmatch(pointed) else None

    def never(self) -> bool:
        """Whether there never was one; a damaged pointer says that there was."""
        return self._pointed() is None and not self.history()

    def unfinished(self) -> str | None:
        """In words, the change that a kill broke off; None where pointer and ledger agree."""
        lack = self._lack()
        if lack is None:
            return None
        file, version = lack
        return f"the change of champion to {version} is unfinished: the {file} does not name it"

    @contextmanager
    def changing(self) -> Iterator[bool]:
        """Hold the lock with pointer and ledger in agreement; whether they had to be mended."""
        with writable(self._root), locked(self._root / ".lock"):
            lack = self._lack()
            if lack is not None:
                self._mend(*lack)
            yield lack is not None

    def point(self, version: str, action: Action, why: str, verdict: str = "") -> Entry:
        """Write the ledger, then the pointer; to be called while ``changing``."""
        entry = self._tell(version, action, self.known(), why, verdict)
        self._write(version)
        return entry

    def _lack(self) -> tuple[Literal["ledger", "pointer"], str] | None:
        """Which of the two does not name the champion that the other names.

        A kill leaves a pointer that is one behind, or none yet. One that names another version
        of the store was not left by a kill: lines of the ledger were lost, in a restored backup
        perhaps, and what is live stays live. Where neither holds, nothing can be concluded.
        """
        history, pointed = self.history(), self._pointed() or ""
        last = history[-1] if history else None
        if last and last.after == pointed:
            return None
        if self._is_held(pointed) and not (last and last.before == pointed):
            return "ledger", pointed
        if last and VERSION_ID.fullmatch(last.after):
            return "pointer", last.after
        return None

    def _mend(self, file: Literal["ledger", "pointer"], version: str) -> None:
        if file == "pointer":
            self._write(version)
            return
        history = self.history()
        self._tell(version, "mend", history[-1].after if history else None, _LOST, "")

    def _tell(
        self, version: str, action: Action, before: str | None, why: str, verdict: str
    ) -> Entry:
        entry = Entry(
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            by=_user(),
            action=action,
            before=before,
            after=version,
            why=why,
            verdict=verdict,
        )
        append_entry(self._ledger, entry)
        return entry

    def _write(self, version: str) -> None:
        write_whole(self._pointer, f"{version}\n".encode())

    def _is_held(self, version: str) -> bool:
        return bool(VERSION_ID.fullmatch(version)) and (self._root / version).is_dir()

    def _pointed(self) -> str | None:
        try:
            return self._pointer.read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            fix = "Give a folder of model versions with --store"
            what = f"not readable ({error.strerror})"
            raise StateError(str(self._pointer), what, fix) from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"uid {os.getuid()}"
