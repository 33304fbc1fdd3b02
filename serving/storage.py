"""Storage: files of a store, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from labels.errors import NewstagError, StateError
from models.files import sync_file, sync_folder

Check = Callable[[], None]


def nothing() -> None:
    """Whatever is there may be replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """A file system of fsspec's; ``name`` is how messages call what is written to it.

    Whatever is written goes to a name of its own in ``attempts`` and is moved to its place.
    """

    fs: Any
    name: str
    attempts: str

    def put(self, path: Path, target: str, check: Check = nothing) -> None:
        """A file of this machine; ``check`` may refuse when all that is left is to move it."""
        self._place(lambda attempt: self.fs.put_file(str(path), attempt), target, check)

    def put_text(self, text: str, target: str, check: Check = nothing) -> None:
        self._place(lambda attempt: self.fs.pipe_file(attempt, text.encode()), target, check)

    def put_stream(self, pieces: Iterable[bytes], target: str) -> None:
        """Pieces as they come; nothing where there is nothing in them."""
        rest = iter(pieces)
        first = next((piece for piece in rest if piece), b"")
        if not first:
            self.remove(target)
            return

        def write(attempt: str) -> None:
            with self.fs.open(attempt, "wb") as file:
                file.write(first)
                file.writelines(rest)

        self._place(write, target)

    def remove(self, path: str) -> None:
        """A file or a folder, if it is there."""
        with self.told():
            self.fs.invalidate_cache()
            if self.fs.exists(path):
                self.fs.rm(path, recursive=True)

    def names(self, folder: str) -> dict[str, int]:
        """Paths in a folder with their sizes; none where there is no such folder."""
        with self.told():
            self.fs.invalidate_cache()
            if not self.fs.exists(folder):
                return {}
            return {one["name"]: one["size"] for one in self.fs.ls(folder, detail=True)}

    def _place(self, write: Callable[[str], object], target: str, check: Check = nothing) -> None:
        attempt = f"{self.attempts}/{uuid4().hex}"
        with self.told():
            try:
                write(attempt)
                check()
                self._move(attempt, target)
            except BaseException:
                if self.fs.exists(attempt):
                    self.fs.rm_file(attempt)
                raise

    def _move(self, attempt: str, target: str) -> None:
        """On a disk of this machine it outlives a power cut, elsewhere as the store has it."""
        kinds = self.fs.protocol
        local = "file" in ((kinds,) if isinstance(kinds, str) else kinds)
        if local:
            sync_file(Path(attempt))
        self.fs.mv(attempt, target)
        if local:
            sync_folder(Path(target).parent)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Stores have errors of many kinds, of which each says why it does not take or give.

        Raises:
            StateError: whatever it was.
        """
        try:
            yield
        except NewstagError:
            raise
        except Exception as error:
            said = getattr(error, "strerror", None) or " ".join(str(error).split())
            fix = "Check the folder, its permissions and the space there"
            what = f"cannot be written ({said or type(error).__name__})"
            raise StateError(self.name, what, fix) from error
