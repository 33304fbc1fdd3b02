"""Going back from a restore that was stopped, by the very commands of the page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.deploy.backing import a_backup, contents, small
from tests.deploy.page import PAGE, STUBS, Shell, on_backups

NOTHING = "nothing was moved away, so there is nothing to put back"
WELL = "of a restore that went well, so nothing is put back from there"
BACK = "all that was moved away is back\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.puts(**STUBS, newstag="")
    return shell


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """One of a state that has had losses since, and has what a kill left."""
    state = small(tmp_path / "state")
    backup = a_backup(state)
    shutil.rmtree(state / "mlruns")
    (state / "store" / "keys.json").write_text("other keys")
    (state / "mlflow.db").write_text("not a database any more")
    (state / "mlflow.db-journal").write_text("what a kill left")
    return backup


@pytest.fixture
def state(backup: Path) -> Path:
    return backup.parents[1] / "state"


def kept(state: Path) -> dict[str, bytes]:
    """What is there but for what was put aside."""
    aside = ("lost-", "restored-")
    return {name: data for name, data in contents(state).items() if not name.startswith(aside)}


def of_a_restore(backup: Path) -> dict[str, bytes]:
    """What is there after a restore."""
    files = contents(backup)
    del files["SHA256SUMS"]
    return files


@pytest.mark.parametrize("why", ["damaged", "damaged, after another one", "a new shell"])
def test_where_nothing_was_moved_there_is_nothing_to_put_back(
    why: str, backup: Path, state: Path, shell: Shell
) -> None:
    _, checking, restoring, going_back, _ = on_backups(state, backup.parent)
    (backup / "store" / "keys.json").write_text("damaged")
    earlier = state / "lost-earlier"
    (earlier / "store").mkdir(parents=True)
    for path in (earlier / "all", earlier / "store" / "champion"):
        path.touch()
    before = contents(state)
    begun = {"damaged": checking + restoring, "a new shell": ""}
    done = shell.paste(begun.get(why, f"lost={earlier}\n{checking}{restoring}") + going_back)
    assert done.stderr.endswith(f"lost: {NOTHING}\n")
    assert BACK not in done.stdout
    assert contents(state) == before
    assert [*state.glob("lost-*"), *state.glob("restored-*")] == [earlier]


# Before the stand-in does its work, or in its place.
STOPS = {
    "moving away": ("mv", 'case $2 in */lost-*) /usr/bin/mv "$1" "$2" "$3"; exit 1 ;; esac'),
    "before the restore": ("runuser", "case $* in *--check*) ;; *) exit 1 ;; esac"),
    "within the restore": ("mv", "case $* in */.restoring-*/store*) exit 1 ;; esac"),
    "after the restore": ("newstag", "exit 1"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_after_a_stop_all_is_as_before_and_nothing_is_removed(
    stop: str, backup: Path, state: Path, shell: Shell
) -> None:
    _, checking, restoring, going_back, _ = on_backups(state, backup.parent)
    program, text = STOPS[stop]
    shell.puts(**{program: f"{text}\n{STUBS.get(program, '')}"})
    before = kept(state)
    done = shell.paste(checking + restoring + "echo stopped\n" + going_back)
    stopped, back = done.stdout.split("stopped\n")
    assert (BACK in stopped, back.count(BACK)) == (False, 1)
    assert "systemctl restart newstag\n" not in done.stdout
    assert kept(state) == before
    (lost,) = state.glob("lost-*")
    assert list(lost.iterdir()) == []
    restored = [contents(path) for path in state.glob("restored-*")]
    whole = {**contents(backup), "all": b""}
    parts = {
        "moving away": [],
        "before the restore": ["all"],
        "within the restore": ["all", "mlflow.db", "mlruns", "mlartifacts"],
        "after the restore": ["all", "mlflow.db", "mlruns", "mlartifacts", "store"],
    }
    held = {name: whole[name] for name in whole if name.split("/")[0] in parts[stop]}
    assert restored == ([held] if held else [])


def test_going_back_in_a_new_shell_or_twice_is_as_good_as_at_once(
    backup: Path, state: Path, shell: Shell
) -> None:
    _, checking, restoring, going_back, _ = on_backups(state, backup.parent)
    before = kept(state)
    shell.puts(newstag="exit 1")
    shell.paste(checking + restoring)
    assert kept(state) != before
    (lost,) = state.glob("lost-*")
    done = shell.paste(f"lost={lost}\n{going_back}{going_back}")
    assert done.stdout.count(BACK) == 2
    assert kept(state) == before


@pytest.mark.parametrize("another", [False, True])
def test_nothing_is_put_back_from_a_restore_that_went_well(
    another: bool, backup: Path, state: Path, shell: Shell
) -> None:
    _, checking, restoring, going_back, _ = on_backups(state, backup.parent)
    assert "systemctl restart newstag\n" in shell.paste(checking + restoring).stdout
    (lost,) = state.glob("lost-*")
    if another:  # that stopped before it moved anything
        shell.puts(chown="exit 1")
        assert "systemctl stop" not in shell.paste(checking + restoring).stdout
    done = shell.paste(f"lost={lost}\n{going_back}")
    assert done.stderr == f"{lost}: {WELL}\n"
    assert done.stdout.endswith("systemctl start newstag-backup.timer\n")
    assert "systemctl stop" not in done.stdout
    assert kept(state) == of_a_restore(backup)
    assert [*state.glob("lost-*"), *state.glob("restored-*")] == [lost]


def test_a_restore_after_which_the_service_does_not_start_is_gone_back_from(
    backup: Path, state: Path, shell: Shell
) -> None:
    _, checking, restoring, going_back, _ = on_backups(state, backup.parent)
    before = kept(state)
    shell.puts(systemctl=f'{STUBS["systemctl"]}\n[ "$1" != restart ]')
    done = shell.paste(checking + restoring + going_back)
    assert "systemctl restart newstag\n" in done.stdout
    assert BACK in done.stdout
    assert kept(state) == before


def test_what_a_restore_stops_is_stopped_before_anything_is_put_back(
    backup: Path, state: Path, shell: Shell
) -> None:
    _, _, restoring, going_back, _ = on_backups(state, backup.parent)
    stops = [line.replace("'", "") for line in re.findall("systemctl stop .*(?= &&)", restoring)]
    assert len(stops) == 2
    lost = state / "lost-some"
    lost.mkdir()
    (lost / "all").touch()
    shell.puts(mv=f'echo "mv $*"\n{STUBS["mv"]}')
    done = shell.paste(f"lost={lost}\n{going_back}").stdout.splitlines()
    assert [line for line in done if line.startswith("systemctl stop ")] == stops
    first = next(at for at, line in enumerate(done) if line.startswith("mv "))
    assert done[first - len(stops) : first] == stops


def test_nothing_is_put_back_over_what_is_there(backup: Path, state: Path, shell: Shell) -> None:
    going_back = on_backups(state, backup.parent)[3]
    lost = state / "lost-some"
    (lost / "store").mkdir(parents=True)
    (lost / "store" / "keys.json").write_text("lost")
    (lost / "mlflow.db").write_text("lost")
    before = contents(state)
    done = shell.paste(f"lost={lost}\n{going_back}")
    assert BACK not in done.stdout
    assert contents(state) == before


def test_the_page_says_what_it_means_that_nothing_was_moved() -> None:
    text = PAGE.read_text("utf-8")
    assert text.count(NOTHING) == 1
    assert "Where it says `nothing was moved away`" in text
    assert "An older one is of another restore; where there is none of this one" in text
