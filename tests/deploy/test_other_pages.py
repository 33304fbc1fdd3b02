"""What the page has beside backups, by its very commands: other machines, MLflow's, an upgrade."""

from __future__ import annotations

import importlib.util
import shutil
import stat
from pathlib import Path

import pytest

from models.store import Store
from serving.keys import KeyFile
from tests.deploy.conftest import ROOT
from tests.deploy.page import PAGE, STUBS, Shell, blocks


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.puts(**STUBS)
    return shell


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def of_mlflow(*parts: str) -> str:
    """The text of one of MLflow's files, as to import it takes seconds."""
    found = importlib.util.find_spec("mlflow")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent.joinpath(*parts).read_text("utf-8")


def test_keys_come_to_a_machine_that_is_new(tmp_path: Path, shell: Shell) -> None:
    state = tmp_path / "state"
    state.mkdir()
    KeyFile(tmp_path / "keys.json").add("cms", ["predict"])
    keys, _following = blocks("Several machines", {"/var/lib/newstag": state})
    done = shell.run(keys)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("-o newstag -g newstag") == 2
    assert (mode(state / "store"), mode(state / "store" / "keys.json")) == (0o755, 0o600)
    assert [path.name for path in (state / "store").iterdir()] == ["keys.json"]
    (key,) = KeyFile(state / "store" / "keys.json").keys()
    assert key.name == "cms"
    assert Store(state / "store").versions() == []


def test_what_a_roll_back_does_to_other_machines_is_told() -> None:
    """tests/training/test_syncing.py has what it does."""
    text = PAGE.read_text("utf-8")
    assert "holds there alone" not in text
    assert "it moves the champion of the registry, and the others follow" in text


@pytest.mark.parametrize("mask", ["022", "077"])
def test_who_reads_the_secrets_of_the_server_is_not_left_to_a_mask(
    mask: str, tmp_path: Path, shell: Shell
) -> None:
    shell.puts(nginx="", openssl="echo digest")
    here = {name: tmp_path / name.rpartition("/")[2] for name in ("/etc/newstag", "/etc/nginx")}
    for folder in [*here.values(), tmp_path / "nginx" / "conf.d"]:
        folder.mkdir(exist_ok=True)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (making,) = blocks("An MLflow server", here)
    done = shell.run(f"umask {mask}\n{making}")
    assert (done.returncode, done.stderr) == (0, "")
    settings, users = tmp_path / "newstag" / "mlflow.env", tmp_path / "nginx" / "mlflow.users"
    assert settings.read_text().startswith("MLFLOW_NAMES=mlflow.example.org,")
    assert users.read_text() == "ann:digest\n"
    assert (mode(settings), mode(users)) == (0o600, 0o640)
    assert f"install -m 0640 -g www-data /dev/null {users}\n" in done.stdout


def test_no_command_line_has_the_address_of_the_database() -> None:
    unit = (ROOT / "deploy" / "newstag-mlflow.service").read_text("utf-8")
    (line,) = (line for line in unit.replace("\\\n", "").splitlines() if line[:10] == "ExecStart=")
    assert "store-uri" not in line
    assert "DATABASE" not in line
    assert "\nEnvironment=MLFLOW_BACKEND_STORE_URI=sqlite:////var/lib/newstag/mlflow.db\n" in unit
    assert "`MLFLOW_BACKEND_STORE_URI=postgresql://…`" in PAGE.read_text("utf-8")
    server = of_mlflow("cli", "__init__.py").partition('short_help="Run the MLflow tracking server')
    assert 'envvar="MLFLOW_BACKEND_STORE_URI"' in server[2].partition("\ndef server(")[0]


def test_the_database_is_moved_on_while_no_server_has_it_and_by_the_new_release(
    tmp_path: Path, shell: Shell
) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    releases = tmp_path / "releases"
    asked = 'mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"'
    for name in ("newstag", "mlflow"):
        asked += f'; ln -s "$(command -v {name})" "$UV_PROJECT_ENVIRONMENT/bin/{name}"'
    shell.puts(uv=asked, newstag="", mlflow='echo "$0 $*"')
    here = {
        "/opt/newstag": releases,
        "/etc/systemd/system": tmp_path / "units",
        "/usr/local/bin": tmp_path,
    }
    (tmp_path / "units").mkdir()
    done = shell.run("".join(blocks("Upgrade newstag, and go back", here)))
    assert (done.returncode, done.stderr) == (0, "")
    said = [line for line in done.stdout.splitlines() if not line.startswith("install ")]
    assert said == [
        "systemctl stop newstag-mlflow",
        f"{releases}/0.2.0/bin/mlflow db upgrade sqlite:////var/lib/newstag/mlflow.db",
        "systemctl daemon-reload",
        "systemctl try-restart newstag newstag-inbox@*",
        "systemctl is-enabled --quiet newstag-mlflow",
        "systemctl restart newstag-mlflow",
    ]
    assert (releases / "current").readlink() == Path("0.2.0")
    assert "def upgrade(url):" in of_mlflow("db.py")
