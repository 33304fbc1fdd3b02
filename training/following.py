"""Following: the store's champion is kept where an alias of a registry points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

from labels.errors import StateError
from models.store import Store
from training.acted import Acted, acting, read_acted, write_acted
from training.registry import Registry, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a look led to: the champion, and the one before it if this look changed it.

    ``left`` says that the alias names something else, which was promoted before and then left.
    """

    champion: str | None
    before: str | None = None
    moved: bool = False
    left: bool = False

    def line(self) -> str:
        if self.moved:
            return f"{self.champion} is champion, after {self.before or 'none'}"
        left = "; what the alias names was promoted once, and left since" if self.left else ""
        return f"nothing new: {self.champion or 'none'} is champion{left}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """An alias that a store follows: where it moves, the champion goes, once.

    What an alias names is promoted when it is first seen there, and not again: whoever rolls
    back or promotes in the store has the last word until the alias moves on. What was acted
    upon is kept in the store, for every follower of it.
    """

    registry: Registry
    reference: str
    store: Store
    force: bool = False

    def look(self) -> Outcome:
        """Look once, and act if the alias has moved.

        Raises:
            InputError: not a reference into a registry.
            StateError: no answer, nothing there, a damaged version, or another scheme than the
                champion's without ``force``. The champion stays, and the next look tries again.
        """
        if not self.store.root.is_dir():
            self.registry.look(self.reference)  # one that leads nowhere makes no store
        with acting(self.store.root):
            target = self.registry.look(self.reference)  # or it could be older than the last one
            before = self.store.champion()
            self.store.mend()  # or a promotion that a kill broke off would look like a roll-back
            acted = self._acted(target)
            if acted.entries is not None:
                self._act(acted, acted.entries)
            champion = self.store.champion()
        left = champion != acted.version
        return Outcome(champion=champion, before=before, moved=champion != before, left=left)

    def _acted(self, target: Target) -> Acted:
        """What was done for what the alias names now, or is to be done, with it in the store."""
        acted = read_acted(self.store.root, self.reference)
        if acted is not None and acted.target == target:
            if acted.entries is not None:
                self.registry.fetch(target, self.store)  # somebody may have removed a damaged one
            return acted
        version = self.registry.fetch(target, self.store).name
        return Acted(target=target, version=version, entries=len(self.store.history()))

    def _act(self, acted: Acted, entries: int) -> None:
        """Promote it, unless somebody has since it was begun; then keep that it was done."""
        promoted = any(one.after == acted.version for one in self.store.history()[entries:])
        if not promoted and self.store.champion() != acted.version:
            write_acted(self.store.root, self.reference, acted)
            self.store.promote(acted.version, acted.target.why, self.force)
        write_acted(self.store.root, self.reference, replace(acted, entries=None))


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
