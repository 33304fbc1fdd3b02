"""Keys as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serving.keys import Key


def key_lines(keys: Sequence[Key]) -> Iterator[str]:
    """A line a key: name, the id within its token, scopes, and when it was made and revoked."""
    if not keys:
        yield "No keys; make one with: newstag keys add NAME --scope predict"
        return
    scopes = [", ".join(sorted(key.scopes)) for key in keys]
    names_to, scopes_to = max(len(key.name) for key in keys), max(map(len, scopes))
    for key, opened in zip(keys, scopes, strict=True):
        revoked = f", revoked {key.revoked}" if key.revoked else ""
        times = f"created {key.created}{revoked}"
        yield f"{key.name:{names_to}}  {key.id}  {opened:{scopes_to}}  {times}"
