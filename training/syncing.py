"""Syncing: store and registry brought to agree, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from labels.errors import NewstagError, StateError
from models.store import Store
from models.sums import check_sums, sums_digest
from training.asking import import_mlflow, open_database, reported
from training.registration import MODEL, Registered, Registrations
from training.registry import Registry
from training.standing import Standing, standing
from training.tracker import Tracker


@dataclass(frozen=True, kw_only=True, slots=True)
class Sync:
    """A store and where its runs go.

    Versions go both ways: those of the store that are not recorded are recorded and registered,
    those registered that the store lacks are fetched, unless they were pruned here. A version
    that is damaged in the store is replaced by the registered one. The alias champion follows
    the store; an empty store takes the registry's.
    """

    store: Store
    tracker: Tracker

    def standing(self) -> Standing:
        """How the two agree now.

        Raises:
            StateError: no answer.
        """
        with self._asking():
            return standing(self.store, self._registrations().all())

    def run(self) -> Iterator[str]:
        """Mend everything that can be, a line for each thing done.

        Raises:
            StateError: no answer, or something is left that could not be mended; it says what.
        """
        if self.store.root.is_dir():
            self.store.mend()
        failed: list[NewstagError] = []
        for plan in (self._identifying, self._mending):
            for step in plan(self.standing()):
                try:
                    yield step()
                except NewstagError as error:  # one that is lost must not hold up the others
                    failed.append(error)
        yield from self._align(self.standing())
        if failed:
            first = failed[0]
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise StateError(first.where, f"{first.what}{more}", first.fix)

    def _identifying(self, found: Standing) -> Iterator[Callable[[], str]]:
        for one in found.unknown:
            yield partial(self._identify, one)

    def _mending(self, found: Standing) -> Iterator[Callable[[], str]]:
        # The registry's champion first: the first version of a store becomes its champion.
        for one in sorted(found.missing, key=lambda one: one != found.named):
            yield partial(self._fetch, one)
        for one in found.registered.values():
            if not self._whole(one.version):
                yield partial(self._restore, one)
            elif sums_digest(self.store.root / one.version) != one.sums:
                yield partial(self._retag, one)
        for version in found.unregistered:
            yield partial(self._record, version)

    def _record(self, version: str) -> str:
        run = self.tracker.record(self.store.root / version)
        return f"{version}: recorded as run {run} and registered"

    def _fetch(self, one: Registered) -> str:
        Registry(uri=self.tracker.uri).resolve(_reference(one), self.store)
        return f"{one.version}: fetched from newstag {one.number}"

    def _restore(self, one: Registered) -> str:
        registry = Registry(uri=self.tracker.uri)
        with registry.downloaded(registry.look(_reference(one))) as folder:
            self.store.restore(folder)
        return f"{one.version}: was damaged, restored from newstag {one.number}"

    def _retag(self, one: Registered) -> str:
        """Its tag is wrong, unless what it holds is."""
        registry = Registry(uri=self.tracker.uri)
        mine = sums_digest(self.store.root / one.version)
        with registry.downloaded(registry.look(_reference(one))) as folder:
            check_sums(folder)
            if sums_digest(folder) != mine:
                where = f"{MODEL} {one.number}"
                what = f"other files than those of {one.version} in the store"
                raise StateError(where, what, "Delete the wrong one, and sync again")
        with self._asking():
            self._registrations().tag(one.number, {"sums": mine})
        return f"{one.version}: sums of newstag {one.number} written anew"

    def _identify(self, one: Registered) -> str:
        registry = Registry(uri=self.tracker.uri)
        folder = registry.resolve(_reference(one), self.store)
        with self._asking():
            told = {"version": folder.name, "sums": sums_digest(folder)}
            self._registrations().tag(one.number, told)
        return f"{folder.name}: is newstag {one.number}, which did not say so"

    def align(self) -> Iterator[str]:
        """Let the registry's aliases say what the store says.

        Raises:
            StateError: the champion is not registered, or no answer.
        """
        found = self.standing()
        if found.champion and found.champion not in found.registered:
            fix = "Use: newstag models sync"
            raise StateError(found.champion, "not among the registered versions", fix)
        yield from self._align(found)

    def _align(self, found: Standing) -> Iterator[str]:
        mine = found.registered.get(found.champion or "")
        if mine and not found.champions_agree:
            with self._asking():
                self._registrations().crown(mine.number)
            yield f"{mine.version}: newstag {mine.number} is champion in the registry as well"

    def _whole(self, version: str) -> bool:
        try:
            check_sums(self.store.root / version)
        except StateError:
            return False
        return True

    def _asking(self) -> Any:
        return reported(self.tracker.uri, "read the registry", "Check --tracking-uri")

    def _registrations(self) -> Registrations:
        mlflow = import_mlflow()
        open_database(self.tracker.uri)
        mlflow.set_tracking_uri(self.tracker.uri)
        return Registrations(client=mlflow.MlflowClient())


def _reference(one: Registered) -> str:
    return f"models:/{MODEL}/{one.number}"
