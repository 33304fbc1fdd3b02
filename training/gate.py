"""The gate: what a version must not be, beside the champion, to take its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labels.errors import StateError
from models.manifest import read_manifest
from models.store import Store
from models.sums import check_sums
from training.comparing import compare
from training.comparison import Comparison, interval_phrase, not_compared
from training.sides import LEAST

# A fall of a group's macro-F1 that is no longer put down to chance, whatever the interval says:
# few articles show little, and a newsroom would rather wait for more of them.
_FALL = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What let a version pass: the champion it was compared with, if any, and the verdict."""

    over: str | None
    verdict: str


def admit(store: Store, folder: Path, force: bool = False) -> Admission:
    """Let a version of the store pass if nothing speaks against it, or by ``force``.

    A champion that is damaged cannot be compared with, and is no reason to keep it.

    Raises:
        StateError: it is worse than the champion, or cannot be compared with it.
        VersionError: it is damaged.
    """
    version = read_manifest(folder).version
    check_sums(folder)
    champion = store.champion()
    if champion in {None, version}:
        return Admission(over=champion, verdict="")
    found = _compared(store.root / str(champion), folder)
    against = [] if found.refused else objections(found)
    if against and not force:
        fix = "Train a better one, or promote it with --force and --why; see: newstag compare"
        what = f"not better than the champion {champion}: {'; '.join(against)}"
        raise StateError(version, what, f"{fix} {champion} {version}")
    forced = f"forced, although {'; '.join(against)}" if against else ""
    return Admission(over=champion, verdict=forced or found.verdict)


def _compared(champion: Path, folder: Path) -> Comparison:
    try:
        live = read_manifest(champion)
        check_sums(champion)
    except StateError as error:
        return not_compared(champion.name, folder.name, f"the champion is damaged ({error.what})")
    if live.scheme_digest != read_manifest(folder).scheme_digest:
        return not_compared(champion.name, folder.name, "another scheme")  # the store refuses it
    return compare(champion, folder)


def objections(comparison: Comparison) -> list[str]:
    """Why ``second`` should not replace ``first``; none where nothing speaks against it."""
    if not comparison.enough:
        few = f"{comparison.articles} common article{'' if comparison.articles == 1 else 's'}"
        return [f"it has {few} with the champion, and {LEAST} are needed to compare"]
    return [*_shown_worse(comparison), *_fallen(comparison)]


def _shown_worse(comparison: Comparison) -> Iterator[str]:
    for one in comparison.worse:
        yield f"{one.group}:{one.label} is shown worse (F1 {interval_phrase(one.difference)})"


def _fallen(comparison: Comparison) -> Iterator[str]:
    for one in comparison.groups:
        if one.difference.value < -_FALL - 1e-9:
            fell = f"{one.group} falls by {-one.difference.value:.3f} macro-F1"
            yield f"{fell} ({one.first:.3f} to {one.second:.3f}; {_FALL} are allowed)"
