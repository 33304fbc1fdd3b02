"""The store: a folder of model versions, one of which is champion."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from labels.errors import StateError
from models.files import locked, sync_file, sync_folder, write_whole
from models.ledger import Action, Entry, append_entry, predecessor, read_ledger
from models.manifest import VERSION_ID, Manifest, read_manifest
from models.sums import check_sums, write_sums


class Store:
    """Versions lie in ``root/<version>/``; ``root/champion`` names the one that is live."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pointer = root / "champion"
        self._ledger = root / "ledger.jsonl"
        self._lock = root / ".lock"

    def versions(self) -> list[str]:
        """The ids of all versions, the oldest first."""
        if not self.root.is_dir():
            return []
        folders = (path for path in self.root.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if VERSION_ID.fullmatch(path.name))

    def champion(self) -> str | None:
        """The id of the live version, or None in a store without one."""
        pointed = self._pointed()
        if pointed is not None and not VERSION_ID.fullmatch(pointed):
            fix = "Use: newstag models promote REF"
            raise StateError(str(self._pointer), "names no version", fix)
        return pointed

    def _pointed(self) -> str | None:
        try:
            return self._pointer.read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            fix = "Give a folder of model versions with --store"
            what = f"not readable ({error.strerror})"
            raise StateError(str(self._pointer), what, fix) from error

    def history(self) -> list[Entry]:
        """Every change of champion, the oldest first."""
        return read_ledger(self._ledger)

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

    def _place(self, version: str, fill: Callable[[Path], None], why: str) -> Path:
        """Let ``fill`` fill a folder, and put it into the store at once."""
        with self._writable():
            self.root.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.root, prefix=".writing-"))
            try:
                fill(folder)
                for path in folder.iterdir():
                    sync_file(path)
                folder.chmod(0o755)
                self._refuse_existing(version)
                folder.replace(self.root / version)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            sync_folder(self.root)
        with self._changing():
            if not self.history():
                self._point(version, "first", why)
        return self.root / version

    @contextmanager
    def _writable(self) -> Iterator[None]:
        """Turn what the disk says into an error that says what to do."""
        try:
            yield
        except OSError as error:
            fix = "Give a folder that you may write, on a disk with space, with --store"
            what = f"not writable ({error.strerror or type(error).__name__})"
            raise StateError(str(self.root), what, fix) from error

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock of champion and ledger, with the two in agreement."""
        with self._writable(), locked(self._lock):
            history, pointed = self.history(), self._pointed()
            live = history[-1].after if history else ""
            if VERSION_ID.fullmatch(live) and live != pointed:  # a kill came between
                write_whole(self._pointer, f"{live}\n".encode())
            elif not VERSION_ID.fullmatch(pointed or ""):  # a damaged one without a ledger
                self._pointer.unlink(missing_ok=True)
            yield

    def _refuse_existing(self, version: str) -> None:
        if (self.root / version).exists():
            what = "exists already: the same model was trained within this second"
            raise StateError(str(self.root / version), what, "Use it, or train again")

    def resolve(self, ref: str = "champion") -> Path:
        """The directory of a version: its id, a unique prefix, champion, latest or a directory.

        Raises:
            StateError: an empty store, or nothing of that name.
        """
        versions = self.versions()
        if ref in {"", "champion"}:
            champion = self.champion()
            return self.root / champion if champion else self._without_champion(versions)
        if ref == "latest":
            return self.root / versions[-1] if versions else self._empty()
        if ref.startswith("models:/"):
            fix = "Resolve it with training.registry.Registry, which puts the version here"
            raise StateError(ref, "a reference into a registry, not into a store", fix)
        if "/" in ref or Path(ref).is_dir():
            return Path(ref)
        found = [version for version in versions if version.startswith(ref)]
        if len(found) == 1:
            return self.root / found[0]
        if not versions:
            return self._empty()
        what = f"{len(found)} versions begin with '{ref}'" if found else f"no version '{ref}'"
        raise StateError(str(self.root), what, f"Use one of: {', '.join((found or versions)[-8:])}")

    def _without_champion(self, versions: Sequence[str]) -> Path:
        if not versions:
            return self._empty()
        fix = f"Use: newstag models promote {versions[-1]}"
        raise StateError(str(self.root), "versions, but no champion", fix)

    def _empty(self) -> Path:
        raise StateError(str(self.root), "no model version yet", "Run: newstag train")

    def manifest(self, ref: str) -> Manifest:
        return read_manifest(self.resolve(ref))

    def promote(self, ref: str, why: str, force: bool = False) -> Entry:
        """Make a version champion, after checking that it is whole.

        Raises:
            StateError: it is champion already, not a version of this store, or has another
                scheme than the champion and ``force`` is off.
            VersionError: the version is damaged.
        """
        folder = self.resolve(ref)
        manifest = read_manifest(folder)
        if folder.resolve() != (self.root / manifest.version).resolve():
            fix = f"Copy the directory to {self.root / manifest.version} first"
            raise StateError(ref, "not a version of the store", fix)
        check_sums(folder)
        with self._changing():
            if not force:
                self._refuse_other_scheme(manifest)
            if self.champion() == manifest.version:
                raise StateError(manifest.version, "champion already", "Nothing is to be done")
            return self._point(manifest.version, "promote", why)

    def _refuse_other_scheme(self, manifest: Manifest) -> None:
        champion = self.champion()
        try:
            digest = self.manifest(champion).scheme_digest if champion else manifest.scheme_digest
        except StateError:  # its folder is gone or damaged: there is nobody to be surprised
            return
        if digest != manifest.scheme_digest:
            what = f"another scheme than the champion {champion}: clients will see other labels"
            fix = "Promote it with --force and --why if they are ready"
            raise StateError(manifest.version, what, fix)

    def rollback(self, why: str) -> Entry:
        """Make the champion before this one champion again.

        Raises:
            StateError: there was none, or it is gone.
            VersionError: that version is damaged.
        """
        fix = "Use: newstag models promote REF"
        if not self.history():
            raise StateError(str(self.root), "no champion before this one", fix)
        with self._changing():
            before = predecessor(self.history())
            if before is None:
                raise StateError(str(self.root), "no champion before this one", fix)
            read_manifest(self.root / before)
            check_sums(self.root / before)
            return self._point(before, "rollback", why)

    def mend(self) -> None:
        """Finish the change of champion that a kill broke off between ledger and pointer."""
        with self._changing():
            return

    def _point(self, version: str, action: Action, why: str) -> Entry:
        """Write the ledger, then the pointer; _changing mends what a kill leaves between."""
        entry = Entry(
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            by=_user(),
            action=action,
            before=self.champion(),
            after=version,
            why=why,
        )
        append_entry(self._ledger, entry)
        write_whole(self._pointer, f"{version}\n".encode())
        return entry


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"uid {os.getuid()}"
