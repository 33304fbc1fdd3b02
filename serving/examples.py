"""Examples: starter articles to try, one of each kind that there is to see."""

from __future__ import annotations

from functools import cache

from labels.article import Article
from labels.shipped import starter_article

# Results in two domains, a call for projects, an approved drug, a day out, two features (of an
# occasion, and of a company), a meeting of no domain, and one that is too short.
_IDS = ("s1-025", "s1-043", "s1-017", "s4-041", "s20-020", "s9-030", "s1-028", "s12-011")


@cache
def examples() -> dict[str, Article]:
    """The examples by their ids, in the order in which they are offered."""
    return {name: starter_article(name) for name in _IDS}
