from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from serving.settings import Settings

Newstag = Callable[..., CompletedProcess[str]]
Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing answers there


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What would have been served."""
    calls: Calls = []
    monkeypatch.setattr("serving.run.run", lambda *given, **more: calls.append((given, more)))
    return calls


def test_without_options_this_machine_is_served_with_the_champion(
    newstag: Newstag, ran: Calls
) -> None:
    done = newstag("serve")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    settings = Settings(store=Path("models/store"))
    assert ran == [((settings, "127.0.0.1", 8000, 1), {"open_to_all": False})]


def test_every_option_reaches_the_service(newstag: Newstag, ran: Calls, tmp_path: Path) -> None:
    words = ["--host", "::1", "--port", "0", "--workers", "3", "--model", "latest"]
    words += ["--segmenter", "jieba", "--deadline", "2.5", "--queue", "7", "--drain", "0"]
    done = newstag("serve", *words, "--without-keys", "--store", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    settings = Settings(
        store=tmp_path, model="latest", segmenter="jieba", deadline=2.5, queue=7, drain=0.0
    )
    assert ran == [((settings, "::1", 0, 3), {"open_to_all": True})]


def test_the_environment_reaches_the_service(
    newstag: Newstag, ran: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DEADLINE": "2.5", "QUEUE": "7", "DRAIN": "600", "WORKERS": "2"}.items():
        monkeypatch.setenv(f"NEWSTAG_{name}", value)
    assert newstag("serve").returncode == 0
    (((settings, _, _, workers), _),) = ran
    assert (settings.deadline, settings.queue, settings.drain, workers) == (2.5, 7, 600.0, 2)


def test_no_variable_lets_others_in_without_keys(
    newstag: Newstag, ran: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSTAG_WITHOUT_KEYS", "1")
    newstag("serve")
    assert [more for _, more in ran] == [{"open_to_all": False}]


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("--deadline", "0", "0.0 is not in the range 0.1<=x<=3600."),
        ("--deadline", "3601", "3601.0 is not in the range 0.1<=x<=3600."),
        ("--deadline", "nan", "nan is not finite. Give a number between 0.1 and 3600."),
        ("--deadline", "soon", "'soon' is not a valid float range."),
        ("--queue", "0", "0 is not in the range 1<=x<=1000."),
        ("--queue", "1.5", "'1.5' is not a valid integer range."),
        ("--drain", "-1", "-1.0 is not in the range 0<=x<=600."),
        ("--drain", "inf", "inf is not in the range 0<=x<=600."),
        ("--drain", "nan", "nan is not finite. Give a number between 0 and 600."),
        ("--workers", "0", "0 is not in the range x>=1."),
        ("--port", "65536", "65536 is not in the range 0<=x<=65535."),
    ],
)
def test_a_wrong_value_is_wrong_usage(
    newstag: Newstag, ran: Calls, option: str, value: str, fault: str
) -> None:
    done = newstag("serve", option, value)
    assert (done.returncode, done.stdout) == (2, "")
    variable = f"NEWSTAG_{option[2:].upper()}"
    assert done.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '{option}' (env var: '{variable}'): {fault}"
    )
    assert ran == []


def test_others_are_not_served_without_keys(newstag: Newstag, trained: Path) -> None:
    done = newstag("serve", "--host", ANYWHERE, "--store", trained)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{ANYWHERE}: no API keys, and others could reach this address. Make a key: newstag keys "
        "add NAME --scope predict; or give --without-keys.\n"
    )


def test_damaged_keys_are_one_line(newstag: Newstag, store: Path) -> None:
    (store / "keys.json").write_text("{")
    done = newstag("serve", "--store", store)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{store / 'keys.json'}: a damaged file of keys. Restore it from a backup, or delete it "
        "and make new keys.\n"
    )
