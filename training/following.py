"""Following: the store's champion is kept where an alias of a registry points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from labels.errors import StateError
from models.store import Store
from training.registry import Registry, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a look led to: the champion, and the one before it if this look changed it."""

    champion: str | None
    before: str | None = None
    moved: bool = False

    def line(self) -> str:
        if self.moved:
            return f"{self.champion} is champion, after {self.before or 'none'}"
        return f"nothing new: {self.champion or 'none'} is champion"


@dataclass(kw_only=True, slots=True)
class Follower:
    """An alias that a store follows: where it moves, the champion goes, once.

    What an alias names is promoted when it is first seen there, and not again: whoever rolls
    back or promotes in the store has the last word until the alias moves on. What was acted
    upon is remembered while the process lives; when it starts, it is found in the ledger, as
    the last entry whose reason is this alias.
    """

    registry: Registry
    reference: str
    store: Store
    force: bool = False
    acted: Target | None = None

    def look(self) -> Outcome:
        """Look once, and act if the alias has moved.

        Raises:
            InputError: not a reference into a registry.
            StateError: no answer, nothing there, a damaged version, or another scheme than the
                champion's without ``force``. The champion stays, and the next look tries again.
        """
        target = self.registry.look(self.reference)
        outcome = Outcome(champion=self.store.champion())
        if target != self.acted:
            outcome = self._act(target, outcome.champion)
            self.acted = target
        return outcome

    def _act(self, target: Target, before: str | None) -> Outcome:
        version = self.registry.fetch(target, self.store).name
        self.store.mend()  # or a promotion that a kill broke off would look like a roll-back
        champion = self.store.champion()
        if champion != version and not (self.acted is None and self._in_ledger(target, version)):
            self.store.promote(version, target.why, self.force)
            champion = version
        return Outcome(champion=champion, before=before, moved=champion != before)

    def _in_ledger(self, target: Target, version: str) -> bool:
        ours = f"{self.reference} is version "
        entries = [entry for entry in self.store.history() if entry.why.startswith(ours)]
        return bool(entries) and (entries[-1].why, entries[-1].after) == (target.why, version)


def follow(
    follower: Follower,
    every: float,
    report: Callable[[str], None],
    complain: Callable[[str], None],
    stop: Event,
) -> None:
    """Look again and again, ``every`` so many seconds, until told to stop.

    A champion is reported when it changes, a failure once until a look succeeds.

    Raises:
        InputError: not a reference into a registry.
    """
    told: set[str] = set()
    champion: str | None = ""
    while not stop.is_set():
        try:
            outcome = follower.look()
        except (StateError, OSError) as error:
            if str(error) not in told:
                complain(str(error))
            told.add(str(error))
        else:
            if told or outcome.champion != champion:
                report(outcome.line())
            champion = outcome.champion
            told.clear()
        stop.wait(every)
