"""The form of the page: what a browser sends when a person asks."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from labels.article import Article

MEDIA_TYPE = "application/x-www-form-urlencoded"
# Bytes, of 58,000 Chinese characters; parsing as many takes a twentieth of a second.
LARGEST_FORM = 512 * 1024
_MOST_FIELDS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A post to tag, and the label to explain: ``show`` is "GROUP.LABEL", or empty."""

    title: str = ""
    content: str = ""
    show: str = ""

    def is_empty(self) -> bool:
        return not (self.title.strip() or self.content.strip())

    def as_article(self) -> Article:
        return Article(id="", title=self.title, content=self.content)


def parse_form(body: bytes) -> Asked:
    """What a form says.

    Browsers send each line break as CR LF, whatever was pasted; the text has line feeds again.

    Raises:
        HTTPException: 413 or 400, where it is too large or has too many fields.
    """
    if len(body) > LARGEST_FORM:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:  # its message repeats what was sent
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    fields = dict(pairs)
    return Asked(
        title=_line_feeds(fields.get("title", "")),
        content=_line_feeds(fields.get("content", "")),
        show=fields.get("show", ""),
    )


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
