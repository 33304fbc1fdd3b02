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
# Every two of language, colours and width meet once; the short states are seen in two of the four.
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "zh-light-390": {"locale": "zh-CN", "color_scheme": "light", "width": 390},
    "zh-dark-1280": {"locale": "zh-CN", "color_scheme": "dark", "width": 1280},
    "en-light-1280": {"locale": "en-US", "color_scheme": "light", "width": 1280},
    "en-dark-390": {"locale": "en-US", "color_scheme": "dark", "width": 390},
}
SEEN = [
    (state, look)
    for state in STATES
    for look in LOOKS
    if state in {"review", "no-review", "model"} or look in {"zh-dark-1280", "en-dark-390"}
]
