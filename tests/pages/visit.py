"""Visits: pages opened in browsers of their own, and what those complained of meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.pages.posts import Post


class Visits:
    """Each visit is a new context: another person at another desk.

    ``complaints`` are errors and warnings of the console, ``strangers`` the addresses of other
    hosts that were asked for something.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []

    @property
    def strangers(self) -> list[str]:
        here = urlsplit(self.url)
        places = {one: urlsplit(one) for one in self.requests}
        return [
            one
            for one, at in places.items()
            if (at.scheme, at.hostname, at.port) != (here.scheme, here.hostname, here.port)
        ]

    def open(self, path: str, *, locale: str = "en-US", width: int = 1280, **more: Any) -> Page:
        """Open a page; ``more`` is of ``new_context``. Scrolling takes no time."""
        phone = width < 600
        viewport = {"width": width, "height": 844 if phone else 900}
        of_phone = {"is_mobile": phone, "has_touch": phone}
        more = {
            "locale": locale,
            "viewport": viewport,
            "reduced_motion": "reduce",
            **of_phone,
            **more,
        }
        context = self._browser.new_context(**more)
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        context.on("console", lambda said: self._complain(said.type, said.text))
        context.on("weberror", lambda error: self._complain("error", str(error.error)))
        context.on("request", lambda request: self.requests.append(request.url))
        page = context.new_page()
        page.goto(f"{self.url}{path}")
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def fill(page: Page, post: Post) -> None:
    page.fill("#title", post.title)
    page.fill("#post", post.content)


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """Do something that brings another answer into the page; it is there afterwards."""
    before = page.query_selector("#answer")
    yield
    page.wait_for_function("(old) => document.getElementById('answer') !== old", arg=before)


def tag(page: Page, post: Post) -> None:
    """Paste a post and press the button."""
    fill(page, post)
    with answered(page):
        page.click("#tag")


def focused(page: Page) -> str:
    """The id of the element that has the focus."""
    found: str = page.evaluate("document.activeElement.id")
    return found
