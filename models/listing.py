"""Versions and the ledger as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labels.errors import VersionError
from models.manifest import Manifest, read_manifest
from models.store import Store


def version_lines(store: Store) -> Iterator[str]:
    """A line a version: when, from how much, how good; the champion has a star."""
    store.resolve("latest")  # an empty store says so
    champion = store.champion()
    for version in store.versions():
        star = "*" if version == champion else " "
        yield f"{star} {version}  {_described(store, version)}"
    yield "* champion"


def _described(store: Store, version: str) -> str:
    try:
        manifest = store.manifest(version)
    except VersionError as error:  # one damaged version must not hide the others
        return f"damaged: {error.what}"
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
    history = store.history()
    if not history:
        store.resolve("latest")  # an empty store says so
    for entry in history:
        change = f"{entry.before or 'none'} -> {entry.after}"
        why = f": {entry.why}" if entry.why else ""
        yield f"{entry.time}  {entry.by}  {entry.action}  {change}{why}"
