"""The files of settings: what they name, who reads them, and that nothing in them is run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from newstag import cli
from tests.deploy.conftest import ROOT

DEPLOY = ROOT / "deploy"


def named(name: str) -> set[str]:
    text = (DEPLOY / name).read_text("utf-8")
    return set(re.findall(r"^#?([A-Z_]+)=", text, flags=re.MULTILINE))


def test_settings_that_are_named_are_settings() -> None:
    shown = CliRunner().invoke(cli, ["serve", "--help"]).output
    assert "NEWSTAG_WORKERS" in named("newstag.env")
    assert {name for name in named("newstag.env") if name not in shown} == set()
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert {name for name in named("tracking.env") if name not in shown} == {
        "MLFLOW_TRACKING_USERNAME",
        "MLFLOW_TRACKING_PASSWORD",
    }


def test_only_who_follows_is_given_the_password() -> None:
    readers = {path.name for path in DEPLOY.glob("*.service") if "tracking.env" in path.read_text()}
    assert readers == {"newstag-follow.service"}
    assert not {name for name in named("newstag.env") if name.startswith("MLFLOW_")}
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert "install -m 0600 deploy/tracking.env /etc/newstag/" in page


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    """The command line for root, which tells what it would have run, in folders of its own."""
    text = (DEPLOY / "newstag.sh").read_text("utf-8").replace("/etc/newstag", str(tmp_path))
    (tmp_path / "newstag").write_text(text, "utf-8")
    (tmp_path / "runuser").write_text('#!/bin/sh\nprintf "%s\\n" "$@"; printenv -0 >"$TOLD"\n')
    for name in ("newstag", "runuser"):
        (tmp_path / name).chmod(0o755)
    return tmp_path / "newstag"


def environment(wrapper: Path) -> dict[str, str]:
    """What newstag finds in its environment."""
    told = wrapper.with_name("told")
    path = f"{wrapper.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [wrapper, "models", "list"],
        env={"PATH": path, "TOLD": str(told)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("/opt/newstag/current/bin/newstag\nmodels\nlist\n")
    return dict(pair.split("=", 1) for pair in told.read_text("utf-8").split("\0") if pair)


@pytest.mark.parametrize(
    "value",
    ["a$HOME", "$(touch ran)", "`touch ran`", "a&b;c|d", "(a b)", "#1", "a=b", "a#b", ""],
)
def test_a_value_is_taken_as_it_is(value: str, wrapper: Path) -> None:
    wrapper.with_name("tracking.env").write_text(f"MLFLOW_TRACKING_PASSWORD={value}\n", "utf-8")
    assert environment(wrapper)["MLFLOW_TRACKING_PASSWORD"] == value
    assert not Path("ran").exists()


def test_quotes_comments_and_what_is_no_setting_are_read_as_systemd_reads_them(
    wrapper: Path,
) -> None:
    lines = ['A="x y"', "B='z'", "#C=1", "; D=2", "", "no setting", "F G=6", "H=last"]
    wrapper.with_name("newstag.env").write_text("\n".join(lines), "utf-8")
    found = environment(wrapper)
    assert {name: found.get(name) for name in "ABCDFGH"} == {
        **dict.fromkeys("CDFG"),
        "A": "x y",
        "B": "z",
        "H": "last",
    }


def test_the_page_leaves_the_names_by_which_the_server_is_asked_on_its_own_machine() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    unit = (DEPLOY / "newstag-mlflow.service").read_text("utf-8")
    (kept,) = re.findall(r"^Environment=MLFLOW_NAMES=mlflow.example.org(\S+)$", unit, re.MULTILINE)
    assert f"printf 'MLFLOW_NAMES=%s{kept}\\n" in page
    assert "echo 'NEWSTAG_TRACKING_URI=http://127.0.0.1:5000' >> /etc/newstag/tracking.env" in page
    assert "127.0.0.1:5000" in kept
