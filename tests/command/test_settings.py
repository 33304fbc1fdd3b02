from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from newstag import cli

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]

EMPTY = "models/store: no model version yet. Run: newstag train.\n"


@pytest.mark.parametrize(
    "words",
    [["tag", "a.jsonl"], ["serve"], ["models", "list"], ["models", "show"]],
    ids=" ".join,
)
def test_an_empty_store_says_how_to_begin(newstag: Newstag, words: list[str]) -> None:
    done = newstag(*words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", EMPTY)


def test_asking_an_empty_store_leaves_nothing_behind(newstag: Newstag, tmp_path: Path) -> None:
    newstag("models", "list")
    newstag("tag", "a.jsonl", "-o", "b.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_store_before_the_verb_is_used(newstag: Newstag, trained: Path) -> None:
    assert newstag("--store", trained, "models", "list").returncode == 0


def test_a_store_behind_the_verb_is_used(newstag: Newstag, trained: Path) -> None:
    assert newstag("models", "list", "--store", trained).returncode == 0


def test_the_store_behind_the_verb_beats_the_one_before_it(newstag: Newstag, trained: Path) -> None:
    done = newstag("--store", trained, "models", "list", "--store", "other")
    assert done.stderr == "other: no model version yet. Run: newstag train.\n"


def test_the_environment_names_the_store(
    newstag: Newstag, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSTAG_STORE", str(trained))
    assert newstag("models", "list").returncode == 0


@pytest.mark.parametrize("behind", [True, False])
def test_a_flag_beats_the_environment(
    newstag: Newstag, trained: Path, monkeypatch: pytest.MonkeyPatch, behind: bool
) -> None:
    monkeypatch.setenv("NEWSTAG_STORE", "elsewhere")
    verb, flag = ["models", "list"], ["--store", str(trained)]
    done = newstag(*verb, *flag) if behind else newstag(*flag, *verb)
    assert done.returncode == 0


def test_the_environment_names_the_model(
    newstag: Newstag, trained: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSTAG_MODEL", "1999")
    champion = (trained / "champion").read_text().strip()
    done = newstag("tag", articles, "--store", trained)
    assert done.stderr == f"{trained}: no version '1999'. Use one of: {champion}.\n"
    assert newstag("tag", articles, "--store", trained, "--model", champion).returncode == 0


def test_a_flag_of_one_run_has_no_variable(
    newstag: Newstag, trained: Path, articles: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    monkeypatch.setenv("NEWSTAG_OVERWRITE", "1")
    output = write("out.jsonl", "mine\n")
    done = newstag("tag", articles, "-o", output, "--store", trained)
    assert done.stderr == "out.jsonl: exists already. Give --overwrite, or another -o.\n"
    assert Path(output).read_text() == "mine\n"


@pytest.mark.parametrize("name", ["train", "tag", "serve", "ui"])
def test_every_single_valued_setting_has_a_variable_named_after_it(name: str) -> None:
    inherited = {"store", "tracking_uri"}  # whose variables belong to the command itself
    for option in cli.commands[name].params:
        if not isinstance(option, click.Option) or option.multiple or option.name in inherited:
            continue
        if option.is_flag and not option.secondary_opts:
            continue
        assert option.envvar == f"NEWSTAG_{str(option.name).upper()}"
