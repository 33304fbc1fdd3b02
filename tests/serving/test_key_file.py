"""The file of keys is private, and whole or refused; it is never taken for missing."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labels.errors import InputError, StateError
from models.files import locked
from models.store import Store
from serving.keys import KeyFile, Keyring, read_keyring

ROOT = Path(__file__).parents[2]
RESTORE = "Restore it from a backup, or delete it and make new keys"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def file(path: Path) -> KeyFile:
    return KeyFile(path)


@pytest.fixture
def change(file: KeyFile, path: Path) -> Callable[..., None]:
    """Change the only row of a file by hand."""

    def by_hand(**changed: object) -> None:
        file.add("desk", ["predict"])
        raw = json.loads(path.read_text("utf-8"))
        raw["keys"][0] |= changed
        path.write_text(json.dumps(raw), "utf-8")

    return by_hand


def ring(path: Path) -> Keyring:
    found = read_keyring(path)
    assert found is not None
    return found


def names(path: Path) -> list[str]:
    return [key.name for key in ring(path).keys]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_come_back_in_the_order_they_were_made(file: KeyFile) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    file.add("page", ["predict"])
    file.add("desk", ["metrics", "admin", "metrics"])
    first, second = file.keys()
    assert (first.name, set(first.scopes), first.revoked) == ("page", {"predict"}, None)
    assert (second.name, set(second.scopes), second.revoked) == ("desk", {"metrics", "admin"}, None)
    assert before <= datetime.fromisoformat(first.created) <= datetime.now(UTC)


def test_a_file_is_readable_json(file: KeyFile, path: Path) -> None:
    file.add("desk", ["predict", "metrics"])
    (made,) = file.keys()
    lines = path.read_text("ascii").splitlines()
    assert lines[:2] == ["{", ' "format": 1,']
    assert json.loads("\n".join(lines)) == {
        "format": 1,
        "keys": [
            {
                "name": "desk",
                "scopes": ["metrics", "predict"],
                "created": made.created,
                "revoked": None,
                "digest": made.digest,
                "id": made.id,
            }
        ],
    }


def test_nobody_else_may_read_the_file(file: KeyFile, path: Path) -> None:
    file.add("desk", ["predict"])
    assert mode(path) == 0o600
    path.chmod(0o644)  # as a restored backup may be
    file.add("page", ["predict"])
    assert mode(path) == 0o600
    file.revoke("desk")
    assert mode(path) == 0o600


def test_a_revoked_key_stays_in_the_file_with_its_time(file: KeyFile) -> None:
    file.add("desk", ["predict"])
    (live,) = file.keys()
    revoked = file.revoke("desk")
    assert file.keys() == [revoked]
    assert revoked == replace(live, revoked=revoked.revoked)
    assert revoked.revoked is not None
    assert live.created <= revoked.revoked


def test_revoking_a_name_used_again_revokes_the_live_key(file: KeyFile) -> None:
    file.add("desk", ["predict"])
    first = file.revoke("desk")
    file.add("desk", ["metrics"])
    second = file.revoke("desk")
    assert file.keys() == [first, second]
    assert second.scopes == {"metrics"}


def test_a_key_makes_the_folder_that_its_file_lies_in(tmp_path: Path) -> None:
    KeyFile(tmp_path / "one" / "store" / "keys.json").add("desk", ["predict"])
    assert ring(tmp_path / "one" / "store" / "keys.json").keys[0].name == "desk"


def test_a_link_stays_and_what_it_points_at_changes(tmp_path: Path, path: Path) -> None:
    elsewhere = tmp_path / "secrets" / "keys.json"
    KeyFile(elsewhere).add("desk", ["predict"])
    path.symlink_to(elsewhere)
    KeyFile(path).add("page", ["predict"])
    assert path.is_symlink()
    assert names(elsewhere) == ["desk", "page"]


ADD_MANY = """
import sys
from pathlib import Path
from serving.keys import KeyFile
print("ready", flush=True)
for n in range(20): KeyFile(Path(sys.argv[1])).add(f"{sys.argv[2]}{n}", ["predict"])
"""


def test_two_processes_that_add_at_once_lose_nothing(path: Path) -> None:
    pipe = subprocess.PIPE
    with locked(path.with_name(".keys.json.lock")):  # neither begins before the other is there
        running = [
            subprocess.Popen(
                [sys.executable, "-c", ADD_MANY, path, name], cwd=ROOT, stdout=pipe, text=True
            )
            for name in ("desk", "page")
        ]
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
    assert [(one.communicate()[0], one.returncode) for one in running] == [("", 0)] * 2
    made = sorted(names(path))
    assert made == sorted(f"{name}{n}" for name in ("desk", "page") for n in range(20))


KILLED = """
import os, signal, sys
from pathlib import Path
from serving.keys import KeyFile
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
KeyFile(Path(sys.argv[1])).add("page", ["predict"])
"""


def test_a_kill_before_the_end_leaves_the_keys_as_they_were(file: KeyFile, path: Path) -> None:
    token = file.add("desk", ["predict"])
    done = subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = (one for one in path.parent.glob(".keys.json.*") if one.suffix != ".lock")
    assert '"page"' in left.read_text("ascii")
    assert mode(left) == 0o600
    assert names(path) == ["desk"]
    file.add("page", ["predict"])  # neither the lock nor what was left stands in the way
    assert names(path) == ["desk", "page"]
    assert ring(path).find(token.encode()) is not None


def test_keys_are_no_versions_of_the_store(tmp_path: Path) -> None:
    KeyFile(tmp_path / "keys.json").add("desk", ["predict"])
    assert Store(tmp_path).versions() == []
    assert Store(tmp_path).champion() is None


@pytest.mark.parametrize(
    "name", ["", "-desk", ".desk", "_desk", "Desk", "a b", "a/b", "桌", "desk\n", "a" * 65]
)
def test_what_is_no_name_is_refused_and_not_repeated(file: KeyFile, path: Path, name: str) -> None:
    message = (
        "name: not a name for a key. Use 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter "
        "or digit."
    )
    calls: list[Callable[[], object]] = [
        lambda: file.add(name, ["predict"]),
        lambda: file.revoke(name),
    ]
    for call in calls:
        with pytest.raises(InputError) as refused:
            call()
        assert str(refused.value) == message
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "7", "desk-2.page_b", "a" * 64])
def test_a_name_of_the_field_is_taken(file: KeyFile, name: str) -> None:
    file.add(name, ["predict"])
    assert file.revoke(name).name == name


def test_a_token_given_as_a_name_is_not_repeated(file: KeyFile) -> None:
    token = file.add("desk", ["predict"])
    with pytest.raises(InputError) as refused:
        file.revoke(token)
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        ([], "scope: none given. Use one or more of: predict, metrics, admin."),
        (["predict", "fly"], "scope: no scope 'fly'. Use one or more of: predict, metrics, admin."),
        (["Admin"], "scope: no scope 'Admin'. Use one or more of: predict, metrics, admin."),
    ],
)
def test_a_key_needs_scopes_that_there_are(
    file: KeyFile, path: Path, scopes: list[str], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        file.add("desk", scopes)
    assert str(refused.value) == message
    assert list(path.parent.iterdir()) == []


def test_the_name_of_a_live_key_is_taken(file: KeyFile, path: Path) -> None:
    file.add("desk", ["predict"])
    before = path.read_bytes()
    with pytest.raises(StateError) as refused:
        file.add("desk", ["metrics"])
    assert str(refused.value) == (
        f"{path}: a live key has the name 'desk'. Revoke it first, or choose another name."
    )
    assert path.read_bytes() == before


def test_a_key_that_there_is_not_cannot_be_revoked(file: KeyFile, path: Path) -> None:
    file.add("desk", ["predict"])
    with pytest.raises(StateError) as refused:
        file.revoke("page")
    assert str(refused.value) == f"{path}: no key 'page'. See: newstag keys list."


def test_revoking_without_a_file_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(StateError) as refused:
        KeyFile(tmp_path / "store" / "keys.json").revoke("desk")
    assert str(refused.value) == (
        f"{tmp_path / 'store' / 'keys.json'}: no key 'desk'. See: newstag keys list."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_key_cannot_be_revoked_again(file: KeyFile, path: Path) -> None:
    file.add("desk", ["predict"])
    revoked = file.revoke("desk")
    with pytest.raises(StateError) as refused:
        file.revoke("desk")
    assert str(refused.value) == (
        f"{path}: the key 'desk' is revoked already, since {revoked.revoked}. Nothing is to be "
        "done."
    )
    assert file.keys() == [revoked]


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b"{}",
    b'{"keys": []}',
    b'{"format": 1}',
    b'{"format": "1", "keys": []}',
    b'{"format": 1, "keys": {"a": 1}}',
    b'{"format": 1, "keys": [1]}',
    b'{"format": 1, "keys": [{}]}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", DAMAGED, ids=lambda data: data[:30].decode("ascii", "replace"))
def test_a_damaged_file_is_an_error_and_stays_as_it_is(
    file: KeyFile, path: Path, data: bytes
) -> None:
    path.write_bytes(data)
    calls: list[Callable[[], object]] = [
        lambda: read_keyring(path),
        file.keys,
        lambda: file.add("desk", ["predict"]),
        lambda: file.revoke("desk"),
    ]
    for call in calls:
        with pytest.raises(StateError) as damaged:
            call()
        assert str(damaged.value) == f"{path}: a damaged file of keys. {RESTORE}."
    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Desk"},
        {"name": None},
        {"id": ""},
        {"id": 7},
        {"scopes": []},
        {"scopes": ["fly"]},
        {"scopes": "predict"},
        {"scopes": [["predict"]]},
        {"scopes": None},
        {"created": "yesterday"},
        {"created": None},
        {"created": 20310101},
        {"revoked": ""},
        {"revoked": False},
        {"digest": ""},
        {"digest": "A" * 64},
        {"digest": "令" * 64},
        {"digest": None},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_row_that_is_no_key_damages_the_file(
    change: Callable[..., None], path: Path, changed: dict[str, Any]
) -> None:
    change(**changed)
    with pytest.raises(StateError) as damaged:
        read_keyring(path)
    assert str(damaged.value) == f"{path}: a damaged file of keys. {RESTORE}."


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": "0" * 64},  # two live keys of one name
        {"name": "page"},  # two keys of one token
        {"revoked": "2031-02-01T00:00:00+00:00"},  # the token of a revoked key, live
    ],
    ids=str,
)
def test_two_keys_that_revoking_one_would_leave_open_damage_the_file(
    file: KeyFile, path: Path, changed: dict[str, str]
) -> None:
    file.add("desk", ["predict"])
    raw = json.loads(path.read_text("utf-8"))
    raw["keys"].append(raw["keys"][0] | changed)
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(StateError) as damaged:
        read_keyring(path)
    assert str(damaged.value) == f"{path}: a damaged file of keys. {RESTORE}."


def test_another_format_is_told(file: KeyFile, path: Path) -> None:
    path.write_text('{"format": 2, "rings": []}')
    with pytest.raises(StateError) as other:
        file.add("desk", ["predict"])
    assert str(other.value) == (
        f"{path}: format 2, and this newstag reads format 1. Use the newstag that wrote it, or "
        "delete it and make new keys."
    )


def test_what_cannot_be_read_is_not_taken_for_no_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateError) as unreadable:
        read_keyring(path)
    assert str(unreadable.value) == (
        f"{path}: not readable (Is a directory). Let the user who runs newstag read it, or give "
        "another --store."
    )


def test_a_file_of_another_user_is_not_taken_for_no_file(
    file: KeyFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.add("desk", ["predict"])

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # for the tests may be run by root
    with pytest.raises(StateError, match=r"keys\.json: not readable \(Permission denied\)\."):
        read_keyring(path)


def test_a_link_to_nothing_is_not_taken_for_no_file(
    file: KeyFile, path: Path, tmp_path: Path
) -> None:
    path.symlink_to(tmp_path / "unmounted" / "keys.json")
    calls: list[Callable[[], object]] = [
        lambda: read_keyring(path),
        lambda: file.add("desk", ["predict"]),
    ]
    for call in calls:
        with pytest.raises(StateError) as nothing:
            call()
        assert str(nothing.value) == (
            f"{path}: a link to nothing. Put back what it points at, or remove it."
        )
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_itself_is_an_error_of_ours(file: KeyFile, path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(StateError, match=r"keys\.json: not readable \("):
        file.add("desk", ["predict"])


def test_a_full_disk_is_told_and_leaves_the_keys_as_they_were(
    file: KeyFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.add("desk", ["predict"])

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StateError) as full:
        file.add("page", ["predict"])
    assert str(full.value) == (
        f"{path}: not writable (No space left on device). Give a folder that you may write, on a "
        "disk with space, with --store."
    )
    assert names(path) == ["desk"]
