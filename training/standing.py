"""Standing: how a store and the registry agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labels.errors import StateError
from models.refusing import is_whole
from models.store import Store
from models.sums import sums_digest
from training.registration import CHALLENGER, CHAMPION, Registered


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What store and registry hold, by version id; the lists are what they do not agree in.

    ``registered`` has the versions that are in both; ``damaged`` are those of them whose files
    here are not what their sums say, ``differing`` the whole ones with other sums than the
    registry's tag. ``pruned`` are those that the store let go on purpose. ``champion`` and
    ``named`` are the champions of store and registry, the latter though its files may be lost.
    ``unknown`` are registered models that do not say which version they hold: of another program
    perhaps, and no disagreement.
    """

    registered: dict[str, Registered]
    unregistered: list[str]
    missing: list[Registered]
    pruned: list[Registered]
    damaged: list[Registered]
    differing: list[Registered]
    unknown: list[Registered]
    champion: str | None
    named: Registered | None
    challenger: Registered | None

    @property
    def agreed(self) -> bool:
        lists = (self.unregistered, self.missing, self.damaged, self.differing)
        return not any(lists) and self.champions_agree

    @property
    def champions_agree(self) -> bool:
        if self.named is None:
            return self.champion is None
        named = self.named.version if not self.named.lost else None
        return self.champion == named and self.challenger != self.named


def standing(store: Store, held: Sequence[Registered], *, hashed: bool = True) -> Standing:
    """How the store agrees with what the registry holds.

    The files of the store are read only where they are to be ``hashed``.
    """
    versions, pruned = store.versions(), store.pruned()
    there = [one for one in held if not one.lost]
    # One version registered twice: the first counts, unless another one has an alias.
    by_version = {one.version: one for one in there if one.version}
    by_version |= {one.version: one for one in there if one.version and one.aliases}
    registered = {v: by_version[v] for v in versions if v in by_version}
    elsewhere = [one for v, one in sorted(by_version.items()) if v not in registered]
    damaged = [one for v, one in registered.items() if hashed and not is_whole(store.root / v)]
    return Standing(
        registered=registered,
        unregistered=[version for version in versions if version not in by_version],
        missing=[one for one in elsewhere if one.version not in pruned],
        pruned=[one for one in elsewhere if one.version in pruned],
        damaged=damaged,
        differing=[
            one
            for version, one in registered.items()
            if one not in damaged and sums_of(store, version) != one.sums
        ],
        unknown=[one for one in there if not one.version],
        champion=store.champion(),
        named=_holder(held, CHAMPION),
        challenger=_holder(held, CHALLENGER),
    )


def sums_of(store: Store, version: str) -> str | None:
    """The digest of the sums that a version of the store lists; None where they cannot be read."""
    try:
        return sums_digest(store.root / version)
    except StateError:  # missing or damaged
        return None


def _holder(held: Sequence[Registered], alias: str) -> Registered | None:
    return next((one for one in held if alias in one.aliases), None)


def standing_lines(found: Standing, uri: str) -> Iterator[str]:
    """What the registry has of the store's versions, and where the two do not agree."""
    yield f"registry {uri}"
    for version, one in found.registered.items():
        aliases = "".join(f" @{alias}" for alias in one.aliases)
        yield f"  {version}  newstag {one.number}{aliases}"
    if found.pruned:
        yield f"  {len(found.pruned)} more, pruned here"
    for one in found.unknown:
        yield f"  newstag {one.number} does not say which version it holds"
    if found.agreed:
        yield "  store and registry agree"
        return
    for line in differences(found):
        yield f"  {line}"
    yield "  newstag models sync mends it, or says what is to be decided"


def differences(found: Standing) -> Iterator[str]:
    """Where store and registry do not agree, a line for each."""
    for version in found.unregistered:
        yield f"{version} is not registered"
    for one in found.missing:
        yield f"{one.version} is not in the store, but newstag {one.number}"
    for one in found.damaged:
        yield f"{one.version} is damaged in the store, but newstag {one.number}"
    for one in found.differing:
        yield f"{one.version} has other sums than newstag {one.number}"
    if not found.champions_agree:
        named = (found.named.version or f"newstag {found.named.number}") if found.named else "none"
        lost = ", whose files are lost," if found.named and found.named.lost else ""
        yield f"the champion is {found.champion or 'none'} here, and {named}{lost} in the registry"
