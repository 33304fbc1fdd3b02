"""Once there are keys, every path but those that say how to ask needs one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from labels.errors import StateError
from serving.access import OPEN, Access
from serving.app import create_app
from serving.edge import Edge
from serving.exchange import Exchange
from serving.keys import KeyFile
from serving.live import Loaded
from serving.problems import Refused
from serving.settings import Settings

ARTICLE = {"title": "青石", "content": "湖水清澈"}
OTHER = "newstag_0a1b2c3d_" + "A-z_0" * 8 + "abc"
NO_KEY = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "code": "no_key",
    "fix": "Send Authorization: Bearer KEY, with a key that the operator made",
}
NOT_IN_SCOPE = {
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
    "code": "not_in_scope",
    "fix": "Use a key with the scope that the operator gave this path",
}

Lines = list[dict[str, Any]]
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def settings(tmp_path: Path, loaded: Loaded) -> Settings:
    """A store of one's own, with nothing but keys in it."""
    return Settings(store=tmp_path, model=str(loaded.folder))


@pytest.fixture
def keys(settings: Settings) -> KeyFile:
    """The keys of that store; none yet."""
    return KeyFile(settings.keys)


@pytest.fixture
def token(keys: KeyFile) -> str:
    """A key for predicting, made before the service starts."""
    return keys.add("desk", ["predict"])


@pytest.fixture
def own(settings: Settings, loaded: Loaded) -> Iterator[TestClient]:
    """A client of the service on that store, started."""
    with TestClient(create_app(settings, loaded)) as started:
        yield started


@pytest.fixture
def closed(token: str, own: TestClient) -> TestClient:
    """The same, with that key in force from the start."""
    assert token
    return own


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def status(client: TestClient, token: str = "", path: str = "/v1/labels") -> int:
    return client.get(path, headers=bearer(token) if token else {}).status_code


def access(client: TestClient) -> Access:
    app = client.app
    assert isinstance(app, Edge)
    return app.service.access


# No key, and the wrong one


@pytest.mark.parametrize("path", ["/metrics%0A", "/metrics%0a", "/metrics%00", "/%2Fmetrics"])
def test_no_other_spelling_of_a_path_needs_another_scope(
    closed: TestClient, token: str, path: str
) -> None:
    assert status(closed, token, "/metrics") == 403
    assert status(closed, token, path) == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/predict"),
        ("POST", "/invocations"),
        ("GET", "/v1/labels"),
        ("GET", "/v1/model"),
        ("GET", "/metrics"),
        ("GET", "/v1/predict"),
        ("GET", "/nowhere"),
        ("GET", "/docs/"),
        ("GET", "/healthz/"),
        ("OPTIONS", "/v1/predict"),
    ],
)
def test_without_a_key_nothing_is_told(closed: TestClient, method: str, path: str) -> None:
    answer = closed.request(method, path)
    assert (answer.status_code, answer.json()) == (401, NO_KEY)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer realm="newstag"'


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {OTHER}",
        "Bearer {token}x",
        "Bearer {half}",
        "Bearer {upper}",
        "Basic {token}",
        "{token}",
        "Bearer  Bearer {token}",
        "Bearer {token}, Bearer {token}",
    ],
)
def test_a_wrong_key_is_none(closed: TestClient, token: str, sent: str) -> None:
    given = sent.format(token=token, half=token[:-1], upper=token.upper())
    answer = closed.post("/v1/predict", json=ARTICLE, headers={"Authorization": given})
    assert (answer.status_code, answer.json()) == (401, NO_KEY)


