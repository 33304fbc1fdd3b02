"""The store: a folder of model versions, one of which is champion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import time

from labels.errors import StateError
from models.champion import Champion
from models.files import sync_folder, writable
from models.finding import find
from models.ledger import Entry, predecessor
from models.manifest import VERSION_ID, read_manifest
from models.placing import put_in_place_of, written
from models.pruning import Pruning, forget, prune, read_pruned
from models.refusing import (
    PROMOTE,
    is_whole,
    refuse_foreign,
    refuse_gone,
    refuse_other_scheme,
    refuse_replacing,
)
from models.sums import check_sums, write_sums


class Store:
    """Versions lie in ``root/<version>/``; ``root/champion`` names the one that is live."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._champion = Champion(root)

    def versions(self) -> list[str]:
        """The ids of all versions, the oldest first."""
        if not self.root.is_dir():
            return []
        folders = (path for path in self.root.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if VERSION_ID.fullmatch(path.name))

    def champion(self) -> str | None:
        """The id of the live version, or None in a store without one."""
        return self._champion.name()

    def known(self) -> str | None:
        """As ``champion``, but None where the pointer is damaged."""
        return self._champion.known()

    def never(self) -> bool:
        """Whether there never was a champion; a damaged pointer says that there was."""
        return self._champion.never()

    def history(self) -> list[Entry]:
        """Every change of champion, the oldest first."""
        return self._champion.history()

    def unfinished(self) -> str | None:
        """In words, the change of champion that a kill broke off; None where there is none."""
        first = self._first()
        if first:
            return f"the first version, {first}, is not champion"
        return self._champion.unfinished()

    def mend(self) -> bool:
        """Finish the change of champion that a kill broke off; whether there was one.

        Raises:
            StateError: the store cannot be written, or its ledger is damaged.
        """
        with self._champion.changing() as mended:
            first = self._first()
            if first:
                self._champion.point(first, "first", "first version")
            return mended or first is not None

    def _first(self) -> str | None:
        """The version that a kill kept from becoming champion when it was the first."""
        versions = self.versions()
        if len(versions) != 1 or not self._champion.never():
            return None
        return versions[0] if is_whole(self.root / versions[0]) else None

    def save(self, version: str, write: Callable[[Path], None]) -> Path:
        """Let ``write`` fill a folder, add the sums, and put it into the store at once.

        The first version of a store becomes its champion.

        Raises:
            StateError: the store cannot be written.
        """

        def fill(folder: Path) -> None:
            write(folder)
            write_sums(folder)

        return self._place(version, fill, "first version")

    def adopt(self, folder: Path, why: str = "first version") -> Path:
        """Copy a version directory from elsewhere into the store, once the copy is verified.

        One that the store holds already stays as it is. The first version of a store becomes
        its champion; ``why`` is the reason for the ledger then.

        Raises:
            StateError: the store cannot be written, or holds other files under this version.
            VersionError: the version is damaged.
        """
        # numpy and the segmenter, which listing and promoting do without.
        from models.adopting import already_held, copy_verified

        version = read_manifest(folder).version
        held = self.root / version
        if already_held(held, folder):
            return held
        try:
            return self._place(version, lambda copy: copy_verified(folder, copy), why)
        except StateError:
            if already_held(held, folder):  # another process was faster
                return held
            raise

    def restore(self, folder: Path) -> Path:
        """Put a copy of a version directory, once it is verified, in place of a damaged one.

        For an instant there is none of that id: a kill then leaves the store without it, and
        restoring once more brings it.

        Raises:
            StateError: the store cannot be written, or holds this version whole, or with a file
                that would be lost.
            VersionError: the version is damaged there too.
        """
        from models.adopting import copy_in_place_of

        version = read_manifest(folder).version
        held = self.root / version
        refuse_replacing(held, folder)
        with (
            writable(self.root),
            written(self.root, lambda copy: copy_in_place_of(held, folder, copy)) as copy,
            self._champion.changing(),
        ):
            refuse_replacing(held, folder)  # somebody may have been faster
            put_in_place_of(held, copy)
            forget(self.root, version)
        return held

    def _place(self, version: str, fill: Callable[[Path], None], why: str) -> Path:
        """Let ``fill`` fill a folder, and put it into the store at once."""
        with writable(self.root), written(self.root, fill) as folder:
            self._refuse_existing(version)
            folder.rename(self.root / version)
            sync_folder(self.root)
        try:
            with self._champion.changing():
                if self._champion.never():
                    self._champion.point(version, "first", why)
                forget(self.root, version)
        except StateError:
            # A damaged ledger is told by whoever reads it; something is live, and this is saved.
            if self._champion.known() is None:
                raise
        return self.root / version

    def _refuse_existing(self, version: str) -> None:
        if (self.root / version).exists():
            what = "exists already: the same model was trained within this second"
            raise StateError(str(self.root / version), what, "Use it, or train again")

    def resolve(self, ref: str = "champion") -> Path:
        """The directory of a version: its id, a unique prefix, champion, latest or a directory.

        Raises:
            StateError: an empty store, or nothing of that name.
        """
        return find(self.root, self.versions(), self.champion, ref)

    def promote(
        self, ref: str, why: str, force: bool = False, *, over: str | None = "", verdict: str = ""
    ) -> Entry:
        """Make a version champion, after checking that it is whole.

        ``over`` is the champion that it was compared with, None where there was none, empty where
        that is all the same; ``verdict`` is what the comparison said.

        Raises:
            StateError: it is champion already, not a version of this store, was compared with
                another than the champion, or has another scheme than the champion and ``force``
                is off.
            VersionError: the version is damaged.
        """
        folder = self.resolve(ref)
        manifest = read_manifest(folder)
        refuse_foreign(self.root, ref, folder, manifest.version)
        check_sums(folder)
        with self._champion.changing():
            refuse_gone(folder)  # pruned meanwhile
            champion = self._champion.known()
            if champion == manifest.version:
                raise StateError(manifest.version, "champion already", "Nothing is to be done")
            if over not in {"", champion}:
                against = f"compared with {over}" if over else "compared with nothing"
                what = f"{against}, but {champion or 'none'} is champion by now"
                raise StateError(manifest.version, what, "Try again")
            if not force:
                refuse_other_scheme(manifest, self.root / champion if champion else None)
            return self._champion.point(manifest.version, "promote", why, verdict)

    def rollback(self, why: str) -> Entry:
        """Make the champion before this one champion again.

        Raises:
            StateError: there was none, or it is gone.
            VersionError: that version is damaged.
        """
        if not self.history():
            raise StateError(str(self.root), "no champion before this one", PROMOTE)
        with self._champion.changing():
            before = predecessor(self.history())
            if before is None:
                raise StateError(str(self.root), "no champion before this one", PROMOTE)
            folder = self.root / before
            refuse_gone(folder)
            refuse_foreign(self.root, str(folder), folder, read_manifest(folder).version)
            check_sums(folder)
            return self._champion.point(before, "rollback", why)

    def prune(self, keep: int) -> list[str]:
        """Remove all versions but the newest; which they were. See ``pruning``."""
        return self.pruning(keep).removed

    def pruning(self, keep: int) -> Pruning:
        """Remove all versions but the newest ``keep``, the champion and its predecessor.

        ``keep`` is 1 or more. What kills left behind is removed as well.

        Raises:
            StateError: the store is empty or cannot be written, or nobody knows what is live.
        """
        self.resolve("latest")  # an empty store says so, and is not made
        with self._champion.changing():
            return prune(self.root, self.versions(), keep, self._needed(), time())

    def _needed(self) -> dict[str, str]:
        """The versions that pruning leaves, and why."""
        champion = self._champion.known()
        if champion not in self.versions():
            what = "names no version of the store: the live one could be among those removed"
            raise StateError(str(self.root / "champion"), what, PROMOTE)
        before = predecessor(self.history())
        return {**({before: "the champion before"} if before else {}), champion: "the champion"}

    def pruned(self) -> frozenset[str]:
        """The ids of versions that were pruned and have not come back.

        Raises:
            StateError: the file of them is damaged.
        """
        return read_pruned(self.root) - frozenset(self.versions())
