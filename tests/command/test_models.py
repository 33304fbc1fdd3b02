from __future__ import annotations

import getpass
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Models = Callable[..., CompletedProcess[str]]

UNTRACKED = ("--no-starter", "--no-track", "--jobs", "1")
TYPES_ONLY = """
[groups.type]
kind = "exclusive"
[[groups.type.labels]]
id = "policy_notice"
[[groups.type.labels]]
id = "news"
[[groups.type.labels]]
id = "event"
[[groups.type.labels]]
id = "research_breakthrough"
"""


@pytest.fixture(scope="module")
def filled(
    newstag: Newstag, trained: Path, articles: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, str, str]:
    """A store with its champion, another version, and one of another scheme."""
    folder = tmp_path_factory.mktemp("filled")
    store = Path(shutil.copytree(trained, folder / "store"))
    scheme = folder / "types.toml"
    scheme.write_text(TYPES_ONLY, "utf-8")
    champion = (store / "champion").read_text().strip()
    saved = []
    for more in (["--seed", "1"], ["--scheme", str(scheme)]):
        done = newstag("train", *UNTRACKED, "--articles", articles, "--store", store, *more)
        saved.append(Path(done.stdout.splitlines()[-1].removeprefix("Saved ")).name)
    return store, champion, saved[0], saved[1]


@pytest.fixture
def champion(filled: tuple[Path, str, str, str]) -> str:
    return filled[1]


@pytest.fixture
def other(filled: tuple[Path, str, str, str]) -> str:
    """A version beside the champion."""
    return filled[2]


@pytest.fixture
def foreign(filled: tuple[Path, str, str, str]) -> str:
    """A version of another scheme."""
    return filled[3]


@pytest.fixture
def root(filled: tuple[Path, str, str, str], tmp_path: Path) -> Path:
    """The store with the three versions, to be changed at will."""
    return Path(shutil.copytree(filled[0], tmp_path / "store"))


@pytest.fixture
def models(newstag: Newstag, root: Path) -> Models:
    def run(*words: str | Path) -> CompletedProcess[str]:
        return newstag("models", *words, "--store", root)

    return run


def live(root: Path) -> str:
    return (root / "champion").read_text().strip()


def test_the_list_has_a_line_a_version_and_a_star_for_the_champion(
    models: Models, champion: str, other: str, foreign: str
) -> None:
    done = models("list")
    *lines, legend, registry = done.stdout.splitlines()
    assert registry == "registry sqlite:///mlflow.db: none yet"
    found = {line[2:27]: line for line in lines}
    assert list(found) == sorted([champion, other, foreign])
    assert legend == "* champion"
    assert [name for name, line in found.items() if line.startswith("* ")] == [champion]
    tail = r" {6}24 articles  macro-F1 type \d\.\d{3}, domains \d\.\d{3} on 24 given articles"
    assert re.fullmatch(rf"\* {champion}{tail}", found[champion])
    assert re.fullmatch(rf"  {other}{tail}", found[other])
    assert re.fullmatch(
        rf"  {foreign} {{6}}24 articles  macro-F1 type \d\.\d{{3}} on 24 given articles",
        found[foreign],
    )


def test_show_tells_what_a_version_was_made_of_and_how_good_it_is(
    models: Models, root: Path, champion: str
) -> None:
    manifest = json.loads((root / champion / "manifest.json").read_text("utf-8"))
    lines = models("show").stdout.splitlines()
    assert lines[:6] == [
        f"version     {champion}",
        f"directory   {root / champion}",
        f"created     {manifest['created']}",
        "trained on  24 articles, 24 given, 0 starter, 24 given, labelled by article row",
        f"scheme      {manifest['scheme_digest'][:16]}",
        f"corpus      {manifest['corpus_digest'][:16]}",
    ]
    assert lines[6].startswith("libraries   newstag ")
    assert "type (24 articles)" in lines
    assert "domains (24 articles)" in lines


def test_show_takes_a_version_a_prefix_or_a_directory(
    models: Models, root: Path, other: str
) -> None:
    for ref in (other, other[:-1], str(root / other)):
        assert models("show", ref).stdout.splitlines()[0] == f"version     {other}"


