"""Which model was live on Tuesday at 14:00, as the command line tells it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Newstag = Callable[..., CompletedProcess[str]]
LATER = "20260301T000000Z-0000000b"


@pytest.fixture(autouse=True)
def _in_shanghai() -> Iterator[None]:
    """UTC+8, by a rule that needs no database of time zones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CST-8")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def told(store: Path, version: Path) -> Path:
    """A store whose ledger tells of two champions; of the second it holds no folder."""
    rows: list[dict[str, object]] = [
        {"time": "2026-03-03T04:00:00+00:00", "action": "first", "before": None},
        {"time": "2026-03-03T06:00:00+00:00", "action": "promote", "before": version.name},
    ]
    names = [version.name, LATER]
    lines = [
        json.dumps({**row, "by": "小满", "after": name, "why": "更准"})
        for row, name in zip(rows, names, strict=True)
    ]
    (store / "ledger.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (store / "champion").write_text(f"{LATER}\n", "ascii")
    return store


@pytest.fixture
def at(newstag: Newstag, told: Path) -> Newstag:
    def run(moment: str) -> CompletedProcess[str]:
        return newstag("models", "history", "--at", moment, "--store", told)

    return run


def test_it_is_told_which_version_was_live_at_a_local_time(at: Newstag, version: Path) -> None:
    done = at("2026-03-03T13:59")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "at       2026-03-03T13:59:00+08:00, local time of this machine",
        "in UTC   2026-03-03T05:59:00+00:00",
        f"version  {version.name}",
        "since    2026-03-03T04:00:00+00:00, first by 小满",
        "why      更准",
        f"until    2026-03-03T06:00:00+00:00, when {LATER} became champion",
    ]


def test_a_time_with_an_offset_is_taken_as_it_is(at: Newstag) -> None:
    lines = at("2026-03-03 07:00+01:00").stdout.splitlines()
    assert lines[:3] == [
        "at       2026-03-03T07:00:00+01:00",
        "in UTC   2026-03-03T06:00:00+00:00",
        f"version  {LATER}",
    ]


def test_a_date_is_its_beginning(at: Newstag) -> None:
    first, second, *_ = at("2026-03-04").stdout.splitlines()
    assert first == (
        "at       2026-03-04T00:00:00+08:00, the beginning of that day in local time of this "
        "machine"
    )
    assert second == "in UTC   2026-03-03T16:00:00+00:00"


def test_a_time_that_clocks_show_twice_is_noted(
    at: Newstag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    assert at("2026-10-25T02:30").stdout.splitlines()[2] == (
        "note: clocks show 02:30:00 twice on that day; the second is 2026-10-25T02:30:00+01:00."
    )


def test_the_future_is_answered_with_the_present_champion(at: Newstag) -> None:
    lines = at("2999-01-01").stdout.splitlines()
    assert lines[2] == f"version  {LATER}"
    assert lines[-1] == "note: that is in the future; this is the present champion."


def test_before_the_first_champion_is_an_error_that_names_it(
    at: Newstag, told: Path, version: Path
) -> None:
    done = at("2026-03-03T11:59")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{told}: no version was live at 2026-03-03T03:59:00+00:00: the first, {version.name}, is "
        "champion since 2026-03-03T04:00:00+00:00. Give that time or a later one.\n"
    )


@pytest.mark.parametrize("moment", ["Tuesday 14:00", "", "2026-02-30"])
def test_what_is_no_time_is_wrong_usage(at: Newstag, moment: str) -> None:
    done = at(moment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--at': '{moment}' is no moment. Give one such as "
        "2026-11-24T14:00+08:00, 2026-11-24T14:00 (local time) or 2026-11-24 (its beginning)."
    )


def test_help_says_whose_time_it_is(newstag: Newstag) -> None:
    text = " ".join(newstag("models", "history", "--help").stdout.split())
    assert (
        "--at TIME Tell which version was live then. ISO 8601: a date and time, or a date, which "
        "means its beginning, 00:00; without an offset in local time of this machine."
    ) in text
