"""What documents and help say of variables and of starter articles is what the command does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from labels.joining import Given
from labels.scheme import shipped_scheme
from newstag import _evaluated_corpus, cli

ROOT = Path(__file__).parents[2]
WITHOUT = {
    "README.md": r"\(`--store` as `NEWSTAG_STORE`\), but for (.+?), which",
    "README.zh-CN.md": r"（如 `--store` 对应 `NEWSTAG_STORE`），只有(.+?)除外",
}


class ReadError(Exception):
    """A corpus would be read now."""

    def __init__(self, given: Given) -> None:
        super().__init__()
        self.given = given


@pytest.fixture(autouse=True)
def _reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(given: Given, *_: object) -> None:
        raise ReadError(given)

    monkeypatch.setattr("labels.joining.read_corpus", stop)
    for name in ("NEWSTAG_STARTER", "NEWSTAG_SCHEME"):
        monkeypatch.delenv(name, raising=False)


def verbs(group: click.Group = cli, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def default_of_starter(verb: str) -> object:
    found = [one for one in dict(verbs())[verb].params if one.name == "starter"]
    assert isinstance(found[0], click.Option)
    return found[0].show_default


@pytest.mark.parametrize("page", WITHOUT)
def test_the_options_without_a_variable_are_those_that_are_named(page: str) -> None:
    of_cli = {one.name for one in cli.params}  # which have one, before the verb
    without = {
        option.opts[0]
        for _, command in verbs()
        for option in command.params
        if isinstance(option, click.Option) and not (option.is_flag or option.multiple)
        if not option.envvar and option.name not in of_cli
    }
    named = re.findall(WITHOUT[page], (ROOT / page).read_text("utf-8"))
    assert [set(re.findall("`(.+?)`", one)) for one in named] == [without]


def test_every_verb_that_can_join_starter_articles_is_known() -> None:
    having = {verb for verb, command in verbs() if any(p.name == "starter" for p in command.params)}
    assert having == {"train", "evaluate", "labels check", "labels stats"}


@pytest.mark.parametrize("verb", ["train", "labels check", "labels stats"])
def test_starter_articles_join_our_scheme_as_help_says(verb: str) -> None:
    joined = []
    for scheme in ([], ["--scheme", str(ROOT / "labels" / "scheme.toml")]):
        with pytest.raises(ReadError) as read:
            cli.main([*verb.split(), *scheme], standalone_mode=False)
        joined.append(read.value.given.starter)
    assert joined == [True, False]
    assert default_of_starter(verb) == "joined with our scheme, left out with another"


def test_starter_articles_do_not_join_what_is_evaluated_as_help_says() -> None:
    given: dict[str, Any] = {"articles": (), "labels": (), "scheme": None, "starter": None}
    with pytest.raises(ReadError) as read:
        _evaluated_corpus({**given, "strict": False}, shipped_scheme(), None, quiet=True)
    assert not read.value.given.starter
    assert default_of_starter("evaluate") == "left out"
