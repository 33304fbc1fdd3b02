"""The language of a page: which one a reader gets, and what is said in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from labels.scheme import Group, Label

Code = Literal["zh", "en"]

_TEXTS = Path(__file__).with_name("texts")
_TAGS = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, kw_only=True)
class Language:
    """``texts`` are patterns by their keys; ``chosen`` says that the reader asked for it."""

    code: Code
    texts: Mapping[str, str]
    chosen: bool = False

    @property
    def tag(self) -> str:
        """As HTML's ``lang`` has it."""
        return _TAGS[self.code]

    @property
    def other(self) -> Code:
        return "en" if self.code == "zh" else "zh"

    @property
    def other_tag(self) -> str:
        return _TAGS[self.other]

    def say(self, key: str, **values: object) -> str:
        """A text with its blanks filled in."""
        return self.texts[key].format(**values)

    def name(self, one: Group | Label) -> str:
        """What people call a group or a label."""
        return one.zh if self.code == "zh" else one.en

    def listed(self, names: Sequence[str]) -> str:
        """Names with commas between them, and what stands before the last."""
        *first, last = names
        return self.say("comma").join(first) + self.say("last") + last if first else last

    def link(self, path: str, **query: str) -> str:
        """A path of ours, which keeps a language that was asked for."""
        asked = {**query, **({"lang": self.code} if self.chosen else {})}
        pairs = "&".join(f"{key}={value}" for key, value in asked.items())
        return f"{path}?{pairs}" if pairs else path


def choose(asked: str | None, accepted: str) -> Language:
    """The language that was asked for, else the first of ours that the browser accepts.

    ``accepted`` is an Accept-Language header (RFC 9110, 12.5.4). Who accepts neither gets
    English.
    """
    for code in get_args(Code):
        if asked == code:
            return _language(code, chosen=True)
    ranges = sorted(_ranges(accepted), key=lambda one: -one[1])
    for tag, quality in ranges:
        for code in get_args(Code):
            if quality > 0 and tag.partition("-")[0] == code:
                return _language(code, chosen=False)
    return _language("en", chosen=False)


def _ranges(accepted: str) -> list[tuple[str, float]]:
    """Language tags in lower case, each with its quality; a bad quality is 0."""
    found = []
    for part in accepted.split(",")[:50]:
        tag, _, weight = part.strip().lower().partition(";")
        given = weight.strip().removeprefix("q=") or "1"
        number = given.replace(".", "", 1)
        found.append((tag.strip(), float(given) if number.isascii() and number.isdigit() else 0.0))
    return found


@cache
def _language(code: Code, *, chosen: bool) -> Language:
    texts = tomllib.loads((_TEXTS / f"{code}.toml").read_text("utf-8"))
    return Language(code=code, texts=texts, chosen=chosen)
