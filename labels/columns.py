"""Columns: which key of a row holds which of our names."""

from __future__ import annotations

import json
from collections.abc import Iterable

from labels.article import NAMES
from labels.errors import InputError

_WHERE = "--columns"
_FIX = "Give OURS=THEIRS,…, for instance title=标题,content=正文"


def read_columns(text: str, groups: Iterable[str] = ()) -> dict[str, str]:
    """Their key by our name, as ``title=标题,content=正文`` says; blanks around are dropped.

    Our names are those of an article and the ids of ``groups``. A key that itself holds a comma
    or an equals sign is given in the other form, JSON: ``{"title": "标题,正文"}``.

    Raises:
        InputError: not of that form, an unknown name, one twice, an empty one.
    """
    known = [*NAMES, *groups]
    found: dict[str, str] = {}
    for ours, theirs in _pairs(text):
        if ours not in known:
            raise InputError(_WHERE, f"no name '{ours}'", f"Use one of: {', '.join(known)}")
        if not theirs:
            raise InputError(_WHERE, f"no key for {ours}", _FIX)
        if ours in found:
            raise InputError(_WHERE, f"'{ours}' stands twice", "Keep one of the two")
        if theirs in found.values():
            what = f"'{theirs}' is given for two names"
            raise InputError(_WHERE, what, "Give each name a key of its own")
        found[ours] = theirs
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        return _pairs_of_json(text)
    pairs = []
    for part in text.split(","):
        ours, equals, theirs = part.partition("=")
        if not equals or not ours.strip() or "=" in theirs:
            raise InputError(_WHERE, f"not OURS=THEIRS: '{part.strip()}'", _FIX)
        pairs.append((ours.strip(), theirs.strip()))
    return pairs


def _pairs_of_json(text: str) -> list[tuple[str, str]]:
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise InputError(_WHERE, f"not JSON ({error})", 'Give {"title": "标题"}') from error
    if not all(isinstance(theirs, str) for _, theirs in pairs):
        raise InputError(_WHERE, "a key that is not text", 'Give {"title": "标题"}')
    if not pairs:
        raise InputError(_WHERE, "no name in it", _FIX)
    return pairs  # type: ignore[no-any-return]  # as the hook gave them
