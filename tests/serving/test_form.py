"""A form is read as browsers send it, and refused where it is no form."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from starlette.exceptions import HTTPException

from serving.form import LARGEST_FORM, Asked, parse_form


def test_a_form_has_a_title_a_content_and_a_label_to_explain() -> None:
    body = urlencode({"title": "青石 & Co", "content": "湖水+清澈=100%", "show": "type.news"})
    assert parse_form(body.encode()) == Asked(
        title="青石 & Co", content="湖水+清澈=100%", show="type.news"
    )


def test_line_breaks_are_line_feeds_again() -> None:
    body = urlencode({"content": "一\r\n二\r三\n四"})
    assert parse_form(body.encode()).content == "一\n二\n三\n四"


def test_what_is_no_utf_8_is_shown_as_such() -> None:
    assert parse_form(b"content=%ff%E6%B9%96").content == "\ufffd湖"


def test_an_empty_form_asks_for_nothing() -> None:
    assert parse_form(b"").is_empty()
    assert parse_form(b"title=+&content=%0D%0A").is_empty()
    assert not parse_form(b"title=a").is_empty()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"content=" + b"a" * LARGEST_FORM, 413),
        (b"&".join(b"a%d=b" % at for at in range(17)), 400),
    ],
)
def test_a_form_beyond_its_limits_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        parse_form(body)
    assert refused.value.status_code == status
