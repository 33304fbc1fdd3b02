"""The commands of newstag that a document shows, and what is wrong with them; none is executed."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from unittest.mock import patch

import click

from newstag import cli

_FENCE = re.compile(
    r"^( *)(`{3,}|~{3,}) *(bash|console)\b.*?\n(.*?)^ *\2 *$", re.DOTALL | re.MULTILINE
)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n.*?^\s*\2$", re.DOTALL | re.MULTILINE)
_BETWEEN = {"|", "||", "&&", ";", ";;", "&", "(", ")", "|&", "\n"}
_BEFORE = {"!", "{", "do", "then", "else", "elif", "if", "while", "until", "time", "exec", "nohup"}
_SET = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SUBSTITUTION = re.compile(r"(?P<alone>(?<=\s)(?=\$\([^()]*\)(?:\s|$)))?\$\((?P<inner>[^()]*)\)")
_DURATION = re.compile(r"\d+(\.\d+)?[smhd]?")
_REDIRECTED = re.compile(r"\d*[<>]+&?\d*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """The words behind ``newstag`` in a line of a document."""

    line: int
    words: tuple[str, ...]


def commands_in(text: str) -> Iterator[Command]:
    """Every command of newstag in the ``bash`` and ``console`` blocks of a document."""
    for block in _FENCE.finditer(text):
        first = text.count("\n", 0, block.start(4)) + 1
        typed = block[4] if block[3] == "bash" else _typed(block[4])
        for line, words in _simple_commands(typed):
            name, *rest = [word for word in words if word] or [""]
            if re.fullmatch(r"(\S*/)?newstag", name):
                yield Command(line=first + line, words=tuple(rest))


def _typed(session: str) -> str:
    """The lines behind a prompt, those that go on included; the others are left blank."""
    found, goes_on = [], False
    for line in session.split("\n"):
        typed = line[2:] if line.startswith("$ ") else line if goes_on else ""
        goes_on = typed.endswith("\\")
        found.append(typed)
    return "\n".join(found)


def _simple_commands(script: str) -> Iterator[tuple[int, list[str]]]:
    """Line and words of each command of a script, without settings before it and redirections.

    Raises:
        ValueError: a quote without its end.
    """
    # What is fed to a command is no command; lines that go on are one. Lines keep their numbers.
    shell = _HEREDOC.sub(lambda found: "<<" + found[2] + "\n" * found[0].count("\n"), script)
    number = 0
    for line in _whole_lines(shell):
        alone, inner = _without_substitutions(line)
        command: list[str] = []
        for token in [*_tokens(alone), "\n"]:
            if token in _BETWEEN:
                yield from ((number, words) for words in _stripped(command))
                command = []
            else:
                command.append(token)
        for inside in inner:
            yield from ((number, words) for _, words in _simple_commands(inside))
        number += line.count("\n") + 1


def _without_substitutions(line: str) -> tuple[str, list[str]]:
    """The line without its ``$(…)``, and what stands in them.

    Nobody knows what one gives: within a word it is x, by itself it may be no word at all.
    """
    inner: list[str] = []

    def taken(found: re.Match[str]) -> str:
        inner.append(found["inner"])
        return "x" if found["alone"] is None else ""

    return _SUBSTITUTION.sub(taken, line), inner


def _whole_lines(script: str) -> Iterator[str]:
    """Lines, several where one goes on in the next: behind a backslash or within quotes."""
    held = ""
    for line in script.split("\n"):
        held = f"{held}\n{line}" if held else line
        if held.endswith("\\"):
            continue
        try:
            _tokens(held)
        except ValueError:
            continue
        yield held
        held = ""
    if held:
        raise ValueError(held)


def _tokens(line: str) -> list[str]:
    found = shlex.shlex(line.replace("\\\n", "  "), posix=True, punctuation_chars="();<>|&")
    found.whitespace_split = True
    found.commenters = "#"
    return list(found)


def _stripped(words: list[str]) -> Iterator[list[str]]:
    """Without what stands before a command's name, and without its redirections."""
    rest = list(words)
    while rest and (rest[0] in _BEFORE or _SET.fullmatch(rest[0]) or rest[0] == "$"):
        rest.pop(0)
    if rest[:1] == ["timeout"]:
        rest = rest[next(at for at, word in enumerate(rest) if _DURATION.fullmatch(word)) + 1 :]
    if rest[:1] == ["env"]:
        rest = [word for word in rest[1:] if not (word.startswith("-") or _SET.fullmatch(word))]
    kept: list[str] = []
    for word in rest:
        if kept and _REDIRECTED.fullmatch(word):
            break
        kept.append(word)
    if kept:
        yield kept


def fault(words: tuple[str, ...]) -> str | None:
    """What is wrong with a command; None where it would run. It is parsed and not run."""
    ours = [name for name in os.environ if name.startswith("NEWSTAG_")]
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        for name in ours:
            del os.environ[name]
        for verb in _verbs(cli):
            stack.enter_context(patch.object(verb, "callback", None))
        try:
            cli.main(list(words), "newstag", standalone_mode=False)
        except click.ClickException as error:
            return error.format_message()
    return None


def _verbs(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from _verbs(command)
        else:
            yield command
