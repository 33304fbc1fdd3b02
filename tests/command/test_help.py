from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from subprocess import CompletedProcess

import click
import pytest

from newstag import cli

Newstag = Callable[..., CompletedProcess[str]]


def every_verb(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, verb in group.commands.items():
        if isinstance(verb, click.Group):
            yield from every_verb(verb, (*words, name))
        else:
            yield (*words, name)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def verb_named(words: tuple[str, ...]) -> click.Command:
    verb: click.Command = cli
    for word in words:
        assert isinstance(verb, click.Group)
        verb = verb.commands[word]
    return verb


VERBS = list(every_verb(cli))


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_has_help(newstag: Newstag, words: tuple[str, ...]) -> None:
    done = newstag(*words, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith(" ".join(("Usage: newstag", *words)) + " ")
    assert unwrapped(verb_named(words).help or "") in unwrapped(done.stdout)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_says_in_a_sentence_what_it_does(words: tuple[str, ...]) -> None:
    text = verb_named(words).help or ""
    assert text.split("\n")[0].endswith(".")


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_option_has_help(words: tuple[str, ...]) -> None:
    options = [one for one in verb_named(words).params if isinstance(one, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_verbs_are_those_of_the_plan() -> None:
    planned = {"train", "tag", "serve", "models list", "models show", "models promote"}
    planned |= {"models rollback", "models history", "ui"}
    planned |= {"labels check", "labels stats", "labels agreement"}
    planned |= {"keys add", "keys list", "keys revoke"}
    assert planned <= {" ".join(words) for words in VERBS}


def test_h_is_short_for_help(newstag: Newstag) -> None:
    assert newstag("tag", "-h").stdout == newstag("tag", "--help").stdout


def test_help_names_the_environment_variable_of_a_setting(newstag: Newstag) -> None:
    assert "[env var: NEWSTAG_STORE;" in unwrapped(newstag("--help").stdout)
    assert "[env var: NEWSTAG_MODEL;" in unwrapped(newstag("tag", "--help").stdout)


def test_the_version_is_that_of_the_distribution(newstag: Newstag) -> None:
    done = newstag("--version")
    assert (done.returncode, done.stdout) == (0, f"newstag, version {version('newstag')}\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "Error: No such command 'fly'."),
        (["models", "fly"], "Error: No such command 'fly'."),
        (["train", "--fly"], "Error: No such option '--fly'."),
        (["--fly"], "Error: No such option '--fly'."),
        (["tag"], "Error: Missing argument 'INPUTS...'."),
        (["models", "promote"], "Error: Missing argument 'REF'."),
        (
            ["train", "--segmenter", "scissors"],
            (
                "Error: Invalid value for '--segmenter' (env var: 'NEWSTAG_SEGMENTER'): 'scissors' "
                "is not one of 'rjieba', 'jieba'."
            ),
        ),
        (
            ["serve", "--port", "many"],
            (
                "Error: Invalid value for '--port' (env var: 'NEWSTAG_PORT'): 'many' is not a "
                "valid integer range."
            ),
        ),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_exit_code_2(
    newstag: Newstag, words: list[str], message: str
) -> None:
    done = newstag(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("Usage: newstag ")
    assert done.stderr.splitlines()[-1] == message
