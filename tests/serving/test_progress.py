from __future__ import annotations

import pytest

from serving.progress import Bar, Lines, Watched


class Clock:
    """A time that tests move."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Drawn:
    """What a bar of tqdm is told."""

    def __init__(self) -> None:
        self.n = self.initial = 0
        self.total: int | None = None

    def update(self, by: int) -> None:
        self.n += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_lines_tell_share_rate_and_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(clock)
    for at in range(1, 101):
        clock.now += 1
        lines(at * 1000, at / 100)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "tagging: 10%, 10,000 articles, 1,000 a second, 1:30 left"
    assert told[-1] == "tagging: 100%, 100,000 articles, 1,000 a second, 0:00 left"
    assert len(told) == 10


def test_a_run_that_goes_on_tells_its_own_rate(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(clock)
    lines(500_000, 0.5)
    clock.now += 10
    lines(600_000, 0.6)
    assert capsys.readouterr().err == (
        "tagging: 60%, 600,000 articles, 10,000 a second, 0:40 left\n"
    )


def test_where_nobody_knows_the_share_a_line_comes_every_half_minute(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(clock)
    for at in range(1, 71):
        clock.now += 1
        lines(at, 0.0)
    told = capsys.readouterr().err.splitlines()
    assert told == ["tagging: 31 articles, 1 a second", "tagging: 62 articles, 1 a second"]


def test_hours_are_told_as_hours(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(clock)
    lines(0, 0.0)
    clock.now += 100
    lines(1000, 0.01)
    assert capsys.readouterr().err == "tagging: 1%, 1,000 articles, 10 a second, 2:45:00 left\n"


def test_a_short_run_tells_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(clock)
    clock.now += 1
    lines(24, 1.0)
    assert capsys.readouterr().err == ""


def test_quiet_tells_nothing_but_what_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Watched()
    assert not quiet.begun
    quiet(5, 0.5)
    assert quiet.begun
    assert capsys.readouterr().err == ""
    quiet.say("a.jsonl:1: no title")
    assert capsys.readouterr().err == "a.jsonl:1: no title\n"


def test_a_bar_estimates_the_whole_from_the_share() -> None:
    drawn = Drawn()
    bar = Bar(drawn)
    bar(100, 0.25)
    assert (drawn.initial, drawn.n, drawn.total) == (100, 100, 400)
    bar(150, 0.3)
    assert (drawn.initial, drawn.n, drawn.total) == (100, 150, 500)
    bar(160, 0.0)
    assert (drawn.n, drawn.total) == (160, None)
