"""Rendering: templates become pages, which need no script and nothing from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from serving.language import Language

if TYPE_CHECKING:
    from jinja2 import Environment

PAGES = frozenset({"/", "/model"})
ASSETS: Mapping[str, str] = {
    "/assets/page.css": "text/css; charset=utf-8",
    "/assets/page.js": "text/javascript; charset=utf-8",
    "/assets/icon.svg": "image/svg+xml",
}
# Everything comes from here, and nothing that a post says can become a script or a style.
POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HERE = Path(__file__).parent


class Page(Response):
    """A page in HTML."""

    media_type = "text/html"

    def __init__(self, text: str, language: Language, status: int = 200) -> None:
        headers = {"Content-Language": language.tag, "Vary": "Accept-Language"}
        super().__init__(text.encode("utf-8", "replace"), status, headers)


class Asset(Response):
    """A file that pages load; it is kept for as long as its name has the mark of its content."""

    def __init__(self, path: str, mark: str | None) -> None:
        data, current = _asset(path)
        super().__init__(data, headers={"Content-Type": ASSETS[path]})
        self.lasts = mark == current


def render(template: str, language: Language, path: str, **values: object) -> str:
    """A template, filled in. What is filled in is text, whatever it looks like."""
    shown = compiled().get_template(template)
    return shown.render(
        language=language, say=language.say, link=language.link, path=path, marked=marked, **values
    )


def marked(path: str) -> str:
    """The address of an asset, which changes with its content."""
    return f"{path}?v={_asset(path)[1]}"


@cache
def _asset(path: str) -> tuple[bytes, str]:
    data = (_HERE / path.removeprefix("/")).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]


@cache
def compiled() -> Environment:
    """The templates, ready to be filled in."""
    found = _environment()
    for template in found.list_templates():
        found.get_template(template)
    return found


def _environment() -> Environment:
    # A service that only programs ask never needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
