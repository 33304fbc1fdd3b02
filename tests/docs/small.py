"""A store of two versions, trained once on invented articles, for pages that need a model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import shipped_scheme
from models.store import Store
from models.sums import write_sums
from training.recipe import Recipe
from training.saving import save
from training.train import train

ARTICLES = Path(__file__).parents[1] / "command" / "articles.jsonl"


def small_store(factory: pytest.TempPathFactory) -> Path:
    """A store whose champion is the only version; not to be changed."""
    store = factory.getbasetemp() / "small-store"
    if store.exists():
        return store
    given = Given(scheme=shipped_scheme(), articles=[str(ARTICLES)], starter=False, gold=False)
    corpus = read_corpus(given, raise_it, list[str]().append)
    recipe = replace(Recipe(), folds=3, partitions=1)
    trained = train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)
    save(Store(store), trained, datetime.now(UTC))
    return store


def put_store(factory: pytest.TempPathFactory, target: Path) -> None:
    """Copy the store, with a later version that is like the first, as a second training makes."""
    shutil.copytree(small_store(factory), target)
    first = Store(target).resolve()
    second = first.with_name(f"20991231T235959Z-{first.name[-8:]}")
    shutil.copytree(first, second)
    manifest = json.loads((second / "manifest.json").read_text("utf-8"))
    text = json.dumps({**manifest, "version": second.name}, ensure_ascii=False)
    (second / "manifest.json").write_text(text, "utf-8")
    write_sums(second)
