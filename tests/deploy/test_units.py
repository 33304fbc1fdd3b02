"""The units: what systemd says of them, and whether they say the same as newstag."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from newstag import cli
from serving.settings import Settings
from tests.deploy.conftest import ROOT, Tool
from tests.deploy.page import PAGE
from tests.docs.blocks import read_blocks

SERVICES = sorted((ROOT / "deploy").glob("*.service"))
UNITS = sorted([*SERVICES, *(ROOT / "deploy").glob("*.timer")])
SHARED = (ROOT / "deploy" / "newstag.service").read_text("utf-8")


def settings(path: Path) -> dict[str, list[str]]:
    """Each setting of a unit with its values."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as on a machine where what they run is there."""
    folder = tmp_path_factory.mktemp("units")
    for path in UNITS:
        text = re.sub(r"(?m)^(Exec\w+)=/opt/\S+", r"\1=/bin/true", path.read_text("utf-8"))
        (folder / path.name.replace("@.", "@desk.")).write_text(text, "utf-8")
    return folder


def test_systemd_has_nothing_to_say_of_the_units(units: Path, tool: Tool) -> None:
    done = tool("systemd-analyze", "verify", "--man=no", *sorted(units.iterdir()))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("service", [path.name for path in SERVICES])
def test_little_is_left_open(service: str, units: Path, tool: Tool) -> None:
    path = units / service.replace("@.", "@desk.")
    done = tool("systemd-analyze", "security", "--offline=true", "--threshold=13", path)
    assert done.returncode == 0, done.stdout
    (score,) = re.findall(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert float(score) <= 1.3


def test_the_list_of_addresses_on_the_page_lets_the_service_ask_itself(
    units: Path, tmp_path: Path, tool: Tool
) -> None:
    (listed,) = (block for block in read_blocks(PAGE) if block.language == "ini")
    (allowed,) = re.findall(r"^IPAddressAllow=(.*)$", listed.text, flags=re.MULTILINE)
    assert {"localhost", "10.0.0.11"} < set(allowed.split())  # and one of nginx.conf's machines
    assert "server 10.0.0.11:8000" in (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    path = tmp_path / "newstag.service"
    path.write_text((units / path.name).read_text("utf-8") + listed.text, "utf-8")
    done = tool("systemd-analyze", "verify", "--man=no", path)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    done = tool("systemd-analyze", "security", "--offline=true", path)
    assert "Service defines IP address allow list with non-localhost entries" in done.stdout


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_is_as_closed_as_the_first(path: Path) -> None:
    names = re.search(r"# Nobody else's files.*?(?=\nUMask)", SHARED, flags=re.DOTALL)
    assert names is not None
    assert names[0].count("\n") > 20
    assert names[0] in path.read_text("utf-8")
    assert settings(path)["User"] == ["newstag"]
    assert settings(path)["LimitCORE"] == ["0"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_newstag_knows_the_verbs_and_options_that_are_run(path: Path) -> None:
    (line,) = settings(path)["ExecStart"]
    program, *words = shlex.split(line)
    if Path(program).name != "newstag":
        return
    verbs = ["models", "follow"] if words[0] == "models" else words[:1]
    shown = CliRunner().invoke(cli, [*verbs, "--help"]).output
    assert all(word in shown for word in words if word.startswith("--"))


def test_the_service_only_reads_its_store() -> None:
    unit = settings(ROOT / "deploy" / "newstag.service")
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["ReadOnlyPaths"] == ["/var/lib/newstag"]
    assert not {"ReadWritePaths", "StateDirectory"} & set(unit)


def test_there_is_time_enough_to_end() -> None:
    unit = settings(ROOT / "deploy" / "newstag.service")
    longest = Settings().drain + Settings().deadline + 2
    assert int(unit["TimeoutStopSec"][0]) >= 2 * longest
    assert unit["KillSignal"] == ["SIGTERM"]
    assert unit["KillMode"] == ["mixed"]


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh", "newstag.sh"])
def test_the_linter_of_shell_scripts_has_nothing_to_say(script: str, tool: Tool) -> None:
    done = tool("shellcheck", "--external-sources", f"deploy/{script}")
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_scripts_that_are_run_are_there_and_can_be(path: Path) -> None:
    unit = settings(path)
    for line in [*unit["ExecStart"], *unit.get("ExecStartPost", [])]:
        for name in re.findall(r"/opt/newstag/current/deploy/(\S+)", line):
            assert (ROOT / "deploy" / name).exists()
        program = shlex.split(line)[0]
        if "/deploy/" in program:
            assert (ROOT / "deploy" / Path(program).name).stat().st_mode & 0o111


def test_where_it_stands_why_the_service_was_not_ready_is_told_wherever_its_last_line_is() -> None:
    unit = settings(ROOT / "deploy" / "newstag.service")
    assert "SyslogIdentifier" not in unit  # so what each program writes goes by its base name
    named = [Path(unit[name][0].split()[0]).name for name in ("ExecStart", "ExecStartPost")]
    lines = [
        line for line in PAGE.read_text("utf-8").splitlines() if f"-t {named[0]} -n 1`" in line
    ]
    why = f"where that line is `stopped`, `-t {named[1]}` in place of `-t {named[0]}` says why"
    assert [why in line for line in lines] == [True] * 3
