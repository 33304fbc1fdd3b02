"""A moment is taken as it was meant, and what was added to it is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from models.moments import read_moment


@pytest.fixture(autouse=True)
def _in_berlin() -> Iterator[None]:
    """UTC+1 in winter, UTC+2 in summer, by a rule that needs no database of time zones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-24T14:00+08:00", "2026-11-24T06:00:00+00:00"),
        ("2026-11-24 14:00+08:00", "2026-11-24T06:00:00+00:00"),
        ("2026-11-24T14:00:05Z", "2026-11-24T14:00:05+00:00"),
        ("2026-11-24T14:00:05.5-05:00", "2026-11-24T19:00:05.500000+00:00"),
        (" 2026-11-24T14:00Z\n", "2026-11-24T14:00:00+00:00"),
        ("20261124T140000Z", "2026-11-24T14:00:00+00:00"),
    ],
)
def test_a_moment_with_an_offset_is_taken_as_it_is(text: str, utc: str) -> None:
    moment = read_moment(text)
    assert moment.time == datetime.fromisoformat(utc)
    assert moment.taken == ""
    assert moment.lines() == [f"at       {moment.time.isoformat()}", f"in UTC   {utc}"]


@pytest.mark.parametrize(
    ("text", "local", "utc"),
    [
        ("2026-11-24T14:00", "2026-11-24T14:00:00+01:00", "2026-11-24T13:00:00+00:00"),
        ("2026-07-24 14:00:07", "2026-07-24T14:00:07+02:00", "2026-07-24T12:00:07+00:00"),
        ("2026-10-25T03:00", "2026-10-25T03:00:00+01:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_a_moment_without_an_offset_is_local_time_of_the_machine(
    text: str, local: str, utc: str
) -> None:
    assert read_moment(text).lines() == [
        f"at       {local}, local time of this machine",
        f"in UTC   {utc}",
    ]


@pytest.mark.parametrize("text", ["2026-11-24", "20261124", "2026-W48-2"])
def test_a_date_is_its_beginning(text: str) -> None:
    assert read_moment(text).lines() == [
        (
            "at       2026-11-24T00:00:00+01:00, the beginning of that day in local time of this "
            "machine"
        ),
        "in UTC   2026-11-23T23:00:00+00:00",
    ]


def test_of_a_time_that_clocks_show_twice_the_first_is_taken_and_the_second_told() -> None:
    assert read_moment("2026-10-25T02:30").lines() == [
        "at       2026-10-25T02:30:00+02:00, local time of this machine",
        "in UTC   2026-10-25T00:30:00+00:00",
        ("note: clocks show 02:30:00 twice on that day; the second is 2026-10-25T02:30:00+01:00."),
    ]
    assert len(read_moment("2026-10-25T02:30+02:00").lines()) == 2


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "2026-03-29 02:30:00"])
def test_a_time_that_clocks_skip_is_taken_as_a_later_one_and_told(text: str) -> None:
    assert read_moment(text).lines() == [
        "at       2026-03-29T03:30:00+02:00, local time of this machine",
        "in UTC   2026-03-29T01:30:00+00:00",
        "note: clocks skip 02:30:00 on that day; it is taken as 03:30:00.",
    ]


@pytest.mark.parametrize(
    ("text", "notes"),
    [("01:59:59", 0), ("02:00", 1), ("02:59:59.999999", 1), ("03:00", 0)],
)
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_the_note_begins_and_ends_with_the_hour_it_is_about(
    day: str, text: str, notes: int
) -> None:
    assert len(read_moment(f"{day}T{text}").lines()) == 2 + notes


def test_a_day_that_begins_after_a_skipped_hour_or_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CST5CDT,M3.2.0/0,M11.1.0/1")  # as in Havana
    time.tzset()
    assert read_moment("2026-03-08").lines()[::2] == [
        (
            "at       2026-03-08T01:00:00-04:00, the beginning of that day in local time of this "
            "machine"
        ),
        "note: clocks skip 00:00:00 on that day; it is taken as 01:00:00.",
    ]
    assert read_moment("2026-11-01").lines() == [
        (
            "at       2026-11-01T00:00:00-04:00, the beginning of that day in local time of this "
            "machine"
        ),
        "in UTC   2026-11-01T04:00:00+00:00",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tuesday",
        "now",
        "14:00",
        "2026-11-24x14:00",
        "2026-11-24T",
        "2026-11-24T25:00",
        "2026-13-24",
        "2026-02-29",
        "24.11.2026",
        "2026-11-24T14:00 CET",
        "2026-11-24+01:00",
        "1764000000",
        "２０２６-11-24",
        "0001-01-01",
        "9999-12-31T23:59-05:00",
        "2026-11-24T14:00+99:00",
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment") as refused:
        read_moment(text)
    assert str(refused.value) == (
        f"'{text}' is no moment. Give one such as 2026-11-24T14:00+08:00, 2026-11-24T14:00 "
        "(local time) or 2026-11-24 (its beginning)."
    )
