from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from newstag import cli
from serving.keys import SCOPES, read_keyring

Newstag = Callable[..., CompletedProcess[str]]

NONE = "No keys; make one with: newstag keys add NAME --scope predict\n"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


def test_adding_prints_the_token_alone_and_tells_on_stderr_how_to_send_it(newstag: Newstag) -> None:
    done = newstag("keys", "add", "desk", "--scope", "predict")
    assert done.returncode == 0
    assert re.fullmatch(r"newstag_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n", done.stdout)
    assert done.stderr == (
        "note: this token is shown once and not kept; send it with every request, as: "
        "Authorization: Bearer TOKEN\n"
    )


def test_a_token_opens_what_it_was_made_for(newstag: Newstag, tmp_path: Path) -> None:
    words = ("keys", "add", "desk", "--scope", "metrics", "--scope", "predict")
    done = newstag(*words, "--store", tmp_path)
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    ring = read_keyring(tmp_path / "keys.json")
    assert ring is not None
    found = ring.find(done.stdout.strip().encode())
    assert found is not None
    assert (found.name, set(found.scopes)) == ("desk", {"metrics", "predict"})


def test_the_installed_command_adds_keys_too(command: Newstag, tmp_path: Path) -> None:
    done = command("--store", tmp_path, "keys", "add", "desk", "--scope", "admin")
    assert (done.returncode, done.stdout[:8], done.stdout.count("\n")) == (0, "newstag_", 1)
    listed = command("keys", "list", "--store", tmp_path).stdout
    assert re.fullmatch(rf"desk  {done.stdout[8:16]}  admin  created {TIME}\n", listed)


def test_the_scopes_are_those_of_the_service() -> None:
    group = cli.commands["keys"]
    assert isinstance(group, click.Group)
    (scope,) = (one for one in group.commands["add"].params if one.name == "scopes")
    assert isinstance(scope.type, click.Choice)
    assert tuple(scope.type.choices) == SCOPES


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "desk"], "Error: Missing option '--scope'. Choose from:"),
        (
            ["add", "desk", "--scope", "fly"],
            (
                "Error: Invalid value for '--scope': 'fly' is not one of 'predict', 'metrics', "
                "'admin'."
            ),
        ),
        (["add", "--scope", "predict"], "Error: Missing argument 'NAME'."),
        (["revoke"], "Error: Missing argument 'NAME'."),
    ],
    ids=" ".join,
)
def test_wrong_usage_makes_no_key(
    newstag: Newstag, tmp_path: Path, words: list[str], message: str
) -> None:
    done = newstag("keys", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()
    assert list(tmp_path.iterdir()) == []


def test_without_keys_the_list_says_how_to_make_one(newstag: Newstag, tmp_path: Path) -> None:
    done = newstag("keys", "list")
    assert (done.returncode, done.stdout, done.stderr) == (0, NONE, "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_keys_lists_none(newstag: Newstag, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"format": 1, "keys": []}')
    assert newstag("keys", "list", "--store", tmp_path).stdout == NONE


def test_the_list_shows_live_and_revoked_keys_but_no_secret(
    newstag: Newstag, tmp_path: Path
) -> None:
    words = ("--store", tmp_path)
    first = newstag("keys", "add", "desk", "--scope", "predict", *words).stdout.strip()
    second = newstag("keys", "add", "page.2", "--scope", "admin", *words).stdout.strip()
    newstag("keys", "revoke", "desk", *words)
    listed = newstag("keys", "list", *words).stdout
    assert re.fullmatch(
        rf"desk    {first[8:16]}  predict  created {TIME}, revoked {TIME}\n"
        rf"page\.2  {second[8:16]}  admin    created {TIME}\n",
        listed,
    )
    ring = read_keyring(tmp_path / "keys.json")
    assert ring is not None
    assert [key.name for key in ring.keys if key.digest in listed] == []
    assert first[17:] not in listed


def test_revoking_says_so(newstag: Newstag) -> None:
    newstag("keys", "add", "desk", "--scope", "predict")
    done = newstag("keys", "revoke", "desk")
    assert (done.returncode, done.stdout, done.stderr) == (0, "desk is revoked\n", "")


def test_a_refusal_is_one_line_on_stderr(newstag: Newstag) -> None:
    newstag("keys", "add", "desk", "--scope", "predict")
    done = newstag("keys", "add", "desk", "--scope", "predict")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "models/store/keys.json: a live key has the name 'desk'. Revoke it first, or choose "
        "another name.\n"
    )


def test_an_unknown_name_is_one_line_on_stderr(newstag: Newstag, tmp_path: Path) -> None:
    done = newstag("keys", "revoke", "desk")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "models/store/keys.json: no key 'desk'. See: newstag keys list.\n"
    assert list(tmp_path.iterdir()) == []


def test_keys_do_not_disturb_the_versions_beside_them(newstag: Newstag, store: Path) -> None:
    before = newstag("models", "list", "--store", store).stdout
    newstag("keys", "add", "desk", "--scope", "predict", "--store", store)
    (store / ".keys.json.k1ll3d").write_text("{")
    done = newstag("models", "list", "--store", store)
    assert (done.returncode, done.stdout, done.stderr) == (0, before, "")


def test_a_store_with_keys_alone_has_no_version(newstag: Newstag) -> None:
    newstag("keys", "add", "desk", "--scope", "predict")
    done = newstag("models", "list")
    assert done.stderr == "models/store: no model version yet. Run: newstag train.\n"
