"""States: every page there is to see, and how to get there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Page

from tests.pages.posts import DOUBTFUL, SURE, Post
from tests.pages.visit import Visits, tag


def _tagged(post: Post) -> Callable[..., Page]:
    def open_it(visits: Visits, **more: Any) -> Page:
        page = visits.open("/", **more)
        tag(page, post)
        return page

    return open_it


def _plain(path: str) -> Callable[..., Page]:
    def open_it(visits: Visits, **more: Any) -> Page:
        return visits.open(path, **more)

    return open_it


def _problem(visits: Visits, **more: Any) -> Page:
    page = visits.open("/?example=none", **more)
    assert "status of 404 (" in visits.complaints.pop()
    return page


STATES: Mapping[str, Callable[..., Page]] = {
    "empty": _plain("/"),
    "nothing": _tagged(Post("", "")),
    "review": _tagged(DOUBTFUL),
    "no-review": _tagged(SURE),
    "model": _plain("/model"),
    "problem": _problem,
}
# Each state in colours of both kinds or near another that shares its parts; English, which is the
# longer, on a phone; both languages and both widths in both colours over all.
SEEN: list[tuple[str, Mapping[str, Any]]] = [
    ("empty", {"locale": "en-US", "color_scheme": "light", "width": 390}),
    ("nothing", {"locale": "zh-CN", "color_scheme": "dark", "width": 1280}),
    ("review", {"locale": "en-US", "color_scheme": "light", "width": 390}),
    ("review", {"locale": "zh-CN", "color_scheme": "dark", "width": 1280}),
    ("no-review", {"locale": "en-US", "color_scheme": "dark", "width": 390}),
    ("no-review", {"locale": "zh-CN", "color_scheme": "light", "width": 1280}),
    ("model", {"locale": "en-US", "color_scheme": "dark", "width": 390}),
    ("model", {"locale": "zh-CN", "color_scheme": "light", "width": 1280}),
    ("problem", {"locale": "en-US", "color_scheme": "light", "width": 390}),
]
