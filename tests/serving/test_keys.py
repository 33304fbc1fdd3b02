"""A token opens what its key allows, and nothing else opens anything."""

from __future__ import annotations

import hmac
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.keys import SCOPES, Key, KeyFile, Keyring, read_keyring
from serving.listing import key_lines

ROOT = Path(__file__).parents[2]
TOKEN = b"newstag_0a1b2c3d_" + b"A-z_0" * 8 + b"abc"


def key(name: str = "desk", *scopes: str, revoked: str | None = None, token: bytes = TOKEN) -> Key:
    return Key(
        name=name,
        scopes=frozenset(scopes or ("predict",)),
        created="2031-01-01T00:00:00+00:00",
        revoked=revoked,
        digest=sha256(token).hexdigest(),
        id="0a1b2c3d",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def file(path: Path) -> KeyFile:
    return KeyFile(path)


def ring(path: Path) -> Keyring:
    found = read_keyring(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("scopes", "opened"),
    [
        (["predict"], {"predict"}),
        (["metrics"], {"metrics"}),
        (["admin"], {"admin", "metrics"}),
        (["predict", "admin"], {"predict", "metrics", "admin"}),
    ],
)
def test_a_key_opens_its_scopes_and_admin_metrics_too(scopes: list[str], opened: set[str]) -> None:
    assert {scope for scope in (*SCOPES, "fly", "") if key("desk", *scopes).allows(scope)} == opened


def test_a_revoked_key_opens_nothing() -> None:
    revoked = key("desk", *SCOPES, revoked="2031-02-01T00:00:00+00:00")
    assert [scope for scope in SCOPES if revoked.allows(scope)] == []


def test_neither_a_key_nor_a_ring_shows_digests() -> None:
    shown = repr(key()) + repr(Keyring((key(),)))
    assert shown.count("name='desk'") == 2
    assert key().digest not in shown


def test_a_token_has_a_name_an_id_and_256_random_bits(file: KeyFile) -> None:
    token = file.add("desk", ["predict"])
    assert re.fullmatch(r"newstag_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", token)
    assert token.split("_")[1] == file.keys()[0].id


def test_every_token_is_another(file: KeyFile) -> None:
    tokens = {file.add(f"desk{n}", ["predict"]) for n in range(5)}
    assert len(tokens) == 5
    assert len({one.rsplit("_", 1)[-1] for one in tokens}) == 5


def test_the_file_holds_the_digest_of_a_token_and_not_the_token(file: KeyFile, path: Path) -> None:
    token = file.add("desk", ["predict"])
    secret = token.removeprefix(f"newstag_{file.keys()[0].id}_")
    text = path.read_text("ascii")
    assert secret not in text
    assert sha256(token.encode()).hexdigest() in text


def test_a_ring_finds_the_key_of_each_token(file: KeyFile, path: Path) -> None:
    tokens = {name: file.add(name, ["predict"]) for name in ("desk", "page", "archive")}
    for name, token in tokens.items():
        found = ring(path).find(token.encode())
        assert found is not None
        assert found.name == name


def test_a_revoked_key_is_not_found(file: KeyFile, path: Path) -> None:
    gone, kept = file.add("desk", ["predict"]), file.add("page", ["predict"])
    file.revoke("desk")
    assert ring(path).find(gone.encode()) is None
    assert ring(path).find(kept.encode()) is not None


def test_a_name_used_again_does_not_open_to_its_old_token(file: KeyFile, path: Path) -> None:
    old = file.add("desk", ["predict"])
    file.revoke("desk")
    new = file.add("desk", ["metrics"])
    assert ring(path).find(old.encode()) is None
    found = ring(path).find(new.encode())
    assert found is not None
    assert found.scopes == {"metrics"}


def test_without_a_file_there_is_no_ring(path: Path) -> None:
    assert read_keyring(path) is None


def test_a_ring_of_revoked_keys_is_a_ring_that_lets_nobody_in(file: KeyFile, path: Path) -> None:
    token = file.add("desk", ["predict"])
    file.revoke("desk")
    assert ring(path).find(token.encode()) is None


def test_a_file_without_keys_lets_nobody_in(path: Path) -> None:
    path.write_text('{"format": 1, "keys": []}')
    assert ring(path).find(TOKEN) is None


@pytest.mark.parametrize("at", [0, 2, None], ids=["first", "last", "none"])
def test_a_ring_meets_every_key_whatever_it_finds(
    at: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [key(f"k{n}", token=bytes([n])) for n in range(3)]
    if at is not None:
        keys[at] = key("mine")
    met: list[str] = []

    def compare(known: str, given: str) -> bool:
        met.append(known)
        return hmac.compare_digest(known, given)

    monkeypatch.setattr("serving.keys.compare_digest", compare)
    found = Keyring(tuple(keys)).find(TOKEN)
    assert (found and found.name) == (None if at is None else "mine")
    assert met == [one.digest for one in keys]


SHORTER_AND_LONGER = st.binary(max_size=200)
OF_ITS_LENGTH = st.binary(min_size=len(TOKEN), max_size=len(TOKEN))
TEXTS = st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
BYTE = st.tuples(st.integers(0, len(TOKEN) - 1), st.integers(0, 255))
ONE_BYTE_OFF = BYTE.map(lambda at: TOKEN[: at[0]] + bytes([at[1]]) + TOKEN[at[0] + 1 :])


@given(st.one_of(SHORTER_AND_LONGER, OF_ITS_LENGTH, TEXTS, ONE_BYTE_OFF))
def test_a_ring_refuses_whatever_is_not_a_token(given: bytes) -> None:
    keys = Keyring((key("page", token=b"another"), key()))
    assert (keys.find(given) is not None) == (given == TOKEN)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        TOKEN[:-1],
        TOKEN + b"\n",
        b" " + TOKEN,
        TOKEN.upper(),
        TOKEN * 2,
        "令牌".encode() * 10,
        b"\x00" * len(TOKEN),
        b"\xff" * len(TOKEN),
        sha256(TOKEN).hexdigest().encode(),
        b"x" * 1024 * 1024,
    ],
)
def test_what_is_nearly_a_token_is_none(given: bytes) -> None:
    assert Keyring((key(),)).find(TOKEN) is not None
    assert Keyring((key(),)).find(given) is None


def test_what_is_too_long_is_not_even_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("serving.keys.sha256")
    assert Keyring((key(),)).find(b"x" * 1024 * 1024) is None


def test_a_list_has_a_line_a_key_in_columns() -> None:
    keys = [key("desk", "predict", "admin", revoked="2031-02-01T00:00:00+00:00"), key("my-page")]
    assert list(key_lines(keys)) == [
        (
            "desk     0a1b2c3d  admin, predict  created 2031-01-01T00:00:00+00:00, "
            "revoked 2031-02-01T00:00:00+00:00"
        ),
        "my-page  0a1b2c3d  predict         created 2031-01-01T00:00:00+00:00",
    ]


def test_importing_keys_loads_no_web_server() -> None:
    code = (
        "import sys, serving.keys, serving.listing\n"
        "print(sorted({'fastapi', 'starlette', 'pydantic', 'uvicorn', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