def test_bytes_that_are_no_text_are_no_key(closed: TestClient) -> None:
    answer = closed.get("/v1/labels", headers={b"Authorization": b"Bearer " + b"\xff" * 68})
    assert answer.json() == NO_KEY


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_right_key_opens(closed: TestClient, token: str, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {token}"}
    assert closed.post("/v1/predict", json=ARTICLE, headers=headers).status_code == 200


def test_a_key_is_read_in_no_other_place(closed: TestClient, token: str) -> None:
    assert closed.get("/v1/labels", params={"key": token}).json() == NO_KEY
    assert closed.get("/v1/labels", headers={"X-API-Key": token}).json() == NO_KEY


# Scopes


@pytest.mark.parametrize("path", sorted(OPEN))
def test_probes_and_what_says_how_to_ask_need_no_key(closed: TestClient, path: str) -> None:
    assert status(closed, path=path) == 200
    assert status(closed, OTHER, path) == 200


@pytest.mark.parametrize(
    ("scope", "opened"),
    [("predict", (200, 403)), ("metrics", (403, 200)), ("admin", (403, 200))],
)
def test_a_key_opens_its_scope_and_nothing_else(
    own: TestClient, keys: KeyFile, scope: str, opened: tuple[int, int]
) -> None:
    token = keys.add("desk", [scope])
    access(own).look()
    assert (status(own, token), status(own, token, "/metrics")) == opened


def test_a_missing_scope_is_a_problem(closed: TestClient, token: str) -> None:
    answer = closed.get("/metrics", headers=bearer(token))
    assert (answer.status_code, answer.json()) == (403, NOT_IN_SCOPE)
    assert "www-authenticate" not in answer.headers


# Keys that change while the service runs


def test_without_keys_everybody_may_ask(own: TestClient) -> None:
    assert not access(own).closed
    assert (status(own), status(own, path="/metrics"), status(own, OTHER)) == (200, 200, 200)


def test_keys_made_while_it_runs_close_the_service(own: TestClient, keys: KeyFile) -> None:
    assert status(own) == 200
    token = keys.add("desk", ["predict"])
    access(own).look()
    assert (status(own), status(own, token)) == (401, 200)


def test_a_revoked_key_opens_no_more(closed: TestClient, keys: KeyFile, token: str) -> None:
    assert status(closed, token) == 200
    keys.revoke("desk")
    access(closed).look()
    assert (status(closed, token), status(closed)) == (401, 401)
    after = keys.add("desk", ["predict"])
    access(closed).look()
    assert (status(closed, token), status(closed, after)) == (401, 200)


def test_the_file_is_read_when_it_changed_only(
    closed: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.access.read_keyring", None)
    for _ in range(3):
        access(closed).look()
    assert status(closed, token) == 200


def test_a_change_takes_effect_without_being_asked_for(
    settings: Settings, loaded: Loaded, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.service._EVERY", 0.001)
    with TestClient(create_app(settings, loaded)) as client:
        keys.add("desk", ["predict"])
        assert 401 in (status(client) for _ in range(10_000))


DAMAGED = {
    b"": "a damaged file of keys",
    b"\xff": "a damaged file of keys",
    b'{"format": 1, "keys": [{}]}': "a damaged file of keys",
    b'{"format": 9, "keys": []}': "format 9, and this newstag reads format 1",
}


@pytest.mark.parametrize("data", DAMAGED, ids=["empty", "no text", "half a key", "another format"])
def test_a_damaged_file_leaves_the_keys_in_force_and_is_logged_once(
    closed: TestClient, keys: KeyFile, token: str, logged: Lines, data: bytes
) -> None:
    keys.path.write_bytes(data)
    for _ in range(3):
        access(closed).look()
    assert (status(closed, token), status(closed)) == (200, 401)
    assert [(line["level"], line["event"]) for line in logged] == [("error", "keys refused")]
    assert logged[0]["reason"].startswith(f"{keys.path}: {DAMAGED[data]}. ")


def test_a_file_that_is_gone_leaves_the_keys_in_force_and_is_logged_once(
    closed: TestClient, keys: KeyFile, token: str, logged: Lines
) -> None:
    keys.path.unlink()
    for _ in range(3):
        access(closed).look()
    assert (status(closed, token), status(closed)) == (200, 401)
    assert [line["reason"] for line in logged] == [
        f"{keys.path}: gone; the keys that were read last stay in force"
    ]


def test_a_file_that_comes_back_is_followed_again(
    closed: TestClient, keys: KeyFile, token: str, logged: Lines
) -> None:
    away = keys.path.rename(keys.path.with_name("away"))
    access(closed).look()
    away.rename(keys.path)
    access(closed).look()
    assert status(closed, token) == 200
    keys.revoke("desk")
    access(closed).look()
    assert status(closed, token) == 401
    keys.path.unlink()
    access(closed).look()
    assert [line["event"] for line in logged] == ["keys refused"] * 2


def test_a_file_that_could_not_be_read_is_read_when_it_can_be(
    closed: TestClient,
    keys: KeyFile,
    token: str,
    logged: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A revocation must not be missed because too many files were open at that moment."""
    keys.revoke("desk")
    read = Path.read_bytes
    with monkeypatch.context() as patch:

        def fail(path: Path) -> bytes:
            if path == keys.path:
                raise OSError(24, "Too many open files")
            return read(path)

        patch.setattr(Path, "read_bytes", fail)
        for _ in range(3):
            access(closed).look()
    assert status(closed, token) == 200
    (line,) = logged
    assert line["reason"] == (
        f"{keys.path}: not readable (Too many open files). Let the user who runs newstag read it, "
        "or give another --store."
    )
    access(closed).look()
    assert status(closed, token) == 401


def test_a_file_of_the_same_size_and_time_is_another_file(
    closed: TestClient, keys: KeyFile, token: str
) -> None:
    """As when a disk keeps whole seconds."""
    before = keys.path.stat()
    text = keys.path.read_text().replace('"name": "desk"', '"name": "dusk"')
    text = text.replace('"predict"', '"metrics"')
    keys.path.write_text(text)
    os.utime(keys.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = keys.path.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
    access(closed).look()
    assert status(closed, token) == 403


# The start


def test_a_damaged_file_stops_the_start(settings: Settings, loaded: Loaded, keys: KeyFile) -> None:
    keys.path.write_text("{")
    with (
        pytest.raises(StateError) as caught,
        TestClient(create_app(settings, loaded)),
    ):
        pass
    assert str(caught.value) == (
        f"{keys.path}: a damaged file of keys. Restore it from a backup, or delete it and make "
        "new keys."
    )


def test_a_file_whose_last_key_was_revoked_lets_nobody_in(
    settings: Settings, loaded: Loaded, keys: KeyFile, token: str
) -> None:
    keys.revoke("desk")
    with TestClient(create_app(settings, loaded)) as client:
        assert (status(client), status(client, token)) == (401, 401)


# What is told of keys


def secured(client: TestClient) -> tuple[object, dict[str, bool], dict[str, bool]]:
    """The schemes of OpenAPI, and of each route whether it names them and their problems."""
    found = client.get("/openapi.json").json()
    routes = {path: route for path, one in found["paths"].items() for route in one.values()}
    return (
        found.get("components", {}).get("securitySchemes"),
        {path: route.get("security") == [{"key": []}] for path, route in routes.items()},
        {path: {"401", "403"} <= route["responses"].keys() for path, route in routes.items()},
    )


def test_openapi_names_keys_only_where_they_are_in_force(own: TestClient, keys: KeyFile) -> None:
    schemes, named, refused = secured(own)
    assert schemes is None
    assert not any(named.values())
    assert not any(refused.values())
    keys.add("desk", ["predict"])
    access(own).look()
    expected = {path: path not in OPEN for path in named}
    assert secured(own) == ({"key": {"type": "http", "scheme": "bearer"}}, expected, expected)
    assert sorted(path for path, closed in expected.items() if closed) == [
        "/invocations",
        "/metrics",
        "/v1/labels",
        "/v1/model",
        "/v1/predict",
    ]


def test_a_token_is_in_no_answer_and_no_line(
    closed: TestClient, token: str, logged: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ""
    for path in ("/v1/labels", "/metrics", "/nowhere", "/openapi.json", "/docs", "/readyz"):
        for sent in (f"Bearer {token}", f"Bearer {token}x", f"Basic {token}"):
            answer = closed.get(path, headers={"Authorization": sent})
            told += answer.text + str(answer.headers)
    told += capsys.readouterr().err + json.dumps(logged)
    assert '"event":"request"' in told
    assert token[8:16] not in told
    assert token[17:] not in told


def test_the_name_of_the_key_is_in_the_line_of_its_requests(
    closed: TestClient, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    status(closed, token)
    status(closed, token, "/metrics")
    status(closed)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["route"], one["status"], one.get("code"), one.get("key")) for one in lines] == [
        ("/v1/labels", 200, None, "desk"),
        ("/metrics", 403, "not_in_scope", "desk"),
        ("/v1/labels", 401, "no_key", None),
    ]


def test_a_key_of_several_is_named_by_itself(keys: KeyFile) -> None:
    tokens = {name: keys.add(name, ["predict"]) for name in ("a", "b", "c")}
    checked = Access(keys.path)
    checked.start()
    for name, token in tokens.items():
        exchange = Exchange(id="1", method="GET", route="/v1/labels", began=0, deadline=1)
        checked.check(exchange, "/v1/labels", f"Bearer {token}".encode())
        assert exchange.key == name
    with pytest.raises(Refused):
        checked.check(exchange, "/v1/labels", b"")
