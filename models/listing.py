"""Versions and the ledger as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from labels.errors import StateError, VersionError
from models.ledger import Entry, goes_back, in_force, successor
from models.manifest import Manifest, read_manifest
from models.moments import Moment
from models.refusing import refuse_gone
from models.store import Store


def version_lines(store: Store) -> Iterator[str]:
    """A line a version: when, from how much, how good; the champion has a star.

    What is wrong with the champion is told below them: it must not hide the versions.
    """
    store.resolve("latest")  # an empty store says so
    notes = _mended(store)
    champion = _champion(store)
    for version in store.versions():
        star = "*" if version == champion else " "
        yield f"{star} {version}  {_described(store, version)}"
    yield "* champion"
    yield from dict.fromkeys([*notes, *_faults(store)])


def _described(store: Store, version: str) -> str:
    try:
        manifest = read_manifest(store.root / version)
    except VersionError as error:  # one damaged version must not hide the others
        return f"damaged: {error.what}"
    if manifest.version != version:
        return f"damaged: its files are those of {manifest.version}"
    return f"{manifest.counts.get('articles', 0):6} articles  {_figures(manifest)}"


def _figures(manifest: Manifest) -> str:
    """Macro-F1 of every group, and what it was measured on."""
    named = [
        f"{name.removesuffix('_f1_macro')} {value:.3f}"
        for name, value in manifest.metrics.items()
        if name.endswith("_f1_macro")
    ]
    evaluated = int(manifest.metrics.get("evaluated_articles", 0))
    # Starter articles give themselves away: their figures are not to be set beside real ones.
    source = "given" if manifest.counts.get("given") else "starter"
    return f"macro-F1 {', '.join(named)} on {evaluated} {source} articles"


def _mended(store: Store) -> list[str]:
    """Finish a change of champion that a kill broke off, and tell of it.

    Who may not write the store reads what is live, and that a change is unfinished.
    """
    try:
        unfinished = store.unfinished()
    except StateError as error:  # a damaged ledger says nothing
        return [f"note: {error}"]
    if not unfinished:
        return []
    try:
        mended = store.mend()
    except StateError:
        live = f"{_champion(store) or 'nothing'} is live"
        return [f"note: {unfinished}, and {live}. Run this where the store can be written."]
    done = f"note: a change that was broken off is finished: {_champion(store)} is champion."
    return [done] if mended else []  # otherwise somebody else was just about to do so


def _champion(store: Store) -> str | None:
    try:
        return store.champion()
    except StateError:
        return None


def _faults(store: Store) -> list[str]:
    """What keeps the champion from being there, and what to do."""
    try:
        folder = store.resolve("champion")
        refuse_gone(folder)
    except StateError as error:
        return [f"note: {error}"]
    return []


def manifest_lines(folder: Path) -> Iterator[str]:
    """What a version is and where it comes from."""
    manifest = read_manifest(folder)
    yield f"version     {manifest.version}"
    yield f"directory   {folder}"
    yield f"created     {manifest.created}"
    yield "trained on  " + ", ".join(f"{n} {name}" for name, n in manifest.counts.items())
    yield f"scheme      {manifest.scheme_digest[:16]}"
    yield f"corpus      {manifest.corpus_digest[:16]}"
    yield "libraries   " + ", ".join(f"{name} {v}" for name, v in manifest.libraries.items())


def history_lines(store: Store) -> Iterator[str]:
    """A line a change of champion, the oldest first."""
    notes = _mended(store)
    history = store.history()
    if not history:
        store.resolve("latest")  # an empty store says so
    for entry in history:
        change = f"{entry.before or 'none'} -> {entry.after}"
        why = f": {_flat(entry.why)}" if entry.why else ""
        verdict = f" ({_flat(entry.verdict)})" if entry.verdict else ""
        yield f"{entry.time}  {entry.by}  {entry.action}  {change}{why}{verdict}"
    yield from notes


def moment_lines(store: Store, moment: Moment, now: datetime) -> Iterator[str]:
    """Which version was live at a moment, and the entry that made it so.

    Raises:
        StateError: an empty store, or nothing was live yet.
    """
    notes = _mended(store)
    history = store.history()
    if not history:
        store.resolve("champion")  # a store without one says so
        fix = "Restore ledger.jsonl from a backup"
        raise StateError(str(store.root), "no ledger, which would tell what was live", fix)
    entry = history[-1] if moment.time >= now else in_force(history, moment.time)
    if entry is None:
        raise _too_early(store, history[0], moment)
    yield from moment.lines()
    yield from _entry_lines(entry, successor(history, entry))
    if moment.time > now:
        yield "note: that is in the future; this is the present champion."
    if back := goes_back(history):
        yield f"note: the clock went back before {back.time}; around then the later entry counts."
    yield from notes


def _entry_lines(entry: Entry, next_one: Entry | None) -> Iterator[str]:
    yield f"version  {entry.after}"
    yield f"since    {entry.time}, {entry.action} by {entry.by}"
    if entry.why:
        yield f"why      {_flat(entry.why)}"
    if entry.verdict:
        yield f"verdict  {_flat(entry.verdict)}"
    until = f"{next_one.time}, when {next_one.after} became champion" if next_one else "now"
    yield f"until    {until}"


def _too_early(store: Store, first: Entry, moment: Moment) -> StateError:
    at = moment.time.astimezone(UTC).isoformat()
    what = f"no version was live at {at}: the first, {first.after}, is champion since {first.time}"
    return StateError(str(store.root), what, "Give that time or a later one")


def _flat(text: str) -> str:
    """What people write of several lines is one here."""
    return " ".join(text.split())


def pruning_lines(store: Store, keep: int) -> Iterator[str]:
    """Prune the store; what was removed, which older versions were kept, and what it freed."""
    done = store.pruning(keep)
    yield from (f"removed  {version}" for version in done.removed)
    yield from (f"kept     {version}: {why}" for version, why in done.kept.items())
    if done.leftovers:
        yield f"removed  {_counted(done.leftovers, 'leftover')} of what was broken off"
    yield f"{_counted(len(done.removed), 'version')} removed, {done.freed:,} bytes freed"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
