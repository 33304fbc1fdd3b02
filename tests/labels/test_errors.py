from __future__ import annotations

import pickle

import pytest

from labels.errors import (
    BrokenOffError,
    InputError,
    NewstagError,
    StateError,
    UnreadableError,
    VersionError,
)


def test_an_error_reads_where_what_and_how_to_fix_it() -> None:
    error = InputError("a.jsonl:3", "no id", "Give one")
    assert str(error) == "a.jsonl:3: no id. Give one."


@pytest.mark.parametrize(
    "kind",
    [NewstagError, InputError, UnreadableError, BrokenOffError, StateError, VersionError],
)
def test_an_error_survives_a_process_pool(kind: type[NewstagError]) -> None:
    again = pickle.loads(pickle.dumps(kind("here", "this", "Do that")))  # noqa: S301 - our own
    assert type(again) is kind
    assert (again.where, again.what, again.fix) == ("here", "this", "Do that")


def test_a_refused_version_is_a_wrong_state_but_no_wrong_input() -> None:
    assert issubclass(VersionError, StateError)
    assert not issubclass(VersionError, InputError)
