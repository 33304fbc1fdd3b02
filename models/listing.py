"""Versions and the ledger as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.manifest import Manifest, read_manifest
from models.store import Store


def version_lines(store: Store) -> Iterator[str]:
    """A line a version: when, from how much, how good; the champion has a star."""
    store.resolve("latest")  # an empty store says so
    champion = store.champion()
    for version in store.versions():
        manifest = store.manifest(version)
        star = "*" if version == champion else " "
        yield f"{star} {version}  {manifest.counts['articles']:6} articles  {_figures(manifest)}"
    yield "* champion"


def _figures(manifest: Manifest) -> str:
    """Macro-F1 of every group, and what it was measured on."""
    named = [
        f"{name.removesuffix('_f1_macro')} {value:.3f}"
        for name, value in manifest.metrics.items()
        if name.endswith("_f1_macro")
    ]
    evaluated = int(manifest.metrics["evaluated_articles"])
    return f"macro-F1 {', '.join(named)} on {evaluated} articles"


def manifest_lines(folder: Path) -> Iterator[str]:
    """What a version is and where it comes from."""
    manifest = read_manifest(folder)
    yield f"version     {manifest.version}"
    yield f"directory   {folder}"
    yield f"created     {manifest.created}"
    yield "trained on  " + ", ".join(f"{name} {count}" for name, count in manifest.counts.items())
    yield f"scheme      {manifest.scheme_digest[:16]}"
    yield f"corpus      {manifest.corpus_digest[:16]}"
    yield "libraries   " + ", ".join(f"{name} {v}" for name, v in manifest.libraries.items())


def history_lines(store: Store) -> Iterator[str]:
    """A line a change of champion, the oldest first."""
    for entry in store.history():
        change = f"{entry.before or 'none'} -> {entry.after}"
        why = f": {entry.why}" if entry.why else ""
        yield f"{entry.time}  {entry.by}  {entry.action}  {change}{why}"
