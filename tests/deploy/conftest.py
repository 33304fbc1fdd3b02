"""A state to back up, nginx in front of machines, and the tools that check what operators get."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import shipped_scheme
from models.store import Store
from models.sums import write_sums
from serving.keys import NAME, KeyFile
from tests.deploy.machines import NAME as HOST
from tests.deploy.machines import Client, Proxy, Upstream, await_port, free_ports
from training.recipe import Recipe
from training.saving import save
from training.train import train

ROOT = Path(__file__).parents[2]
ARTICLES = ROOT / "tests" / "command" / "articles.jsonl"
NGINX = ("nginx.conf", "nginx-mlflow.conf")

Tool = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder that operators take with them."""
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Run a program that checks a file; what it said. .ci/run installs all of them."""

    def run(name: str, *arguments: str | Path, cwd: Path = ROOT) -> CompletedProcess[str]:
        beside = Path(sys.executable).with_name(name)
        program = str(beside) if beside.exists() else shutil.which(name, path=_path())
        if program is None:
            pytest.skip(f"no {name} is installed")
        return subprocess.run(
            [program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
        )

    return run


def _path() -> str:
    """Where programs are, those for the administrator too."""
    return ":".join([*filter(None, [os.environ.get("PATH")]), "/usr/sbin", "/sbin"])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two versions, the second of them champion, and keys; not to be changed."""
    root = tmp_path_factory.mktemp("trained") / "store"
    store = Store(root)
    given = Given(scheme=shipped_scheme(), articles=[str(ARTICLES)], starter=False, gold=False)
    corpus = read_corpus(given, raise_it, list[str]().append)
    recipe = replace(Recipe(), folds=3, partitions=1)
    model = train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)
    second = _renamed(save(store, model, datetime.now(UTC)), "20991231T235959Z-0000abcd")
    store.promote(second.name, "better on events")
    keys = KeyFile(root / NAME)
    keys.add("cms", ["predict"])
    keys.add("old", ["predict"])
    keys.revoke("old")
    return root


def _renamed(folder: Path, version: str) -> Path:
    """A copy of a version under another id."""
    target = Path(shutil.copytree(folder, folder.with_name(version)))
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    text = json.dumps({**manifest, "version": version}, ensure_ascii=False)
    (target / "manifest.json").write_text(text, "utf-8")
    write_sums(target)
    return target


def skip_without_tools() -> None:
    for name in ("flock", "sha256sum"):  # what the scripts need and not every system has
        if shutil.which(name) is None:
            pytest.skip(f"no {name} is installed")


@pytest.fixture
def state(trained: Path, tmp_path: Path) -> Path:
    """The folder that a machine keeps, with that store in it, to be changed at will."""
    skip_without_tools()
    shutil.copytree(trained, tmp_path / "state" / "store")
    return tmp_path / "state"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory, tool: Tool) -> Path:
    """A folder with a certificate of our own."""
    folder = tmp_path_factory.mktemp("certificate")
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    names = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}")
    done = tool("openssl", *made, *files, *names)
    assert done.returncode == 0, done.stderr
    (folder / "mlflow.users").write_text("ann:{PLAIN}secret\n")
    return folder


@pytest.fixture(scope="session")
def upstreams() -> Iterator[list[Upstream]]:
    both = [Upstream(), Upstream()]
    for one in both:
        threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True).start()
    yield both
    for one in both:
        one.shutdown()
        one.server_close()


@pytest.fixture(scope="session")
def proxy(
    tmp_path_factory: pytest.TempPathFactory, certificate: Path, upstreams: list[Upstream]
) -> Iterator[Proxy]:
    """nginx with the shipped files but for ports, paths and machines."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("no nginx is installed")
    folder = tmp_path_factory.mktemp("nginx")
    tls, plain, mlflow = free_ports()
    for name in NGINX:
        text = (ROOT / "deploy" / name).read_text("utf-8")
        text = re.sub(r" *listen \[::\].*\n", "", text)
        for before, after in {
            "listen 443": f"listen 127.0.0.1:{tls}",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "127.0.0.1:5000": f"127.0.0.1:{mlflow}",
            "10.0.0.11:8000": f"127.0.0.1:{upstreams[0].server_port}",
            "10.0.0.12:8000": f"127.0.0.1:{upstreams[1].server_port}",
            "/etc/ssl/newstag": str(certificate),
            "/etc/nginx/mlflow.users": str(certificate / "mlflow.users"),
            "/var/log/nginx": str(folder),
        }.items():
            text = text.replace(before, after)
        (folder / name).write_text(text, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    included = "".join(f"include {folder}/{name};" for name in NGINX)
    whole = folder / "whole.conf"
    # Or its workers may not write to a folder of the tests.
    user = "user root;" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ access_log off; {temporary} {included} }}"
    )
    checked = subprocess.run(
        [program, "-t", "-q", "-c", whole], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "[emerg]" not in checked.stderr  # newer ones warn of "listen … http2"
    running = subprocess.Popen([program, "-c", whole])
    try:
        await_port(tls)
        yield Proxy(tls=tls, plain=plain, logs=folder)
    finally:
        running.terminate()
        running.wait()


@pytest.fixture
def client(proxy: Proxy, certificate: Path, upstreams: list[Upstream]) -> Iterator[Client]:
    for one in upstreams:
        one.status = 200
        one.asked.clear()
        one.ids.clear()
    client = Client(proxy.tls, certificate)
    yield client
    client.close()
