"""Promoting: a version passes the gate and becomes champion, from the store or from a registry."""

from __future__ import annotations

from pathlib import Path

from models.ledger import Entry
from models.store import Store
from training.gate import admit
from training.registry import Registry

REGISTERED = "models:/"  # what a reference into an MLflow registry begins with


def promote(store: Store, registry: Registry, ref: str, why: str, *, force: bool = False) -> Entry:
    """Make a version champion, if the gate lets it pass; the entry of the ledger.

    ``ref`` is looked up once, so that what passes is what is promoted. An empty store first takes
    the registry's champion, for the version to be compared with, unless ``force`` is on.

    Raises:
        StateError: refused, not there, or no answer from the registry.
        VersionError: the version is damaged.
    """
    empty = not store.versions()
    registered = ref.startswith(REGISTERED)
    folder = _fetched(store, registry, ref, why, force) if registered else store.resolve(ref)
    if empty and store.champion() == folder.name:  # the first there is, which nothing is beside
        return store.history()[-1]
    admitted = admit(store, folder, force)
    reason = why or (ref if registered else "")
    over, verdict = admitted.over, admitted.verdict
    return store.promote(str(folder), reason, force, over=over, verdict=verdict)


def _fetched(store: Store, registry: Registry, ref: str, why: str, force: bool) -> Path:
    target = registry.look(ref)
    if store.never() and not store.versions() and not force:
        live = registry.live(target.name)
        if live is not None and live.number != target.number:
            registry.fetch(live, store)
    return registry.fetch(target, store, why)
