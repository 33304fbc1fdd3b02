"""What wrk said, read back. No load is made here."""

from __future__ import annotations

import pytest

from benchmarks.wrk import LoadError, load_from

SAID = {
    "requests": 500.0,
    "microseconds": 2_000_000.0,
    "p50": 3000.0,
    "p99": 9500.0,
    "not200": 0,
    "connect": 0,
    "read": 0,
    "write": 0,
    "timeout": 0,
}


def test_a_load_is_told_in_requests_a_second_and_milliseconds() -> None:
    found = load_from(SAID)
    assert (found.rate, found.p50, found.p99) == (250.0, 3.0, 9.5)


@pytest.mark.parametrize("error", ["not200", "connect", "read", "write", "timeout"])
def test_one_wrong_answer_fails_a_load(error: str) -> None:
    with pytest.raises(LoadError, match=f"of 500 answers: {{'{error}': 1}}"):
        load_from({**SAID, error: 1})


def test_a_load_without_answers_fails() -> None:
    with pytest.raises(LoadError, match="of 0 answers: none"):
        load_from({**SAID, "requests": 0})
