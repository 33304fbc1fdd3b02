"""The page of the command line, from its own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import click

from docs.reference.markdown import block, code, link, paragraphs, prose, table

_HEAD = """
# The command line

What `newstag --help` and the help of every verb say, on one page. It is made from the code:
`python -m docs.reference.make` writes it, and a test fails where it does not fit.
"""
_EXITS = [
    ("0", "done"),
    ("1", "the input or the state is wrong: a line on stderr says where, what and how to fix it"),
    ("2", "usage: options that there are not, or that do not go together"),
    ("130", "ended by Ctrl-C"),
    ("143", "ended by SIGTERM, where a verb does not end well with it"),
]
# What a verb's exit codes mean beside that.
_OWN_EXITS = {
    "train": (
        "1 also where the version was saved, but could not be recorded in MLflow: stdout has "
        "`Saved …` then, and `newstag models sync` records it later."
    ),
    "compare": "0 whatever the verdict.",
    "tag": (
        "0 also where articles were rejected, as long as some could be tagged; their number is on "
        "stderr. 1 where none could, or with `--strict` one could not. With `--watch` SIGTERM and "
        "Ctrl-C are the way to end it: 0."
    ),
    "serve": "0 after SIGTERM or Ctrl-C, which are the way to end it.",
    "models promote": "1 where the gate refuses the version.",
    "models follow": (
        "0 after SIGTERM or Ctrl-C, which are the way to end it. With `--once` 0 or 1: whether "
        "the look went well."
    ),
}
_GLOBAL = "Global options"


def command_page(cli: click.Group) -> str:
    """The whole page, as Markdown."""
    # A command keeps the option for help that it is first asked for: it has to be the right one.
    root = click.Context(cli, info_name="newstag", **cli.context_settings)
    return "\n".join([*paragraphs(_HEAD), *_overview(root), *_rules(root), *_verbs(root)])


def _overview(root: click.Context) -> Iterator[str]:
    rows = [
        (link(context.command_path, code(context.command_path)), _first_paragraph(context.command))
        for context in _leaves(root)
    ]
    yield from table(["verb", "does"], rows)


def _rules(root: click.Context) -> Iterator[str]:
    yield from (f"## {_GLOBAL}", "")
    yield from ("They stand before the verb or, of verbs that use them, behind it.", "")
    yield from _options(root, inherited=False)
    yield from ("## Environment", "")
    yield (
        "Where a table below names a variable, the option can come from the environment as well. "
        "What stands on the command line counts first, then the environment, then the default. "
        "What is for one run (`--resume`, `--force`, `--why`, `--at`) and what can be given "
        "several times has no variable."
    )
    yield from ("", "## Exit codes", "")
    yield from table(["code", "means"], _EXITS)
    yield from ("Where a verb has more to say, its section does. A traceback is a bug.", "")


def _verbs(context: click.Context) -> Iterator[str]:
    for inner in _inside(context):
        level = "##" if inner.parent and inner.parent.parent is None else "###"
        yield from (f"{level} {inner.command_path}", "")
        if isinstance(inner.command, click.Group):
            yield from (prose(inner.command.help or ""), "")
            yield from _verbs(inner)
        else:
            yield from _verb(inner)


def _verb(context: click.Context) -> Iterator[str]:
    for paragraph in (context.command.help or "").split("\n\n"):
        yield from (prose(paragraph), "")
    pieces = context.command.collect_usage_pieces(context)
    yield from block("text", " ".join([context.command_path, *pieces]))
    yield from table(["argument", ""], _arguments(context))
    yield from _options(context, inherited=True)
    name = context.command_path.removeprefix("newstag ")
    if name in _OWN_EXITS:
        yield from (f"**Exit codes.** {_OWN_EXITS[name]}", "")


def _arguments(context: click.Context) -> Iterator[tuple[str, str]]:
    for one in context.command.params:
        if isinstance(one, click.Argument):
            many = "one or more" if one.required else "any number, none too"
            need = "needed" if one.required else f"default {code(str(one.default))}"
            yield code(one.human_readable_name), many if one.nargs == -1 else need


def _options(context: click.Context, *, inherited: bool) -> Iterator[str]:
    """The options as a table; those of every verb, which ``newstag`` has too, in one line."""
    own = [one for one in context.command.params if isinstance(one, click.Option)]
    root = {one.name for one in context.find_root().command.params}
    shared = [one for one in own if inherited and one.name in root]
    rows = [_option(context, one) for one in own if one not in shared]
    yield from table(["option", "value", "default", "environment", ""], rows)
    if shared:
        names = " and ".join(code(one.opts[0]) for one in shared)
        yield from (f"Also {names}: see {link(_GLOBAL, _GLOBAL.lower())}.", "")


def _option(context: click.Context, option: click.Option) -> tuple[str, str, str, str, str]:
    extra = option.get_help_extra(context)
    names = [code(name) for name in (*option.opts, *option.secondary_opts)]
    default = code(extra.get("default", ""))
    if isinstance(option.show_default, str):  # words instead of a value
        default = option.show_default
    if option.is_flag and not option.secondary_opts:
        default = "off"
    if option.required:
        default = "needed"
    environment = ", ".join(map(code, extra.get("envvars", ())))
    return ", ".join(names), _value(option), default, environment, prose(option.help or "")


def _value(option: click.Option) -> str:
    """What the option takes, in words."""
    kind: Any = option.type
    if option.is_flag:
        return ""
    if option.metavar:
        return code(option.metavar)
    if isinstance(kind, click.Choice):
        return " or ".join(code(str(choice)) for choice in kind.choices)
    if isinstance(kind, click.IntRange):
        return f"whole number{_range(kind)}"
    return f"number{_range(kind)}" if isinstance(kind, click.FloatRange) else "text"


def _range(kind: click.IntRange | click.FloatRange) -> str:
    if kind.max is None:
        return f", {kind.min:,} or more"
    if kind.min_open and kind.max_open:
        return f" above {kind.min:,} and below {kind.max:,}"
    return f", {kind.min:,} to {kind.max:,}"


def _inside(context: click.Context) -> Iterator[click.Context]:
    """The commands of a group, in the order of their making."""
    group = cast("click.Group", context.command)
    for name, command in group.commands.items():
        yield click.Context(command, info_name=name, parent=context)


def _leaves(context: click.Context) -> Iterator[click.Context]:
    for inner in _inside(context):
        if isinstance(inner.command, click.Group):
            yield from _leaves(inner)
        else:
            yield inner


def _first_paragraph(command: click.Command) -> str:
    return prose((command.help or "").split("\n\n")[0])
