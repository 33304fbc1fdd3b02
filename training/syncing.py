"""Syncing: store and registry brought to agree, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from labels.errors import NewstagError, StateError
from models.store import Store
from models.sums import check_sums, sums_digest
from training.asking import open_mlflow, reported, shown
from training.registration import MODEL, Registered, Registrations
from training.registry import Registry, Target
from training.standing import Standing, differences, standing, sums_of
from training.tracker import Tracker

Steps = Iterator[Callable[[], str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sync:
    """A store and where its runs go.

    Versions go both ways: those of the store that are not recorded are recorded and registered,
    those registered that the store lacks are fetched, unless they were pruned here. A version
    that is damaged in the store is replaced by the registered one, one whose registered files
    are lost is recorded anew. An empty store takes the registry's champion. The alias champion
    follows the store, but is not taken from a version that never was live here: other stores
    may have it.
    """

    store: Store
    tracker: Tracker

    def standing(self, *, hashed: bool = True) -> Standing:
        """How the two agree now; the files of the store are read where ``hashed``.

        Raises:
            StateError: no answer.
        """
        with self._asking():
            return standing(self.store, self._registrations().all(), hashed=hashed)

    def run(self, *, force: bool = False) -> Iterator[str]:
        """Mend everything that can be, a line for each thing done.

        With ``force`` the alias champion comes to the store's champion, whoever has it.

        Raises:
            StateError: no answer, or something is left that could not be mended; it says what.
        """
        failed: list[NewstagError] = []
        aligning = partial(self._aligning, force=force)
        try:
            for plan in (self._founding, self._identifying, self._losing, self._mending, aligning):
                for step in plan():
                    try:
                        yield step()
                    except NewstagError as error:  # one that is lost must not hold up the others
                        failed.append(error)
            if not failed:
                self._refuse_disagreement()
        except NewstagError as error:
            failed.append(error)
        if failed:
            first = failed[0]
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise StateError(first.where, f"{first.what}{more}", first.fix)

    def _founding(self) -> Steps:
        """The registry's champion before everything else: the first of a store is its champion."""
        if self.store.never():
            found, versions = self.standing(hashed=False), self.store.versions()
            if found.named and found.named.version not in versions:
                done = self._fetch(found.named)  # or nothing else may become champion
                yield lambda: done
            elif found.missing and not versions:
                what = "versions, but none with the alias champion, which an empty store would take"
                fix = f"Choose one. Use: newstag models promote {_reference(found.missing[-1])}"
                raise StateError(f"{MODEL} in {shown(self.tracker.uri)}", what, fix)
        try:
            unfinished = self.store.unfinished()
        except StateError:  # a damaged ledger, which mending tells
            unfinished = "unknown"
        if unfinished:
            yield self._mend

    def _mend(self) -> str:
        self.store.mend()
        live = self.store.champion()
        return f"{live}: is champion, as a change that was broken off is finished"

    def _identifying(self) -> Steps:
        for one in self.standing(hashed=False).unknown:
            yield partial(self._identify, one)

    def _losing(self) -> Steps:
        for one in self.standing(hashed=False).registered.values():
            if one.version not in self._registry.directories(_target(one)):
                yield partial(self._lose, one)

    def _mending(self) -> Steps:
        found = self.standing()
        for one in found.missing:
            yield partial(self._fetch, one)
        for one in found.damaged:
            yield partial(self._restore, one)
        for one in found.differing:
            yield partial(self._retag, one)
        for version in found.unregistered:
            yield partial(self._record, version)

    def _record(self, version: str) -> str:
        run = self.tracker.record(self.store.root / version)
        return f"{version}: recorded as run {run} and registered"

    def _fetch(self, one: Registered) -> str:
        if one.version and one.version not in self._registry.directories(_target(one)):
            fix = f"Sync a store that has {one.version}, or delete {MODEL} {one.number} in MLflow"
            raise StateError(f"{MODEL} {one.number}", "its files are lost", fix)
        folder = self._registry.fetch(replace(_target(one), sums=one.sums), self.store)
        return f"{folder.name}: fetched from newstag {one.number}"

    def _restore(self, one: Registered) -> str:
        mine = sums_of(self.store, one.version)
        with self._registry.downloaded(_target(one), one.version) as folder:
            if sums_digest(folder) not in {mine, one.sums}:  # its own list may be what is damaged
                raise _other_files(one)
            self.store.restore(folder)
        return f"{one.version}: was damaged, restored from newstag {one.number}"

    def _retag(self, one: Registered) -> str:
        """Its tag is wrong, unless what it holds is."""
        mine = sums_digest(self.store.root / one.version)
        with self._registry.downloaded(_target(one), one.version) as folder:
            check_sums(folder)
            if sums_digest(folder) != mine:
                raise _other_files(one)
        with self._asking():
            self._registrations().tag(one.number, {"sums": mine})
        return f"{one.version}: sums of newstag {one.number} written anew"

    def _identify(self, one: Registered) -> str:
        version = self._registry.version_in(_target(one))
        if version is None:
            return f"newstag {one.number}: holds no version of newstag, left alone"
        with self._registry.downloaded(_target(one), version) as folder:
            check_sums(folder)
            told = {"version": version, "sums": sums_digest(folder)}
        with self._asking():
            self._registrations().tag(one.number, told)
        return f"{version}: is newstag {one.number}, which did not say so"

    def _lose(self, one: Registered) -> str:
        with self._asking():
            self._registrations().tag(one.number, {"lost": "true"})
        return f"{one.version}: the files of newstag {one.number} are lost"

    def align(self, *, force: bool = False) -> Iterator[str]:
        """Let the registry's alias champion say what the store says.

        Raises:
            StateError: the champion is not registered, another store's has the alias and
                ``force`` is off, or no answer.
        """
        found = self.standing(hashed=False)
        if found.champion and found.champion not in found.registered:
            fix = "Use: newstag models sync"
            raise StateError(found.champion, "not among the registered versions", fix)
        for step in self._aligning(force=force):
            yield step()

    def _aligning(self, *, force: bool) -> Steps:
        found = self.standing(hashed=False)
        mine = found.registered.get(found.champion or "")
        if mine is None or found.champions_agree:
            return
        if found.named and not force and not self._was_live(found.named.version):
            raise _of_another_store(found.named, mine)
        yield partial(self._crown, mine)

    def _refuse_disagreement(self) -> None:
        """Whatever it is that nothing could be done about."""
        found = self.standing(hashed=False)
        if found.agreed:
            return
        fix = "Sync again"
        if found.champion not in self.store.versions():
            live = _reference(found.named) if found.named else "REF"
            fix = f"Use: newstag models promote {live}"
        raise StateError(str(self.store.root), next(differences(found)), fix)

    def _was_live(self, version: str) -> bool:
        return any(version in {one.before, one.after} for one in self.store.history())

    def _crown(self, one: Registered) -> str:
        with self._asking():
            self._registrations().crown(one.number)
        return f"{one.version}: newstag {one.number} is champion in the registry as well"

    @property
    def _registry(self) -> Registry:
        return Registry(uri=self.tracker.uri)

    def _asking(self) -> Any:
        return reported(self.tracker.uri, "read the registry", "Check --tracking-uri")

    def _registrations(self) -> Registrations:
        mlflow = open_mlflow(self.tracker.uri, retries=0, timeout=10)
        return Registrations(client=mlflow.MlflowClient())


def _target(one: Registered) -> Target:
    return Target(name=MODEL, number=one.number, created=0, why=_reference(one))


def _reference(one: Registered) -> str:
    return f"models:/{MODEL}/{one.number}"


def _of_another_store(named: Registered, mine: Registered) -> StateError:
    called = named.version or f"{MODEL} {named.number}"
    what = f"{called} is champion in the registry, and never was in this store"
    keep = f"newstag models sync --force makes {mine.version} champion there as well"
    take = f"newstag models promote {_reference(named)} makes {called} champion here; "
    fix = f"Decide which is to be live: {take if named.version else ''}{keep}"
    return StateError(f"{MODEL} {named.number}", what, fix)


def _other_files(one: Registered) -> StateError:
    what = f"other files than those of {one.version} in the store, or than its tag says"
    return StateError(f"{MODEL} {one.number}", what, "Delete the wrong one, and sync again")
