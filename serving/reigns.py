"""Reigns: which version was live when, as the store's ledger has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labels.errors import NewstagError
from models.ledger import Entry
from models.store import Store

_MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Reigns:
    """The last changes of champion, the newest first, of ``every`` so many.

    ``live`` is the champion; "broken" where the store cannot say.
    """

    state: Literal["known", "none", "broken"]
    live: str | None = None
    entries: tuple[Entry, ...] = ()
    every: int = 0


def reigns(store: Store) -> Reigns:
    """What the store keeps, which another process may be changing or mending."""
    try:
        history, live = store.history(), store.champion()
    except (NewstagError, OSError):
        return Reigns(state="broken")
    if not history:
        return Reigns(state="none", live=live)
    latest = tuple(reversed(history[-_MOST:]))
    return Reigns(state="known", live=live, entries=latest, every=len(history))
