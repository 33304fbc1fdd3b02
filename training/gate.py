"""The gate: what a version must not be, beside the champion, to take its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labels.errors import StateError
from models.manifest import read_manifest
from models.store import Store
from models.sums import check_sums
from training.comparing import compare_with_live
from training.comparison import Comparison, not_compared
from training.phrases import articles
from training.sides import LEAST

# A fall of a group's macro-F1 that is no longer put down to chance, whatever the interval says:
# few articles show little, and a newsroom would rather wait for more of them.
_FALL = 0.02

OTHER_SCHEME = "another scheme"


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What let a version pass: the champion it was compared with, if any, and the verdict."""

    over: str | None
    verdict: str


def admit(store: Store, folder: Path, force: bool = False) -> Admission:
    """Let a version of the store pass if nothing speaks against it, or by ``force``.

    A change of champion that a kill broke off is finished first, so that the version is compared
    with what is live. What it cannot be compared with it does not replace without ``force``.

    Raises:
        StateError: it is worse than the champion, or cannot be compared with it.
        VersionError: it is damaged.
    """
    version = read_manifest(folder).version
    check_sums(folder)
    store.mend()
    champion = store.known()
    if champion == version or store.never():
        return Admission(over=champion, verdict="")
    found = _compared(store, champion, folder)
    against = objections(found)
    if against and not force:
        what = f"not better than the champion {champion}: {'; '.join(against)}"
        fix = "Train a better one, or promote it with --force and --why"
        see = f"; see: newstag compare {champion} {version}" if not found.refused else ""
        raise StateError(version, what, f"{fix}{see}")
    forced = f"forced, although {'; '.join(against)}" if against else ""
    return Admission(over=champion, verdict=forced or found.verdict)


def _compared(store: Store, champion: str | None, folder: Path) -> Comparison:
    if champion is None:
        why = "the pointer to the champion is damaged"
        return not_compared("none", folder.name, why)
    try:
        if (
            read_manifest(store.root / champion).scheme_digest
            != read_manifest(folder).scheme_digest
        ):
            return not_compared(champion, folder.name, OTHER_SCHEME)
        return compare_with_live(store.root / champion, folder)
    except StateError as error:
        return not_compared(champion, folder.name, f"{error.where}: {error.what}")


def objections(comparison: Comparison) -> list[str]:
    """Why ``second`` should not replace ``first``; none where nothing speaks against it."""
    if comparison.refused == OTHER_SCHEME:
        return []  # what that means for clients is told by the store, which refuses it
    if comparison.refused:
        return [f"they cannot be compared ({comparison.refused})"]
    if not comparison.enough:
        few = _counted(comparison.articles, comparison.distinct)
        needed = f"{LEAST} distinct ones are needed to compare"
        return [f"it has {few} with the champion, and {needed}"]
    return [*_shown_worse(comparison), *_fallen(comparison), *_unjudged(comparison)]


def _shown_worse(comparison: Comparison) -> Iterator[str]:
    yield from (f"shown worse on {phrase}" for phrase in comparison.worse_phrases)


def _fallen(comparison: Comparison) -> Iterator[str]:
    for one in comparison.groups:
        if one.enough and one.difference.value < -_FALL - 1e-9:
            fell = f"{one.group} falls by {-one.difference.value:.3f} macro-F1"
            yield f"{fell} ({one.first:.3f} to {one.second:.3f}; {_FALL} is allowed)"


def _unjudged(comparison: Comparison) -> Iterator[str]:
    """Labels that change where nobody can tell whether for the better."""
    for one in comparison.unjudged:
        few = f"{_counted(one.articles, one.distinct)} have gold ones of it"
        yield f"{one.group} gets other labels, and {few}, where {LEAST} are needed"


def _counted(count: int, distinct: int) -> str:
    found = articles(count, distinct, "common")
    return f"{found}," if "," in found else found