def test_an_unknown_version_names_those_there_are(
    models: Models, root: Path, champion: str, other: str, foreign: str
) -> None:
    done = models("show", "1999")
    versions = ", ".join(sorted([champion, other, foreign]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{root}: no version '1999'. Use one of: {versions}.\n"


def test_a_prefix_of_several_versions_is_refused(
    models: Models, root: Path, champion: str, other: str, foreign: str
) -> None:
    versions = ", ".join(sorted([champion, other, foreign]))
    assert models("show", "2").stderr == (
        f"{root}: 3 versions begin with '2'. Use one of: {versions}.\n"
    )


def test_promoting_changes_the_champion(
    models: Models, root: Path, champion: str, other: str
) -> None:
    done = models("promote", other)
    assert (done.returncode, done.stderr) == (0, "")
    line = rf"{other} is champion, after {champion} \(not shown different: \d+ of 24 .*\)\n"
    assert re.fullmatch(line, done.stdout)
    assert live(root) == other


def test_the_champion_cannot_be_promoted_again(models: Models, champion: str) -> None:
    done = models("promote", champion)
    assert done.returncode == 1
    assert done.stderr == f"{champion}: champion already. Nothing is to be done.\n"


def test_force_needs_a_reason(models: Models, root: Path, champion: str, foreign: str) -> None:
    done = models("promote", foreign, "--force")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: --force needs --why: the ledger keeps the reason."
    )
    assert live(root) == champion


def test_another_scheme_needs_force(
    models: Models, root: Path, champion: str, foreign: str
) -> None:
    done = models("promote", foreign)
    assert done.returncode == 1
    assert done.stderr == (
        f"{foreign}: another scheme than the champion {champion}: clients will see other labels. "
        "Promote it with --force and --why if they are ready.\n"
    )
    assert live(root) == champion


def test_force_and_a_reason_promote_another_scheme(
    models: Models, root: Path, champion: str, foreign: str
) -> None:
    done = models("promote", foreign, "--force", "--why", "clients are ready")
    line = f"{foreign} is champion, after {champion} (not compared: another scheme)\n"
    assert done.stdout == line
    assert live(root) == foreign


def test_a_damaged_version_is_not_promoted(
    models: Models, root: Path, champion: str, other: str
) -> None:
    (root / other / "notes.txt").write_text("mine")
    done = models("promote", other)
    assert done.returncode == 1
    assert done.stderr == (
        f"{root / other / 'notes.txt'}: an extra file, not in SHA256SUMS. Remove it.\n"
    )
    assert live(root) == champion


def test_rolling_back_returns_to_the_champion_before(
    models: Models, root: Path, champion: str, other: str
) -> None:
    models("promote", other)
    done = models("rollback", "--why", "too eager")
    assert done.stdout == f"{champion} is champion again, after {other}\n"
    assert live(root) == champion


def test_the_first_champion_has_none_before_it(models: Models, root: Path) -> None:
    done = models("rollback")
    assert done.returncode == 1
    assert done.stderr == (
        f"{root}: no champion before this one. Use: newstag models promote REF.\n"
    )


def test_the_history_tells_who_did_what_and_why(models: Models, champion: str, other: str) -> None:
    told = models("promote", other, "--why", "better on events").stdout
    verdict = told.partition("(")[2].rpartition(")")[0]
    models("rollback")
    lines = [line.split("  ", 1) for line in models("history").stdout.splitlines()]
    user = getpass.getuser()
    assert [rest for _, rest in lines] == [
        f"{user}  first  none -> {champion}: first version",
        f"{user}  promote  {champion} -> {other}: better on events ({verdict})",
        f"{user}  rollback  {other} -> {champion}",
    ]
    assert verdict.startswith("not shown different: ")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", time) for time, _ in lines)


def test_an_empty_store_has_no_history(newstag: Newstag) -> None:
    done = newstag("models", "history")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "models/store: no model version yet. Run: newstag train.\n"


def test_tagging_follows_the_champion(
    newstag: Newstag, models: Models, root: Path, articles: Path, other: str
) -> None:
    models("promote", other)
    lines = newstag("tag", articles, "--store", root, "--quiet").stdout.splitlines()
    assert {json.loads(line)["model"] for line in lines} == {other}
