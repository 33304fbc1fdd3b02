"""The container: what can be told of it without an engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePath

import pytest
import yaml  # type: ignore[import-untyped] # has no types, and comes with MLflow

from tests.deploy.conftest import ROOT, Tool

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{name} +(.+)$", joined, flags=re.MULTILINE)


def test_the_linter_of_dockerfiles_has_nothing_to_say(tool: Tool) -> None:
    done = tool("hadolint", "Dockerfile")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_no_check_of_the_linter_is_switched_off() -> None:
    assert "hadolint ignore" not in DOCKERFILE
    assert list(ROOT.glob(".hadolint.y*ml")) == []


def test_the_base_is_one_release_of_a_python_that_we_support() -> None:
    (tag,) = [one.partition("=")[2] for one in instructions("ARG")]
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", tag)
    assert instructions("FROM") == ["python:${PYTHON} AS build", "python:${PYTHON}"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    least = re.fullmatch(r">=3\.(\d+)", project["requires-python"])
    assert least is not None
    assert int(tag.split(".")[1]) >= int(least[1])


def pattern(text: str) -> re.Pattern[str]:
    """A line of .dockerignore: ** is any folders or none, * anything but a slash."""
    kinds = {"**/": "(?:.*/)?", "*": "[^/]*"}
    parts = re.split(r"(\*\*/|\*)", text)
    return re.compile("".join(kinds.get(part, re.escape(part)) for part in parts))


def let_through(path: str) -> bool:
    """Whether a file goes to the builder: the last line counts that names it or a folder above."""
    through = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        name = pattern(line.removeprefix("!"))
        above = (str(one) for one in [PurePath(path), *PurePath(path).parents])
        if line and line[0] != "#" and any(map(name.fullmatch, above)):
            through = line[0] == "!"
    return through


def test_what_is_copied_is_there_and_let_through_to_the_builder() -> None:
    copied = [one.split() for one in instructions("COPY") if not one.startswith("--from")]
    sources = {source for *some, _target in copied for source in some}
    assert {"pyproject.toml", "uv.lock", "newstag.py", "serving", "deploy/ready.py"} <= sources
    for source in (ROOT / name for name in sources):
        assert source.exists()
        for path in [source, *source.rglob("*")]:
            name = path.relative_to(ROOT)
            made_here = {"__pycache__", "store"} & {*name.parts}
            assert let_through(str(name)) or made_here, name


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "store/keys.json",
        "mlflow.db",
        "posts.csv",
        "models/store/champion",
        "deploy/tracking.env",
        "deploy/prometheus/alerts.yml",
        "tests/deploy/test_image.py",
        "serving/__pycache__/app.cpython-311.pyc",
        "serving/app.pyc",
    ],
)
def test_nothing_goes_to_the_builder_that_is_not_named(path: str) -> None:
    assert not let_through(path)


def test_every_room_is_in_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = {word for one in instructions("COPY") for word in one.split()}
    assert set(packed) <= copied


def test_it_runs_as_a_numbered_user_and_ends_as_the_service_does() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert "--uid 10001" in DOCKERFILE
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert instructions("ENTRYPOINT") == ['["newstag"]']
    assert instructions("CMD") == ['["serve"]']


def test_compose_gives_the_service_a_root_and_a_store_that_it_only_reads() -> None:
    service = COMPOSE["services"]["newstag"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    (volume,) = instructions("VOLUME")
    assert service["volumes"] == [f"state:{yaml.safe_load(volume)[0]}:ro"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]


def test_compose_and_the_project_are_of_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    images = {service["image"] for service in COMPOSE["services"].values()}
    assert images == {f"newstag:{project['version']}"}


def test_the_probe_of_the_image_is_the_file_that_is_copied() -> None:
    (probe,) = instructions("HEALTHCHECK")
    assert "/opt/newstag/deploy/ready.py" in probe
    (copied,) = (one.split() for one in instructions("COPY") if "deploy/ready.py" in one)
    assert copied[-1] == "/opt/newstag/deploy/"


def test_the_backup_that_the_page_runs_in_it_is_there_with_what_it_runs() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert "--entrypoint /opt/newstag/deploy/backup.sh do " in page
    (copied,) = (one.split() for one in instructions("COPY") if "deploy/ready.py" in one)
    assert {"deploy/backup.sh", "deploy/restore.sh", "deploy/snapshot.py"} <= set(copied)
